import { CryptoError } from '@countersign/crypto/crypto-error'
import type { Secret } from '@countersign/crypto/secret'
import { parseCompartmentContent } from '@countersign/ledger/compartment-content'
import { parsePlain } from '@countersign/ledger/plain-content'
import type { RequestRecord } from '@countersign/ledger/state'
import { CanonicalError } from '@countersign/schema/canonical'
import { compartmentStream, LEDGER } from '@countersign/schema/ids'
import type { ItemMeta, ItemPut, ItemValue } from '@countersign/schema/item'
import { z } from 'zod'
import { ClientError } from '../client-error.ts'
import { type Outcome, ok, refuse } from '../refusal.ts'
import type { UnlockedSession } from '../session/unlocked-session.ts'
import { openItemKey, openItemMeta, openItemValue, openRelease } from './item-blobs.ts'
import type { ItemRecord, ItemVersion } from './item-index.ts'

/** The sealed parts of a version and the key that opens its value: what a hot path keeps instead of the plaintext. */
export interface SealedVersion {
  readonly item: string
  readonly environment: string
  readonly version: number
  readonly meta: ItemMeta
  readonly put: ItemPut
  readonly key: Secret
}

const notHere = (what: string) =>
  refuse('item.unknown', `There is no ${what}.`, 'Reload the list; it may have been deleted.')

const DAMAGED = {
  code: 'item.damaged',
  fix: 'Roll it back to an earlier version, and ask whoever wrote this one.',
  words: (version: number): string =>
    `Version ${version} of this credential does not open: what is sealed there was not made for it.`,
} as const

/** Whether opening failed because of what its author sealed; anything else is a fault of ours. */
const sealedWrong = (error: unknown): boolean =>
  error instanceof CryptoError || error instanceof CanonicalError || error instanceof z.ZodError

/** A holder can write what does not open: that is a refusal, not a fault. */
const intact = <T>(version: number, opening: () => T): Outcome<T> => {
  try {
    return ok(opening())
  } catch (error) {
    if (sealedWrong(error)) return refuse(DAMAGED.code, DAMAGED.words(version), DAMAGED.fix)
    throw error
  }
}

/** The version of an item that is wanted; undefined: the current one. */
export const versionOf = (record: ItemRecord, version: number | undefined): ItemVersion | undefined =>
  version === undefined
    ? record.current
    : record.history.find((each) => each.version === version && !each.conflict)

/** The blobs of a version, from an entry whose own signature is checked: before that nothing of it is opened (P20). */
const putAt = async (
  session: UnlockedSession,
  environment: string,
  seq: number,
): Promise<Outcome<ItemPut>> => {
  const entry = await session.device.replica.proven(compartmentStream(environment), seq)
  if (entry === null) {
    return refuse(
      'alarm',
      'This version was not written by whom it names.',
      'Do not use it. Tell the other members, and keep this profile as evidence.',
    )
  }
  const content = entry === undefined ? null : parseCompartmentContent(entry.entry.envelope)
  return content?.type === 'item.put' ? ok(content.plain) : notHere('such version')
}

const metaOf = (session: UnlockedSession, environment: string, put: ItemPut): ItemMeta | null => {
  const key = session.ring.metaKey(environment, put.epoch)
  return key === null ? null : openItemMeta(session.team, environment, put, key)
}

/** A version opened as far as its item key, through the environment's value key (holders). */
export const openAsHolder = async (
  session: UnlockedSession,
  record: ItemRecord,
  at: ItemVersion,
): Promise<Outcome<SealedVersion>> => {
  const { environment, item } = record
  const found = await putAt(session, environment, at.seq)
  if (!found.ok) return found
  const put = found.value
  const meta = intact(put.version, () => metaOf(session, environment, put))
  if (!meta.ok) return meta
  if (meta.value === null) return notHere('such version')
  const valueKey = session.ring.valueKey(environment, put.epoch)
  if (valueKey === null) {
    return refuse(
      'author.not_holder',
      'You do not hold this environment, so its values do not open for you.',
      'Bind a program to it: that asks the approvers.',
    )
  }
  const key = intact(put.version, () => openItemKey(session.team, environment, put, valueKey))
  return key.ok ? ok({ item, environment, version: put.version, meta: meta.value, put, key: key.value }) : key
}

/** A version whose key a grant released to this device (P2). */
export const openByGrant = async (
  session: UnlockedSession,
  request: RequestRecord,
  record: ItemRecord,
  version: number | undefined,
): Promise<Outcome<SealedVersion>> => {
  const { environment, item } = record
  const released = request.grant?.released.find((each) => each.item === item)
  const wanted = versionOf(record, version)
  if (wanted === undefined || released === undefined) return notHere('such version')
  // An older version's key came with the grant or an earlier rotation: look from the grant on.
  const found = await releaseOf(session, request, item, wanted.version)
  if (found === undefined) {
    return refuse(
      'release.awaited',
      'The key of this version has not been released to this device.',
      'Somebody who holds the environment must open Countersign once.',
    )
  }
  const blobs = await putAt(session, environment, wanted.seq)
  if (!blobs.ok) return blobs
  const put = blobs.value
  const meta = intact(put.version, () => metaOf(session, environment, put))
  if (!meta.ok) return meta
  if (meta.value === null) return notHere('such version')
  const key = intact(put.version, () => openRelease(session.team, environment, found, session.deviceKem))
  return key.ok ? ok({ item, environment, version: put.version, meta: meta.value, put, key: key.value }) : key
}

const releaseOf = async (session: UnlockedSession, request: RequestRecord, item: string, version: number) => {
  const newest = request.grant?.released.find((each) => each.item === item)
  if (request.grant === null || newest === undefined) return undefined
  const seqs = newest.version === version ? [newest.seq] : await releaseSeqs(session, request)
  for (const seq of seqs) {
    const entry = await session.device.replica.proven(LEDGER, seq)
    const content = entry == null ? undefined : parsePlain(entry.entry.envelope)
    if (content?.type !== 'grant.issue' && content?.type !== 'grant.release') continue
    const release = content.plain.releases.find(
      (each) => each.request === request.request && each.item === item && each.version === version,
    )
    if (release !== undefined) return release
  }
  return undefined
}

/** Every ledger position from the grant on that releases keys; for the rare read of an older version. */
const releaseSeqs = async (session: UnlockedSession, request: RequestRecord): Promise<number[]> => {
  const seqs: number[] = []
  for await (const { seq, entry } of session.device.replica.entries(LEDGER, request.grant?.seq ?? 0)) {
    if (entry.envelope.type === 'grant.issue' || entry.envelope.type === 'grant.release') seqs.push(seq)
  }
  return seqs
}

/** The value of an opened version. Handed to one answer and dropped. Throws ClientError `item.damaged`, `item.mismatch`. */
export const openedValue = (team: string, sealed: SealedVersion): ItemValue => {
  const { environment, item, version, key, put, meta } = sealed
  const place = { team, environment, item, version }
  try {
    return openItemValue(place, key, put.value, meta.valueHash)
  } catch (cause) {
    if (!sealedWrong(cause)) throw cause
    throw new ClientError(DAMAGED.code, DAMAGED.words(version), { cause, fix: DAMAGED.fix })
  }
}

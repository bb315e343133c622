import { openItemKey, openItemValue } from '@countersign/client/items/item-blobs'
import { CryptoError } from '@countersign/crypto/crypto-error'
import { sha256 } from '@countersign/crypto/hash'
import { openSealed } from '@countersign/crypto/kem'
import type { KeyPair } from '@countersign/crypto/key-pair'
import { Secret } from '@countersign/crypto/secret'
import { parseCompartmentContent } from '@countersign/ledger/compartment-content'
import { compartmentStream, LEDGER } from '@countersign/schema/ids'
import { ledgerEntrySchemas } from '@countersign/schema/ledger-entries'
import type { CompartmentEpoch } from '@countersign/schema/membership'
import type { Timeline } from '../double/timeline.ts'

/** Somebody with a key pair who reads what a server keeps. */
export interface Thief {
  readonly member: string
  readonly kem: KeyPair
}

const epochsIn = (timeline: Timeline): CompartmentEpoch[] =>
  timeline.entries(LEDGER).flatMap((_, seq) => {
    const { type, plain } = timeline.envelope(LEDGER, seq)
    if (type === 'epoch.start' || type === 'environment.create') {
      const parsed = ledgerEntrySchemas[type].plain.safeParse(plain)
      return parsed.success ? [parsed.data.epoch] : []
    }
    if (type !== 'member.remove' && type !== 'member.access') return []
    const parsed = ledgerEntrySchemas[type].plain.safeParse(plain)
    return parsed.success ? parsed.data.epochs : []
  })

const attempt = <T>(opening: () => T): T | null => {
  try {
    return opening()
  } catch (error) {
    if (error instanceof CryptoError) return null
    throw error
  }
}

/** The value keys of an environment that are sealed to a thief, by epoch. */
export const stolenValueKeys = (
  timeline: Timeline,
  team: string,
  environment: string,
  { member, kem }: Thief,
): Map<number, Secret> => {
  const keys = new Map<number, Secret>()
  for (const epoch of epochsIn(timeline).filter((each) => each.environment === environment)) {
    const blob = epoch.wraps.find((wrap) => wrap.member === member)?.value
    if (blob == null) continue
    const context = { type: 'value-key', team, environment, epoch: epoch.epoch, member }
    const key = attempt(() => openSealed(kem, context, blob))
    if (key !== null) keys.set(epoch.epoch, Secret.take(key))
  }
  return keys
}

/** Every value of an environment that opens under these keys, newest last. */
export const stolenValues = (
  timeline: Timeline,
  team: string,
  environment: string,
  keys: ReadonlyMap<number, Secret>,
): string[] => {
  const stream = compartmentStream(environment)
  return timeline.entries(stream).flatMap((_, seq) => {
    const content = parseCompartmentContent(timeline.envelope(stream, seq))
    const key = content === null ? undefined : keys.get(content.plain.epoch)
    if (content?.type !== 'item.put' || key === undefined) return []
    const put = content.plain
    return (
      attempt(() => {
        const itemKey = openItemKey(team, environment, put, key)
        return Object.values(
          openItemValue({ team, environment, ...put }, itemKey, put.value, sha256(put.value)),
        )
      }) ?? []
    )
  })
}

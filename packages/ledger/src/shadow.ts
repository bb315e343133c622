import { equalBytes } from '@countersign/crypto/verify'
import type { Envelope } from '@countersign/schema/entry'
import { applyPlain, checkPlain } from './plain.ts'
import { type PlainContent, parsePlain } from './plain-content.ts'
import type { Projection } from './projection-record.ts'

/*
 * Signatures are verified on arrival, against the plain projection, which sees no quorum: it takes a member that the reducer refuses.
 * From then on the two may know different keys under one id, and an entry verified under the one must not count under the other. So the
 * reducer keeps the plain projection too. It is the same object until the first such refusal, which in an honest team never comes.
 */

/** Whether the entry's clear part could change the projection. */
export const changesProjection = (envelope: Envelope): boolean =>
  !/^(?:request|approval|grant|policy)\./.test(envelope.type)

/** Whether `project` would take the entry; `content` null where only its clear part can be read. */
export const plainAccepts = (
  projection: Projection,
  envelope: Envelope,
  content: PlainContent | null,
): boolean => {
  const readable = content ?? parsePlain(envelope)
  return readable !== undefined && checkPlain(projection, envelope, readable) === null
}

/** Carries an entry into a plain projection that stands apart, where that takes it. */
export const takePlain = (plain: Projection, envelope: Envelope, content: PlainContent | null): void => {
  const readable = content ?? parsePlain(envelope)
  if (readable !== undefined && checkPlain(plain, envelope, readable) === null)
    applyPlain(plain, envelope, readable)
}

/**
 * L8: whether what was verified on arrival is what the reducer believes: as of the ledger entry `seq`, both knew the author's device
 * as theirs, and the same key.
 */
export const verifiedAsKnown = (
  own: Projection,
  plain: Projection,
  envelope: Envelope,
  seq: number,
): boolean => {
  if (own === plain) return true
  const ours = own.members.get(envelope.member)
  const theirs = plain.members.get(envelope.member)
  if (ours === undefined || theirs === undefined || theirs.addedAt > seq) return false
  if (!equalBytes(ours.signKey, theirs.signKey)) return false
  const device = plain.devices.get(envelope.device)
  // A device that certifies itself was verified under the member's key.
  if (device === undefined) return envelope.type === 'device.add'
  return device.member === envelope.member && device.addedAt <= seq
}

// The plain projection: what envelopes alone say. The server and a locked client replay exactly this; it opens nothing, and
// nothing it imports can.
import { equalBytes, verifySignature } from '@countersign/crypto/verify'
import { ENTRY_PURPOSE, type Envelope, type SignedEntry } from '@countersign/schema/entry'
import {
  type DeviceId,
  type EnvironmentId,
  LEDGER,
  type MemberId,
  parseStream,
  type StreamName,
} from '@countersign/schema/ids'
import type { Cut } from '@countersign/schema/membership'
import { applyPlain, checkLedgerChain, checkPlain } from './plain.ts'
import { parsePlain } from './plain-content.ts'
import { accessOf, activeDevice, atLeast, holds, isAdmin, membersWith } from './projection-lookup.ts'
import type { Projection } from './projection-record.ts'
import { ACCEPTED, type RefusalCode, refused, type Verdict } from './refusal.ts'

export { emptyProjection, type Projection } from './projection-record.ts'

export type AuthorVerdict = { readonly ok: true } | { readonly ok: false; readonly code: RefusalCode }
const no = (code: RefusalCode): AuthorVerdict => ({ ok: false, code })

const signedBy = (key: Uint8Array, entry: SignedEntry, goodFor: Uint8Array | undefined): AuthorVerdict =>
  (goodFor !== undefined && equalBytes(goodFor, key)) ||
  verifySignature(key, ENTRY_PURPOSE, entry.envelopeBytes, entry.signature)
    ? { ok: true }
    : no('chain.signature')

/** The key that an entry's signature will be judged by as things stand, if it can be said; what lands before may change it. */
export const expectedSignKey = (
  projection: Projection,
  { stream, member, device }: Envelope,
): Uint8Array | undefined => {
  const parsed = parseStream(stream)
  if (parsed.kind !== 'audit') return projection.members.get(member)?.signKey
  return parsed.device === device ? projection.devices.get(device)?.signKey : undefined
}

/**
 * Whether the bytes are by whom they name (L3): the member key in the ledger and in compartments, with a device of that member;
 * the key of its own device in an audit stream. `team.create` and `device.add` carry the key or device they are judged by. The signature comes
 * first: what nobody in the team can have signed is never `author.*`, since such an entry stands in its stream. It does not say
 * that the author may do this, or still belongs to the team: `mayAppend`, `project` and the reducers do. `goodFor`: a key by which the
 * caller has verified this entry's signature already; it saves that work if it is the key in question, and says nothing else.
 */
export const verifyEntryAuthor = (
  projection: Projection,
  entry: SignedEntry,
  goodFor?: Uint8Array,
): AuthorVerdict => {
  const { envelope } = entry
  const content = envelope.stream === LEDGER ? parsePlain(envelope) : undefined
  if (projection.head === null && content?.type === 'team.create') {
    const { member, device } = content.plain
    if (member.member !== envelope.member || device.device !== envelope.device) return no('chain.author')
    return signedBy(member.signKey, entry, goodFor)
  }
  const key = expectedSignKey(projection, envelope)
  if (key === undefined) return no('chain.author')
  const signed = signedBy(key, entry, goodFor)
  if (!signed.ok) return signed
  const device = projection.devices.get(envelope.device)
  if (device === undefined) {
    const certifiesItself = content?.type === 'device.add' && content.plain.device.device === envelope.device
    return certifiesItself ? signed : no('author.unknown')
  }
  return device.member === envelope.member ? signed : no('author.device')
}

/** The heads of compartments that a ledger entry states (P5). Only whoever has the compartments can say whether they are true. */
export const statedCuts = (envelope: Envelope): readonly Cut[] => {
  const content = envelope.stream === LEDGER ? parsePlain(envelope) : undefined
  switch (content?.type) {
    case 'member.remove':
    case 'member.access':
      return content.plain.cuts
    case 'epoch.start':
      return [content.plain.cut]
    default:
      return []
  }
}

/**
 * Takes the ledger's next entry, whose author is verified. Refused with a `chain.*` code it leaves the projection as it was; refused
 * otherwise it stands in the stream and only the head moves. Refuses only what the reducer refuses too: it sees no quorum.
 */
export const project = (
  projection: Projection,
  entry: { readonly envelope: Envelope; readonly hash: Uint8Array },
): Verdict => {
  const { envelope, hash } = entry
  const content = parsePlain(envelope)
  const broken = checkLedgerChain(projection, envelope, content)
  if (broken !== null) return refused(broken)
  const code = content === undefined ? 'entry.malformed' : checkPlain(projection, envelope, content)
  if (projection.head === null) {
    if (code !== null) return refused(code)
    projection.genesis = hash
  }
  if (code === null && content !== undefined) applyPlain(projection, envelope, content)
  projection.head = { seq: envelope.seq, hash }
  return code === null ? ACCEPTED : refused(code)
}

/**
 * Whether an entry's author may vouch for the entries before it in a compartment by having signed on top of them (L48): an active
 * device of an active member who holds the environment now, and so could write anything there in their own name.
 */
export const mayVouch = (
  projection: Projection,
  environment: EnvironmentId,
  { member, device }: Envelope,
): boolean => activeDevice(projection, device)?.member === member && holds(projection, environment, member)

/** Whether a device may be sent a stream. Admins get every compartment's (sealed) entries, because a removal states their heads. */
export const mayRead = (projection: Projection, device: DeviceId, stream: StreamName): boolean => {
  const reader = activeDevice(projection, device)
  if (reader === undefined) return false
  const parsed = parseStream(stream)
  if (parsed.kind === 'ledger') return true
  if (parsed.kind === 'audit') {
    const known = projection.devices.has(parsed.device)
    const auditor = membersWith(projection, 'auditor').some((each) => each.member === reader.member)
    return known && (parsed.device === device || auditor)
  }
  if (!projection.environments.has(parsed.environment)) return false
  const { level } = accessOf(projection, parsed.environment, reader.member)
  return atLeast(level, 'view') || isAdmin(projection, reader.member)
}

/**
 * Whether a connected device may append this entry now. For a ledger entry: whatever can be said without opening it (the caller
 * still checks chain and author). In a compartment: an active holder; in an audit stream: that device itself.
 */
export const mayAppend = (projection: Projection, device: DeviceId, entry: SignedEntry): AuthorVerdict => {
  const { envelope } = entry
  const parsed = parseStream(envelope.stream)
  if (projection.team !== null && envelope.team !== projection.team) return no('chain.team')
  if (parsed.kind === 'ledger') {
    const content = parsePlain(envelope)
    if (content === undefined) return no('entry.malformed')
    if (content.type !== 'device.add' && envelope.device !== device) return no('author.device')
    const code = checkPlain(projection, envelope, content)
    return code === null ? { ok: true } : no(code)
  }
  const author = activeDevice(projection, device)
  if (author === undefined) return no('author.inactive')
  if (envelope.device !== device || envelope.member !== author.member) return no('author.device')
  if (parsed.kind === 'audit') return parsed.device === device ? { ok: true } : no('author.not_self')
  const environment = projection.environments.get(parsed.environment)
  if (environment === undefined) return no('environment.unknown')
  if (environment.rekeyDue) return no('epoch.rekey_due')
  const { level } = accessOf(projection, parsed.environment, author.member)
  return level === 'hold' ? { ok: true } : no('author.not_holder')
}

/** Whether an entry is the `device.add` of this device by this member: all that a member without a device may append (P11). */
export const addsDevice = (entry: SignedEntry, member: MemberId, device: DeviceId): boolean => {
  const { envelope } = entry
  if (envelope.stream !== LEDGER || envelope.member !== member || envelope.device !== device) return false
  const content = parsePlain(envelope)
  return content?.type === 'device.add' && content.plain.device.device === device
}

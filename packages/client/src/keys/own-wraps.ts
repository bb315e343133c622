import type { PlainContent } from '@countersign/ledger/plain-content'
import type { AuditKeyEpoch, CompartmentEpoch, CompartmentWrap, Wrap } from '@countersign/schema/membership'

const of = (wraps: readonly Wrap[], member: string): Uint8Array | null =>
  wraps.find((wrap) => wrap.member === member)?.blob ?? null

/** The team key that a ledger entry seals to a member; null where it seals none. */
export const teamKeyWrap = (content: PlainContent, member: string): Uint8Array | null => {
  switch (content.type) {
    case 'team.create':
    case 'member.remove':
      return of(content.plain.teamKey.wraps, member)
    case 'member.add':
      return of([content.plain.teamKey], member)
    default:
      return null
  }
}

const ofEpoch = (epoch: AuditKeyEpoch | null, member: string): Uint8Array | null =>
  epoch === null ? null : of(epoch.wraps, member)

/** The audit seed that a ledger entry seals to a member. */
export const auditSeedWrap = (content: PlainContent, member: string): Uint8Array | null => {
  switch (content.type) {
    case 'team.create':
    case 'member.remove':
      return ofEpoch(content.plain.auditKey, member)
    case 'member.add':
      return content.plain.auditKey === null ? null : of([content.plain.auditKey], member)
    case 'member.roles': {
      const { auditWrap, auditKey } = content.plain
      return ofEpoch(auditKey, member) ?? (auditWrap === null ? null : of([auditWrap], member))
    }
    default:
      return null
  }
}

const inEpochs = (
  epochs: readonly CompartmentEpoch[],
  environment: string,
  member: string,
): CompartmentWrap | null =>
  epochs.find((each) => each.environment === environment)?.wraps.find((wrap) => wrap.member === member) ??
  null

/** The keys of a compartment that a ledger entry seals to a member. */
export const compartmentKeysWrap = (
  content: PlainContent,
  environment: string,
  member: string,
): CompartmentWrap | null => {
  switch (content.type) {
    case 'environment.create':
    case 'epoch.start':
      return inEpochs([content.plain.epoch], environment, member)
    case 'member.add':
    case 'member.access': {
      const { access } = content.plain
      const given = access.find((each) => each.environment === environment)?.wrap ?? null
      const epochs = content.type === 'member.access' ? content.plain.epochs : []
      return given?.member === member ? given : inEpochs(epochs, environment, member)
    }
    case 'member.remove':
      return inEpochs(content.plain.epochs, environment, member)
    default:
      return null
  }
}

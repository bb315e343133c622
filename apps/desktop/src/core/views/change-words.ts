import { accessOf } from '@countersign/ledger/projection-lookup'
import type { LedgerState } from '@countersign/ledger/state'
import type { DecidedChange } from '@countersign/schema/decided-change'
import { toHex } from '@countersign/schema/hex'
import type { MemberId } from '@countersign/schema/ids'
import type { Level, Policy } from '@countersign/schema/policy'
import { ruleInWords } from '../../shared/rule-words.ts'
import { unrecordedInWords } from '../../shared/unrecorded-words.ts'
import { nameOf, placeName } from './people.ts'

const LEVEL: Readonly<Record<Level, string>> = {
  none: 'has nothing',
  view: 'sees names',
  request: 'may ask',
  hold: 'holds',
}

interface Access {
  readonly environment: string
  readonly level: Level
  readonly approve: boolean
}

const levelWords = ({ level, approve }: Pick<Access, 'level' | 'approve'>): string =>
  `“${LEVEL[level]}${approve ? ' and approves' : ''}”`

const UNITS = [
  { ms: 86_400_000, word: 'day' },
  { ms: 3_600_000, word: 'hour' },
  { ms: 60_000, word: 'minute' },
  { ms: 1000, word: 'second' },
] as const

/** To the millisecond: two policies that differ are never said in the same words. */
const time = (ms: number): string => {
  const unit = UNITS.find((each) => ms >= each.ms && ms % each.ms === 0)
  if (unit === undefined) return ms === 0 ? 'not at all' : `${ms} milliseconds`
  const count = ms / unit.ms
  return `${count} ${unit.word}${count === 1 ? '' : 's'}`
}

const policyFacts = (ledger: LedgerState, policy: Policy): readonly (readonly [string, string])[] => [
  ['Approved by', ruleInWords(policy.rule, (member) => nameOf(ledger, member))],
  ['The person who asks', policy.selfApproval ? 'may be one of them' : 'does not count'],
  ['Time to decide', time(policy.deadlineMs)],
  ['Longest lease', time(policy.maxLeaseMs)],
  ['Without the server', time(policy.maxOfflineMs)],
  ['Without another person’s confirmation', time(policy.maxUnwitnessedMs)],
  ['Audit', unrecordedInWords(policy)],
]

/** Each fact of a policy, and what it is now where that is something else. */
const policyLines = (ledger: LedgerState, environment: string, policy: Policy): string[] => {
  const current = ledger.policies.get(environment)?.policy
  const now = new Map(current === undefined ? [] : policyFacts(ledger, current))
  return policyFacts(ledger, policy).map(([label, value]) => {
    const was = now.get(label) ?? value
    return `${label}: ${value}${was === value ? '' : ` (now: ${was})`}`
  })
}

/**
 * What a change request decides, in words made by this client from the very bytes that are hashed and signed (L32): the first line says
 * what it is, the others all of it. Nothing that the requester wrote about it is among them.
 */
export const changeWords = (ledger: LedgerState, requester: MemberId, change: DecidedChange): string[] => {
  switch (change.type) {
    case 'member.add': {
      const { roles, recovery } = change.member
      const keys = `${change.credentials.length} security ${change.credentials.length === 1 ? 'key' : 'keys'}`
      return [
        `Add ${change.name} to the team`,
        roles.length === 0 ? 'Without a role' : `As ${roles.join(' and ')}`,
        ...change.access.map((each) => `${placeName(ledger, each.environment)}: ${levelWords(each)}`),
        `With ${keys}${recovery ? ' and a recovery code' : ''}, known by ${toHex(change.member.signKey).slice(0, 16)}`,
      ]
    }
    case 'member.access': {
      const lines = change.access.map((each) => {
        const now = levelWords(accessOf(ledger.projection, each.environment, change.member))
        const next = levelWords(each)
        // Once it is made there is nothing left that it was before.
        return `${placeName(ledger, each.environment)} ${now === next ? '' : `from ${now} `}to ${next}`
      })
      const who = nameOf(ledger, change.member)
      return lines.length === 1 ? [`${who}: ${lines[0]}`] : [`Change what ${who} may do`, ...lines]
    }
    case 'member.roles':
      return [
        `Make ${nameOf(ledger, change.member)} ${change.roles.join(' and ') || 'a member without a role'}`,
        `Now: ${ledger.projection.members.get(change.member)?.roles.join(' and ') || 'no role'}`,
      ]
    case 'policy.set':
      return [
        `Set the policy of ${placeName(ledger, change.environment)}`,
        ...policyLines(ledger, change.environment, change.policy),
      ]
    case 'credential.add':
      return [
        `Add a security key of ${nameOf(ledger, requester)}`,
        `Known by ${toHex(change.credentialId).slice(0, 16)}`,
      ]
  }
}

// Test-only: rules of every shape that has a plain meaning, small enough to be judged by trying everything.
import type { Eligible, Rule } from '@countersign/schema/policy'
import fc from 'fast-check'
import { expandRule } from '../src/rule.ts'

const eligible = (members: readonly string[]): fc.Arbitrary<Eligible> =>
  fc.oneof(
    fc.constantFrom<Eligible>({ kind: 'approvers' }, { kind: 'holders' }, { kind: 'admins' }),
    fc
      .subarray([...members], { minLength: 1 })
      .map((named): Eligible => ({ kind: 'members', members: named })),
  )

const quorum = (members: readonly string[]): fc.Arbitrary<Rule> =>
  fc
    .record({ k: fc.constantFrom(1, 1, 1, 2, 3), of: eligible(members) })
    .map(({ k, of }): Rule => ({ op: 'quorum', k, of }))

const joined = (op: 'all' | 'any' | 'sequence', part: fc.Arbitrary<Rule>): fc.Arbitrary<Rule> =>
  fc.array(part, { minLength: 1, maxLength: 3 }).map((rules): Rule => ({ op, rules }))

/** Rules over these members that a ledger accepts: each operator alone, and inside the others wherever that has a meaning. */
export const ruleOver = (members: readonly string[]): fc.Arbitrary<Rule> => {
  const leaf = fc.oneof(
    { weight: 8, arbitrary: quorum(members) },
    { weight: 1, arbitrary: fc.constant<Rule>({ op: 'none' }) },
  )
  const any = joined('any', leaf)
  const all = joined('all', fc.oneof(leaf, any))
  const sequence = joined('sequence', fc.oneof(leaf, any, all))
  return fc
    .oneof(leaf, any, all, sequence, joined('any', fc.oneof(leaf, all, sequence)))
    .filter((rule) => expandRule(rule).ok)
}

/** The same rule about other people. */
export const renamed = (rule: Rule, names: ReadonlyMap<string, string>): Rule => {
  if (rule.op === 'none') return rule
  if (rule.op !== 'quorum') return { ...rule, rules: rule.rules.map((each) => renamed(each, names)) }
  if (rule.of.kind !== 'members') return rule
  const members = rule.of.members.map((member) => names.get(member) ?? member)
  return { ...rule, of: { kind: 'members', members } }
}

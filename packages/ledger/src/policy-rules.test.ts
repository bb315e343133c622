import { cryptoReady } from '@countersign/crypto/ready'
import { type CborValue, decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import { newId } from '@countersign/schema/ids'
import { ledgerEntrySchemas } from '@countersign/schema/ledger-entries'
import type { Policy, Rule } from '@countersign/schema/policy'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Company, company } from '../test/company.ts'
import { policyOf, quorumOf } from '../test/ledger-author.ts'
import type { Person } from '../test/person.ts'
import { requestStatus } from './quorum.ts'
import { packState } from './state-checkpoint.ts'

beforeAll(cryptoReady)

const named = (...members: string[]): Rule => ({ op: 'quorum', k: 1, of: { kind: 'members', members } })

/** `inner` inside so many rules. */
const nested = (levels: number, inner: Rule): Rule =>
  levels === 0 ? inner : { op: 'all', rules: [nested(levels - 1, inner)] }

/** As it comes out of a sealed body. */
const decoded = (policy: Policy): Policy =>
  ledgerEntrySchemas['policy.set'].body.parse(decodeCanonical(encodeCanonical(policy as CborValue)))

/** A request under `rule`; the policy is set before bootstrap is closed, when nobody is asked. */
const asked = async (rule: (all: Company) => Rule) => {
  const all = await company({ closed: false })
  const { team, ada, dev, production, item } = all
  team.must(team.setPolicy(ada, production.environment, policyOf(rule(all))))
  const request = team.ask(dev, team.terms(production, [item]))
  const approve = (person: Person) => team.approve(person, request).outcome
  const status = () => {
    const { state, needed, missing } = requestStatus(team.state, request, team.clock) ?? {}
    return { state, needed, missing: [...(missing ?? [])].sort() }
  }
  const pending = (needed: number, ...people: Person[]) => ({
    state: 'pending',
    needed,
    missing: people.map(({ member }) => member).sort(),
  })
  return { ...all, request, approve, status, pending, issue: () => team.issue(ada, request).outcome }
}

const refusalOf = async (rule: Rule): Promise<string> => {
  const { team, ada, production } = await company({ closed: false })
  return team.setPolicy(ada, production.environment, policyOf(rule)).outcome
}

describe('the rules of a policy', () => {
  it('L50 any of its parts is enough, and a part that is half done is none', async () => {
    const { ada, ben, cyd, approve, status, pending, issue } = await asked(({ ada }) => ({
      op: 'any',
      rules: [named(ada.member), { ...quorumOf(2, 'approvers') }],
    }))
    expect(status()).toEqual(pending(1, ada, ben, cyd))
    expect(approve(ben)).toBe('accepted')
    expect(issue()).toBe('grant.no_quorum')
    expect(approve(cyd)).toBe('accepted')
    expect(issue()).toBe('accepted')
    const other = await asked((all) => ({
      op: 'any',
      rules: [named(all.ada.member), quorumOf(2, 'holders')],
    }))
    expect(other.approve(other.ben)).toBe('accepted')
    expect(other.approve(other.cyd)).toBe('approval.not_eligible')
    expect(other.issue()).toBe('grant.no_quorum')
    expect(other.approve(other.ada)).toBe('accepted')
    expect(other.issue()).toBe('accepted')
  })

  it('L50 all of its parts are filled by distinct people: who counts in two of them fills one place', async () => {
    const { ada, ben, cyd, approve, status, pending, issue } = await asked(() => ({
      op: 'all',
      rules: [quorumOf(1, 'holders'), quorumOf(1, 'admins'), quorumOf(1)],
    }))
    expect(status()).toEqual(pending(3, ada, ben, cyd))
    expect(approve(ada)).toBe('accepted')
    expect(status()).toEqual(pending(2, ben, cyd))
    expect(issue()).toBe('grant.no_quorum')
    expect(approve(cyd)).toBe('accepted')
    expect(issue()).toBe('grant.no_quorum')
    expect(status()).toEqual(pending(1, ben))
    // Ada holds, approves and is the only admin: as others fill those places, she fills this one.
    expect(approve(ben)).toBe('accepted')
    expect(issue()).toBe('accepted')
  })

  it('L50 L51 in a sequence whoever completed a step is not counted in the next, and what came too soon is not', async () => {
    const { ada, ben, cyd, approve, status, pending, issue, team, request } = await asked(() => ({
      op: 'sequence',
      rules: [{ op: 'all', rules: [quorumOf(1, 'holders'), quorumOf(1)] }, quorumOf(1, 'approvers')],
    }))
    expect(status()).toEqual(pending(3, ada, ben, cyd))
    expect(approve(cyd)).toBe('accepted')
    expect(status()).toEqual(pending(2, ada, ben))
    expect(approve(ben)).toBe('accepted')
    expect(issue()).toBe('grant.no_quorum')
    expect(status()).toEqual(pending(1, ada))
    expect(approve(ben)).toBe('approval.duplicate')
    expect(approve(ada)).toBe('accepted')
    expect(issue()).toBe('accepted')
    expect(team.state.requests.get(request)?.state).toBe('granted')
  })

  it('L51 a step is complete at the earliest approval that completes it: the next one counts only what came after', async () => {
    const { ada, ben, cyd, approve, issue, team, request } = await asked((all) => ({
      op: 'sequence',
      rules: [quorumOf(1, 'approvers'), named(all.ben.member)],
    }))
    expect(approve(ben)).toBe('accepted')
    expect(issue()).toBe('grant.no_quorum')
    // Ben’s own approval completed the first step; his turn in the second comes with a new touch, once another has opened it.
    expect(approve(cyd)).toBe('approval.too_early')
    expect(team.withdraw(ben, request).outcome).toBe('accepted')
    expect(approve(ada)).toBe('accepted')
    expect(issue()).toBe('grant.no_quorum')
    expect(approve(ben)).toBe('accepted')
    expect(issue()).toBe('accepted')
  })

  it('L50 a sequence inside an “all” is refused, however it is wrapped', async () => {
    const sequence: Rule = { op: 'sequence', rules: [quorumOf(1), quorumOf(1, 'admins')] }
    const any = (rule: Rule): Rule => ({ op: 'any', rules: [quorumOf(1), rule] })
    const all = (rule: Rule): Rule => ({ op: 'all', rules: [quorumOf(1), rule] })
    for (const rule of [all(sequence), all(any(sequence)), any(all(sequence)), all(all(sequence))])
      expect(await refusalOf(rule)).toBe('policy.sequence_inside_all')
    const { team, ada, production } = await company()
    const plain = team.policyPlain(production.environment)
    const body = policyOf(all(sequence))
    expect(() => team.askChange(ada, { type: 'policy.set', plain, body })).toThrow(
      'policy.sequence_inside_all',
    )
    expect(await refusalOf(any(sequence))).toBe('accepted')
    expect(await refusalOf(all({ op: 'sequence', rules: [quorumOf(1)] }))).toBe('accepted')
    expect(await refusalOf({ op: 'sequence', rules: [all(quorumOf(1)), any(quorumOf(1))] })).toBe('accepted')
  })

  it('L50 a rule of more than 64 ways is refused, as is one whose ways list more than 256 groups of people', async () => {
    const any = (count: number, rule: Rule = quorumOf(1)): Rule => ({
      op: 'any',
      rules: Array(count).fill(rule),
    })
    expect(await refusalOf({ op: 'all', rules: [any(8), any(8)] })).toBe('accepted')
    expect(await refusalOf({ op: 'all', rules: [any(8), any(8), any(2)] })).toBe('policy.too_complex')
    expect(await refusalOf({ op: 'sequence', rules: [any(8), any(8), any(2)] })).toBe('policy.too_complex')
    expect(await refusalOf(any(8, any(8)))).toBe('accepted')
    expect(await refusalOf(any(2, any(8, any(8))))).toBe('policy.too_complex')
    const all = (count: number, rule: Rule): Rule => ({ op: 'all', rules: Array(count).fill(rule) })
    expect(await refusalOf(all(4, all(8, all(8, quorumOf(1)))))).toBe('accepted')
    expect(await refusalOf(all(5, all(8, all(8, quorumOf(1)))))).toBe('policy.too_complex')
  })

  it('L50 one that nests too deeply is refused wherever it stands: what was decoded can be encoded again', async () => {
    const { team, ada, dev, production } = await company()
    const vault = team.vault('deep')
    const plain = team.policyPlain(production.environment)
    const authority = team.askChange(ada, { type: 'policy.set', plain, body: policyOf(quorumOf(1)) })
    const create = (rule: Rule) => {
      const epoch = team.epochFor(newId(), 0, new Map([[ada.member, 'hold']]))
      const body = { name: `deep-${team.clock}`, policy: decoded(policyOf(rule)) }
      return team.write(ada, 'environment.create', { teamKeyEpoch: 0, vault, epoch }, body).outcome
    }
    for (const levels of [5, 6, 7]) {
      const rule = nested(levels, { op: 'none' })
      expect(create(rule)).toBe('policy.too_complex')
      const policy = decoded(policyOf(rule))
      expect(team.setPolicy(ada, production.environment, policy, authority).outcome).toBe(
        'policy.too_complex',
      )
      expect(() => team.askChange(ada, { type: 'policy.set', plain, body: policy })).toThrow(
        'policy.too_complex',
      )
    }
    const deepest = nested(4, named(dev.member))
    expect(create(deepest)).toBe('accepted')
    team.askChange(ada, { type: 'policy.set', plain, body: decoded(policyOf(deepest)) })
    expect(packState(team.state).state.length).toBeGreaterThan(0)
  })
})

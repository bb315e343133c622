import { cryptoReady } from '@countersign/crypto/ready'
import type { Eligible, Rule } from '@countersign/schema/policy'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Company, company } from '../test/company.ts'
import { policyOf, STEP } from '../test/ledger-author.ts'
import type { Person } from '../test/person.ts'
import { renamed, ruleOver } from '../test/random-rules.ts'
import { hasQuorum, requestStatus } from './quorum.ts'
import { expandRule, progress } from './rule.ts'

beforeAll(cryptoReady)

type Counts = (of: Eligible, person: string) => boolean

/**
 * The oracle: what a rule says of people in the order of their approvals, straight from its shape and by trying everything. `sequence`:
 * they can be cut into stretches, one a part. `all`: they can be dealt out to the parts, each person to one.
 */
const satisfies = (rule: Rule, people: readonly string[], counts: Counts): boolean => {
  if (rule.op === 'none') return true
  if (rule.op === 'quorum') return people.filter((person) => counts(rule.of, person)).length >= rule.k
  if (rule.op === 'any') return rule.rules.some((each) => satisfies(each, people, counts))
  const [first, ...others] = rule.rules
  if (first === undefined) return true
  const rest: Rule = { ...rule, rules: others }
  const splits = rule.op === 'sequence' ? people.length + 1 : 2 ** people.length
  for (let split = 0; split < splits; split++) {
    const here = (_: string, at: number): boolean =>
      rule.op === 'sequence' ? at < split : Math.floor(split / 2 ** at) % 2 === 1
    const there = (person: string, at: number): boolean => !here(person, at)
    if (satisfies(first, people.filter(here), counts) && satisfies(rest, people.filter(there), counts))
      return true
  }
  return false
}

interface Given {
  readonly member: string
  readonly expiresAt: number
}

/** One request, and what the test itself knows of who approved it and who counts: from how the company was founded. */
class Quorum {
  readonly #all: Company
  readonly #rule: Rule
  readonly #requester: Person
  readonly #selfApproval: boolean
  readonly #request: string
  readonly #gone = new Set<string>()
  #given: Given[] = []

  constructor(all: Company, rule: Rule, requester: Person, selfApproval: boolean) {
    const { team, ada, production, item } = all
    this.#all = all
    this.#rule = rule
    this.#requester = requester
    this.#selfApproval = selfApproval
    team.must(team.setPolicy(ada, production.environment, policyOf(rule, { selfApproval })))
    this.#request = team.ask(requester, team.terms(production, [item]))
  }

  get #record() {
    const record = this.#all.team.state.requests.get(this.#request)
    if (record === undefined) throw new Error('it was asked')
    return record
  }

  #expected(time: number): boolean {
    const { ada, ben, cyd } = this.#all
    const ids = (...people: Person[]) => people.map(({ member }) => member)
    const kinds = { approvers: ids(ada, ben, cyd), holders: ids(ada, ben), admins: ids(ada) }
    const counts: Counts = (of, person) =>
      (of.kind === 'members' ? of.members : kinds[of.kind]).includes(person)
    const live = this.#given.filter((each) => each.expiresAt >= time && !this.#gone.has(each.member))
    return satisfies(
      this.#rule,
      live.map(({ member }) => member),
      counts,
    )
  }

  #without(person: Person): Given[] {
    return this.#given.filter(({ member }) => member !== person.member)
  }

  approve(person: Person, soon: boolean): string {
    const { team } = this.#all
    const expiresAt = soon ? team.clock + 6000 : this.#record.body.expiresAt
    const before = this.#given.find(({ member }) => member === person.member)
    const { outcome, envelope } = team.approve(person, this.#request, { expiresAt })
    if (outcome !== 'accepted') return outcome
    expect(person !== this.#requester || this.#selfApproval).toBe(true)
    expect(this.#gone.has(person.member)).toBe(false)
    if (before !== undefined) expect(before.expiresAt).toBeLessThan(envelope.time)
    this.#given = [...this.#without(person), { member: person.member, expiresAt }]
    return 'approved'
  }

  withdraw(person: Person): void {
    if (this.#all.team.withdraw(person, this.#request).outcome === 'accepted') {
      this.#given = this.#without(person)
    }
  }

  remove(person: Person): void {
    const { team, ada } = this.#all
    if (team.remove(ada, person).outcome === 'accepted') this.#gone.add(person.member)
  }

  /** What the ledger says of the quorum is what the oracle says. */
  compare(): void {
    const { team } = this.#all
    if (this.#record.state !== 'open') return
    const expected = this.#expected(team.clock)
    expect(hasQuorum(team.state, this.#record, team.clock)).toBe(expected)
    const status = requestStatus(team.state, this.#request, team.clock)
    expect(status?.state).toBe(expected ? 'awaiting_release' : 'pending')
    for (const member of status?.missing ?? []) {
      expect(this.#gone.has(member)).toBe(false)
      expect(member !== this.#requester.member || this.#selfApproval).toBe(true)
    }
  }

  issue(): string {
    const { team, ada } = this.#all
    const open = this.#record.state === 'open'
    const expected = this.#expected(team.clock + STEP)
    const { outcome } = team.issue(ada, this.#request)
    if (open) expect(outcome).toBe(expected ? 'accepted' : 'grant.no_quorum')
    return outcome
  }
}

const PEOPLE = ['a', 'b', 'c', 'd', 'e', 'f']

describe('L50 L51 a quorum', () => {
  it('L50 L51 is there exactly where people can fill every place of one way, each of them one place', () => {
    const kinds = fc.record({
      approvers: fc.subarray(PEOPLE),
      holders: fc.subarray(PEOPLE),
      admins: fc.subarray(PEOPLE),
    })
    const order = fc.shuffledSubarray(PEOPLE)
    fc.assert(
      fc.property(ruleOver(PEOPLE), kinds, order, (rule, kind, people) => {
        const counts: Counts = (of, person) =>
          (of.kind === 'members' ? of.members : kind[of.kind]).includes(person)
        const expansion = expandRule(rule)
        if (!expansion.ok) throw new Error(`a rule with a plain meaning was refused: ${expansion.code}`)
        const ways = progress(expansion.alternatives, people, counts)
        const satisfied = ways.some((way) => way.satisfied)
        expect(satisfied).toBe(satisfies(rule, people, counts))
        const needed = Math.min(...ways.map((way) => way.needed))
        expect(needed === 0).toBe(satisfied)
        // Somebody more never takes a quorum away, and where one is missing so many people at least do.
        for (const before of people.keys()) {
          if (satisfies(rule, people.slice(0, before), counts)) expect(satisfied).toBe(true)
        }
      }),
      { numRuns: 2000 },
    )
  })

  const step = fc.record({
    act: fc.constantFrom('approve', 'approve', 'approve', 'withdraw', 'remove', 'issue', 'later'),
    who: fc.nat(4),
    soon: fc.boolean(),
  })

  it('L51 L52 L54 L62 is never granted without: who asks, approves twice, left or let it expire does not count', async () => {
    const outcomes = { accepted: 0, 'grant.no_quorum': 0, 'approval.self': 0, 'approval.duplicate': 0 }
    const tally = (outcome: string): void => {
      if (outcome in outcomes) outcomes[outcome as keyof typeof outcomes] += 1
    }
    const scenario = fc.record({
      rule: ruleOver(['0', '1', '2', '3', '4']),
      selfApproval: fc.boolean(),
      byHolder: fc.boolean(),
      steps: fc.array(step, { minLength: 6, maxLength: 16 }),
    })
    await fc.assert(
      fc.asyncProperty(scenario, async ({ rule, selfApproval, byHolder, steps }) => {
        const all = await company({ closed: false })
        const { ada, ben, team } = all
        const people = [ada, ben, all.cyd, all.dev, all.auditor]
        const here = renamed(rule, new Map(people.map(({ member }, index) => [String(index), member])))
        const requester = byHolder ? ben : all.dev
        const model = new Quorum(all, here, requester, selfApproval)
        for (const { act, who, soon } of steps) {
          const person = people[who] ?? ada
          if (act === 'approve') tally(model.approve(person, soon))
          if (act === 'withdraw') model.withdraw(person)
          if (act === 'remove' && person !== ada && person !== requester && soon) model.remove(person)
          if (act === 'later') team.clock += 8000
          model.compare()
          if (act === 'issue') tally(model.issue())
        }
      }),
      { numRuns: 150 },
    )
    for (const [outcome, times] of Object.entries(outcomes))
      expect([outcome, times > 0]).toEqual([outcome, true])
  })
})

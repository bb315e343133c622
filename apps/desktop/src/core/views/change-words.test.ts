import { type ChangeContent, decidedBy } from '@countersign/ledger/change'
import type { LedgerState } from '@countersign/ledger/state'
import { type Company, company } from '@countersign/ledger/test/company'
import { policyOf, quorumOf } from '@countersign/ledger/test/ledger-author'
import { Person } from '@countersign/ledger/test/person'
import type { Policy } from '@countersign/schema/policy'
import { describe, expect, it } from 'vitest'
import { changeWords } from './change-words.ts'

/** As an approver's client has the team: with the names that the ledger's entries gave. */
const wordsFor = (
  { team, ada }: Company,
  content: ChangeContent,
  state: LedgerState = team.state,
): string[] => changeWords(state, ada.member, decidedBy(content))

const policyChange = ({ team, production }: Company, policy: Policy): ChangeContent => {
  const { environment } = production
  const plain = { teamKeyEpoch: team.teamKeyEpoch, authority: null, environment, version: 3 }
  return { type: 'policy.set', plain, body: policy }
}

describe('a change in the approver’s own words', () => {
  it('L32 says of a policy everything that is signed, and what it is now where that is another', async () => {
    const all = await company({ policy: policyOf(quorumOf(2)) })
    const same = wordsFor(all, policyChange(all, policyOf(quorumOf(2))))
    expect(same[0]).toMatch(/^Set the policy of .* \/ production$/)
    expect(same.join(' ')).not.toContain('(now')
    const said = wordsFor(
      all,
      policyChange(all, policyOf(quorumOf(1), { selfApproval: true, maxUnrecordedMs: 300_000 })),
    )
    expect(said).toContain('Approved by: one of its approvers (now: two of its approvers)')
    expect(said).toContain('The person who asks: may be one of them (now: does not count)')
    expect(said.at(-1)).toContain('for at most 5 minutes (now: nothing is read without an audit record)')
  })

  it('L32 no two policies are said in the same words, down to the millisecond', async () => {
    const all = await company()
    const base = policyOf(quorumOf(1))
    const variants: Policy[] = [
      base,
      { ...base, selfApproval: true },
      { ...base, deadlineMs: base.deadlineMs + 1 },
      { ...base, maxLeaseMs: base.maxLeaseMs + 1 },
      { ...base, maxOfflineMs: base.maxOfflineMs + 1 },
      { ...base, maxUnwitnessedMs: base.maxUnwitnessedMs + 1 },
      { ...base, maxUnrecordedMs: 60_000 },
      { ...base, maxUnrecordedMs: 60_001 },
      { ...base, rule: quorumOf(1, 'holders') },
    ]
    const said = new Set(variants.map((policy) => wordsFor(all, policyChange(all, policy)).join('\n')))
    expect(said.size).toBe(variants.length)
  })

  it('L32 says whose access becomes what, from what it is here', async () => {
    const all = await company()
    const { team, dev, production, development } = all
    const more = team.accessTo(dev.member, production.environment, 'hold', true)
    const less = team.accessTo(dev.member, development.environment, 'view')
    const plain = { teamKeyEpoch: 0, authority: null, member: dev.member, epochs: [], cuts: [] }
    const wordsOf = (access: (typeof more)[]): string[] =>
      wordsFor(all, { type: 'member.access', plain: { ...plain, access }, body: {} })
    expect(wordsOf([more])).toEqual([
      expect.stringMatching(/^Dev: .* \/ production from “may ask” to “holds and approves”$/),
    ])
    expect(wordsOf([more, less])).toEqual([
      'Change what Dev may do',
      expect.stringMatching(/ \/ production from “may ask” to “holds and approves”$/),
      expect.stringMatching(/ \/ development from “holds” to “sees names”$/),
    ])
    const same = team.accessTo(dev.member, production.environment, 'request')
    expect(wordsOf([same])).toEqual([expect.stringMatching(/^Dev: .* \/ production to “may ask”$/)])
  })

  it('L32 says who comes with which role, access and ways in', async () => {
    const all = await company()
    const { team, production } = all
    const eve = new Person('Eve')
    const plain = team.addPlain(
      eve,
      ['admin'],
      [team.accessTo(eve.member, production.environment, 'hold', true)],
    )
    const body = team.names(eve)
    const said = wordsFor(all, { type: 'member.add', plain, body })
    expect(said).toEqual([
      'Add Eve to the team',
      'As admin',
      expect.stringMatching(/ \/ production: “holds and approves”$/),
      expect.stringMatching(/^With 2 security keys, known by [0-9a-f]{16}$/),
    ])
  })

  it('L32 says which roles somebody has and would have', async () => {
    const all = await company()
    const { auditor } = all
    const plain = {
      teamKeyEpoch: 0,
      authority: null,
      member: auditor.member,
      auditWrap: null,
      auditKey: null,
    }
    const said = wordsFor(all, { type: 'member.roles', plain: { ...plain, roles: ['admin'] }, body: {} })
    expect(said).toEqual(['Make Aud admin', 'Now: auditor'])
  })
})

import { randomBytes } from '@countersign/crypto/random'
import { cryptoReady } from '@countersign/crypto/ready'
import { type ApprovalStatement, approvalStatement } from '@countersign/schema/approval-statement'
import type { CborValue } from '@countersign/schema/canonical'
import { newId } from '@countersign/schema/ids'
import type { LedgerBody } from '@countersign/schema/ledger-entries'
import { beforeAll, describe, expect, it } from 'vitest'
import { company } from '../test/company.ts'
import { policyOf, quorumOf } from '../test/ledger-author.ts'
import { type Person, touch } from '../test/person.ts'
import { statementFor } from './reduce-approvals.ts'

beforeAll(cryptoReady)

const asked = async () => {
  const all = await company()
  const { team, ben, dev, production, item } = all
  const request = team.ask(dev, team.terms(production, [item, newId()]))
  const give = (body: LedgerBody<'approval.give'>, by: Person = ben, time?: number) =>
    team.giveApproval(by, request, body, time === undefined ? {} : { time }).outcome
  const body = (by: Person = ben) => team.approvalBody(by, request)
  return { ...all, request, give, body }
}

describe('the touch of an approval', () => {
  it('L58 P9 signs every field of what is approved: with one of another value it is no approval', async () => {
    const { team, ben, request, give, body, ada } = await asked()
    const record = team.state.requests.get(request)
    const [key] = ben.keys
    if (record?.body.kind !== 'binding' || key === undefined) throw new Error('a binding and a key')
    const good = body()
    const { terms } = record.body
    const fields = approvalStatement(statementFor(team.state, record, ben.member, good))
    const others: { [Field in keyof ApprovalStatement | 'decision']: CborValue } = {
      decision: 'deny',
      team: newId(),
      request: newId(),
      requestHash: randomBytes(32),
      approver: ada.member,
      environments: [...(fields.environments as string[]), newId()],
      policyVersion: good.policyVersion + 1,
      terms: { ...terms, items: terms.items.slice(1) },
      nonce: randomBytes(32),
      expiresAt: good.expiresAt + 1,
      head: { ...good.head, seq: good.head.seq - 1 },
    }
    expect(Object.keys(others).sort()).toEqual(Object.keys(fields).sort())
    for (const [field, value] of Object.entries(others)) {
      const assertion = touch(key, 'approve', { ...fields, [field]: value })
      expect([field, give({ ...good, assertion })]).toEqual([field, 'approval.assertion'])
    }
    const without = { ...fields }
    delete without.terms
    expect(give({ ...good, assertion: touch(key, 'approve', without) })).toBe('approval.assertion')
    expect(give({ ...good, assertion: touch(key, 'approve', fields) })).toBe('accepted')
  })

  it('L58 what it says about the request is what the ledger knows: hash, policy, deadline, an ancestor that has it', async () => {
    const { team, ben, cyd, give, body, request } = await asked()
    const good = body()
    expect(give({ ...good, requestHash: randomBytes(32) })).toBe('approval.request_hash')
    for (const policyVersion of [good.policyVersion - 1, good.policyVersion + 1])
      expect(give({ ...good, policyVersion })).toBe('approval.policy_version')
    const soon = team.clock + 60_000
    const short = team.approvalBody(ben, request, { expiresAt: soon })
    expect(give(short, ben, soon + 1)).toBe('approval.expired')
    expect(give({ ...good, expiresAt: good.expiresAt + 1 })).toBe('approval.time')
    const { seq } = team.state.requests.get(request) ?? { seq: 0 }
    const before = team.entries[seq - 1]
    if (before === undefined) throw new Error('something stood before the request')
    for (const head of [
      { seq: seq - 1, hash: before.hash },
      { seq, hash: before.hash },
      { seq: team.head.seq + 1, hash: randomBytes(32) },
    ])
      expect(give(team.approvalBody(ben, request, { head }))).toBe('approval.head')
    const { hash } = team.entries[seq] ?? before
    expect(give(team.approvalBody(ben, request, { head: { seq, hash } }))).toBe('accepted')
    expect(give(body(cyd), cyd)).toBe('accepted')
  })

  it('L58 P15 it counts once a request, also after it was withdrawn or has expired', async () => {
    const { team, ben, give, body, request } = await asked()
    const soon = team.clock + 60_000
    const good = team.approvalBody(ben, request, { expiresAt: soon })
    expect(give(good)).toBe('accepted')
    expect(give(good)).toBe('approval.duplicate')
    team.must(team.withdraw(ben, request))
    expect(give(good)).toBe('approval.replayed')
    const sameNonce = team.approvalBody(ben, request, { nonce: good.nonce })
    expect(give(sameNonce)).toBe('approval.replayed')
    const second = team.approvalBody(ben, request, { expiresAt: soon })
    expect(give(second)).toBe('accepted')
    expect(give(team.approvalBody(ben, request, { nonce: second.nonce }), ben, soon + 1)).toBe(
      'approval.replayed',
    )
    expect(give(body(), ben, soon + 1)).toBe('accepted')
  })

  it('L58 for a change it names the highest policy version among the environments, and no terms', async () => {
    const { team, ada, ben, dev, production, development } = await company()
    const set = () => team.setPolicy(ada, development.environment, policyOf({ op: 'none' }))
    for (let version = 1; version <= 3; version++) expect(set().outcome).toBe('accepted')
    team.must(team.setPolicy(ada, development.environment, policyOf(quorumOf(1, 'holders'))))
    expect(team.state.policies.get(production.environment)?.version).toBe(1)
    const access = [production, development].map(({ environment }) =>
      team.accessTo(dev.member, environment, 'hold', true),
    )
    const plain = team.accessPlain(dev, access)
    const request = team.askChange(ada, { type: 'member.access', plain, body: {} })
    const body = team.approvalBody(ben, request)
    expect(body.policyVersion).toBe(4)
    expect(team.giveApproval(ben, request, { ...body, policyVersion: 1 }).outcome).toBe(
      'approval.policy_version',
    )
    const terms = team.terms(production)
    expect(team.giveApproval(ben, request, { ...body, terms }).outcome).toBe('approval.terms')
    expect(team.giveApproval(ben, request, body).outcome).toBe('accepted')
  })
})

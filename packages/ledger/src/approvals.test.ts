import { randomBytes } from '@countersign/crypto/random'
import { cryptoReady } from '@countersign/crypto/ready'
import { approvalStatement } from '@countersign/schema/approval-statement'
import { newId } from '@countersign/schema/ids'
import type { Rule } from '@countersign/schema/policy'
import { beforeAll, describe, expect, it } from 'vitest'
import { company } from '../test/company.ts'
import { policyOf, quorumOf } from '../test/ledger-author.ts'
import { touch } from '../test/person.ts'
import { requestStatus } from './quorum.ts'
import { statementFor } from './reduce-approvals.ts'
import { MAX_OPEN_REQUESTS } from './reduce-requests.ts'

beforeAll(cryptoReady)

describe('requests', () => {
  it('L53 a request is its author’s own, at their level, under the current policy', async () => {
    const { team, ben, cyd, dev, production, development } = await company()
    const body = team.bindingBody(dev, team.terms(production))
    const ask = (changes: Partial<typeof body>) => team.request(dev, { ...body, ...changes }).outcome
    expect(team.request(ben, body).outcome).toBe('request.mismatch')
    expect(ask({ device: ben.device.device })).toBe('request.mismatch')
    expect(team.request(cyd, team.bindingBody(cyd, body.terms)).outcome).toBe('request.level')
    expect(ask({ policyVersion: 0 })).toBe('request.policy_version')
    expect(ask({ terms: { ...body.terms, vault: newId() } })).toBe('vault.unknown')
    expect(ask({ terms: { ...body.terms, environment: newId() } })).toBe('environment.unknown')
    const [item = ''] = body.terms.items
    expect(ask({ terms: { ...body.terms, items: [item, item] } })).toBe('request.duplicate_items')
    expect(ask({ terms: { ...body.terms, models: ['large', 'large'] } })).toBe('request.duplicate_items')
    const lease = { ...body.terms.lease, durationMs: 31 * 86_400_000 }
    expect(ask({ terms: { ...body.terms, lease } })).toBe('request.lease')
    expect(ask({ createdAt: team.clock + 3_600_000 })).toBe('request.time')
    expect(ask({ expiresAt: team.clock - 1 })).toBe('request.time')
    expect(ask({ expiresAt: body.createdAt + 25 * 3_600_000 })).toBe('request.time')
    expect(ask({})).toBe('accepted')
    expect(ask({})).toBe('request.exists')
    expect(team.request(ben, team.bindingBody(ben, team.terms(development))).outcome).toBe('request.level')
  })

  it('L53 a request storm of one person ends at a limit, and others go on', async () => {
    const { team, ben, dev, production } = await company()
    for (let i = 0; i < MAX_OPEN_REQUESTS; i++) team.ask(dev, team.terms(production))
    expect(team.request(dev, team.bindingBody(dev, team.terms(production))).outcome).toBe('request.too_many')
    team.ask(ben, team.terms(production))
  })

  it('L55 the requester cancels; then nothing more is decided', async () => {
    const { team, ada, ben, dev, production } = await company()
    const request = team.ask(dev, team.terms(production))
    expect(team.cancel(ada, request).outcome).toBe('author.not_self')
    expect(team.cancel(dev, newId()).outcome).toBe('request.unknown')
    expect(team.cancel(dev, request).outcome).toBe('accepted')
    expect(team.cancel(dev, request).outcome).toBe('request.not_open')
    expect(team.approve(ben, request).outcome).toBe('request.not_open')
    expect(requestStatus(team.state, request, team.clock)?.state).toBe('cancelled')
  })
})

describe('approvals', () => {
  it('P15 nobody approves their own request, with whichever key', async () => {
    const { team, ben, production } = await company()
    const request = team.ask(ben, team.terms(production))
    expect(team.approve(ben, request).outcome).toBe('approval.self')
    const second = team.approvalBody(ben, request, {}, ben.keys[1])
    expect(team.giveApproval(ben, request, second).outcome).toBe('approval.self')
  })

  it('L54 where the policy says so, one’s own approval counts', async () => {
    const { team, ben, production } = await company({ policy: policyOf(quorumOf(1), { selfApproval: true }) })
    const request = team.ask(ben, team.terms(production))
    expect(team.approve(ben, request).outcome).toBe('accepted')
    expect(team.issue(ben, request).outcome).toBe('accepted')
  })

  it('P15 people are counted, not credentials: a second key of one person adds nothing', async () => {
    const { team, ben, dev, production } = await company()
    const request = team.ask(dev, team.terms(production))
    team.must(team.approve(ben, request))
    const again = team.approvalBody(ben, request, {}, ben.keys[1])
    expect(team.giveApproval(ben, request, again).outcome).toBe('approval.duplicate')
    expect(team.issue(ben, request).outcome).toBe('grant.no_quorum')
  })

  it('P15 whoever the policy does not count cannot approve: requesters, auditors, ghosts', async () => {
    const { team, dev, auditor, ben, production } = await company()
    const request = team.ask(ben, team.terms(production))
    expect(team.approve(dev, request).outcome).toBe('approval.not_eligible')
    expect(team.approve(auditor, request).outcome).toBe('approval.not_eligible')
  })

  it('P15 an approval is not transplanted: not to another request, person, policy or terms', async () => {
    const { team, ben, cyd, dev, production } = await company()
    const first = team.ask(dev, team.terms(production))
    const second = team.ask(dev, team.terms(production))
    const body = team.approvalBody(ben, first)
    expect(team.giveApproval(ben, second, body).outcome).toBe('approval.request_hash')
    const relabelled = { ...body, ...team.approvalBody(ben, second), assertion: body.assertion }
    expect(team.giveApproval(ben, second, relabelled).outcome).toBe('approval.assertion')
    expect(team.giveApproval(cyd, first, body).outcome).toBe('approval.credential')
    const terms = team.state.requests.get(first)?.body
    if (terms?.kind !== 'binding') throw new Error('a binding was asked')
    const narrowed = { ...terms.terms, mode: 'broker' as const }
    expect(team.giveApproval(ben, first, { ...body, terms: narrowed }).outcome).toBe('approval.assertion')
    expect(team.giveApproval(ben, first, { ...body, policyVersion: 0 }).outcome).toBe(
      'approval.policy_version',
    )
    expect(team.giveApproval(ben, first, { ...body, nonce: randomBytes(32) }).outcome).toBe(
      'approval.assertion',
    )
    const later = { ...body, expiresAt: body.expiresAt - 1 }
    expect(team.giveApproval(ben, first, later).outcome).toBe('approval.assertion')
    expect(team.giveApproval(ben, first, body).outcome).toBe('accepted')
  })

  it('P9 an unlock touch over the same fields is no approval', async () => {
    const { team, ben, dev, production } = await company()
    const request = team.ask(dev, team.terms(production))
    const body = team.approvalBody(ben, request)
    const record = team.state.requests.get(request)
    const [key] = ben.keys
    if (record === undefined || key === undefined) throw new Error('there is a request and a key')
    const fields = approvalStatement(statementFor(team.state, record, ben.member, body))
    const unlocked = { ...body, assertion: touch(key, 'unlock', fields) }
    expect(team.giveApproval(ben, request, unlocked).outcome).toBe('approval.assertion')
  })

  it('L59 a retired credential approves nothing', async () => {
    const { team, ben, dev, production } = await company()
    const request = team.ask(dev, team.terms(production))
    const body = team.approvalBody(ben, request)
    const { credentialId } = body.assertion
    team.must(team.write(ben, 'credential.retire', { teamKeyEpoch: 0, credentialId }, { reason: '' }))
    expect(team.giveApproval(ben, request, body).outcome).toBe('approval.credential')
    const other = team.approvalBody(ben, request, {}, ben.keys[1])
    expect(team.giveApproval(ben, request, other).outcome).toBe('accepted')
  })

  it('P15 the head is an ancestor that has the request; the entry is signed again without another touch', async () => {
    const { team, ben, dev, production } = await company()
    const before = team.head
    const request = team.ask(dev, team.terms(production))
    const unknown = { seq: team.head.seq, hash: randomBytes(32) }
    const older = team.approvalBody(ben, request, { head: before })
    expect(team.giveApproval(ben, request, older).outcome).toBe('approval.head')
    const elsewhere = team.approvalBody(ben, request, { head: unknown })
    expect(team.giveApproval(ben, request, elsewhere).outcome).toBe('approval.head')
    const body = team.approvalBody(ben, request)
    team.vault('meanwhile')
    expect(team.giveApproval(ben, request, body).outcome).toBe('accepted')
  })

  it('P16 deadlines compare entry times: a late approval, an expired one, one that outlives its request', async () => {
    const { team, ben, cyd, dev, production } = await company()
    const request = team.ask(dev, team.terms(production))
    const { expiresAt } = team.state.requests.get(request)?.body ?? { expiresAt: 0 }
    expect(team.approve(ben, request, {}, { time: expiresAt + 1 }).outcome).toBe('request.expired')
    expect(team.approve(ben, request, { expiresAt: expiresAt + 1 }).outcome).toBe('approval.time')
    const soon = team.clock + 60_000
    expect(team.approve(ben, request, { expiresAt: soon }, { time: soon + 1 }).outcome).toBe(
      'approval.expired',
    )
    team.must(team.approve(ben, request, { expiresAt: soon }))
    team.must(team.approve(cyd, request))
    expect(requestStatus(team.state, request, soon)?.state).toBe('awaiting_release')
    expect(requestStatus(team.state, request, soon + 1)?.state).toBe('pending')
    expect(team.issue(ben, request, { time: soon + 1 }).outcome).toBe('grant.no_quorum')
    expect(team.approve(ben, request, {}, { time: soon + 2 }).outcome).toBe('accepted')
    expect(team.issue(ben, request, { time: soon + 3 }).outcome).toBe('accepted')
  })

  it('L56 L57 approvers narrow and never widen; what counts is what all agreed to', async () => {
    const { team, ben, cyd, dev, production } = await company()
    const [a, b, c] = [newId(), newId(), newId()]
    const terms = team.terms(production, [a, b, c])
    const request = team.ask(dev, terms)
    const give = (person: typeof ben, changes: Partial<typeof terms>) =>
      team.approve(person, request, { terms: { ...terms, ...changes } }).outcome
    expect(give(ben, { items: [a, b, c, newId()] })).toBe('approval.terms')
    expect(give(ben, { lease: { ...terms.lease, durationMs: terms.lease.durationMs + 1 } })).toBe(
      'approval.terms',
    )
    expect(give(ben, { environment: newId() })).toBe('approval.terms')
    expect(team.approve(ben, request, { terms: null }).outcome).toBe('approval.terms')
    expect(give(ben, { items: [a, b], lease: { ...terms.lease, durationMs: 60_000 } })).toBe('accepted')
    expect(give(cyd, { items: [c] })).toBe('approval.terms_disjoint')
    expect(give(cyd, { items: [b, c], mode: 'broker' })).toBe('accepted')
    const status = requestStatus(team.state, request, team.clock)
    expect(status?.terms).toEqual({
      ...terms,
      items: [b],
      mode: 'broker',
      lease: { ...terms.lease, durationMs: 60_000 },
    })
    expect(team.issue(ben, request, { terms }).outcome).toBe('grant.terms')
    expect(team.issue(ben, request).outcome).toBe('accepted')
  })

  it('L60 one denial ends a request; the requester cancels instead; bystanders do neither', async () => {
    const { team, cyd, dev, ben, auditor, production } = await company()
    const request = team.ask(dev, team.terms(production))
    expect(team.deny(dev, request).outcome).toBe('denial.not_eligible')
    expect(team.deny(auditor, request).outcome).toBe('denial.not_eligible')
    team.must(team.approve(ben, request))
    expect(team.deny(cyd, request).outcome).toBe('accepted')
    const status = requestStatus(team.state, request, team.clock)
    expect(status?.state).toBe('denied')
    expect(status?.by.map(({ member, action }) => [member, action])).toEqual([
      [ben.member, 'approved'],
      [cyd.member, 'denied'],
    ])
    expect(team.approve(cyd, request).outcome).toBe('request.not_open')
    expect(team.issue(ben, request).outcome).toBe('request.not_open')
  })

  it('L61 an approver withdraws before the quorum, not after, and the same touch is not used again', async () => {
    const { team, ada, ben, cyd, dev, production } = await company()
    const request = team.ask(dev, team.terms(production))
    const body = team.approvalBody(ben, request)
    expect(team.withdraw(ben, request).outcome).toBe('approval.none')
    team.must(team.giveApproval(ben, request, body))
    expect(team.withdraw(cyd, request).outcome).toBe('approval.none')
    expect(team.withdraw(ben, request).outcome).toBe('accepted')
    expect(team.giveApproval(ben, request, body).outcome).toBe('approval.replayed')
    team.must(team.approve(cyd, request))
    expect(team.issue(ada, request).outcome).toBe('grant.no_quorum')
    team.must(team.approve(ben, request))
    expect(team.withdraw(ben, request).outcome).toBe('approval.quorum_reached')
  })

  it('L34 a new policy cancels the open requests asked under the old one', async () => {
    const { team, ada, ben, cyd, dev, production } = await company({ closed: false })
    const request = team.ask(dev, team.terms(production))
    team.must(team.approve(ben, request))
    team.must(team.approve(cyd, request))
    team.must(team.setPolicy(ada, production.environment, policyOf(quorumOf(1))))
    expect(team.issue(ada, request).outcome).toBe('request.not_open')
    const status = requestStatus(team.state, request, team.clock)
    expect([status?.state, status?.cause]).toEqual(['cancelled', 'policy_changed'])
  })

  it('L52 an approver who was removed no longer counts', async () => {
    const { team, ada, ben, cyd, dev, production } = await company()
    const request = team.ask(dev, team.terms(production))
    team.must(team.approve(ben, request))
    team.must(team.approve(cyd, request))
    team.must(team.remove(ada, ben, [production.environment]))
    expect(team.issue(ada, request).outcome).toBe('grant.no_quorum')
    const status = requestStatus(team.state, request, team.clock)
    expect([status?.state, status?.needed, status?.missing]).toEqual(['pending', 1, [ada.member]])
  })

  it('L51 L54 in a sequence nobody approves before their turn', async () => {
    const { team, ada, ben, cyd, dev, production } = await company({ closed: false })
    const named = (member: string): Rule => ({
      op: 'quorum',
      k: 1,
      of: { kind: 'members', members: [member] },
    })
    const rule: Rule = { op: 'sequence', rules: [named(ben.member), named(cyd.member)] }
    team.must(team.setPolicy(ada, production.environment, policyOf(rule)))
    const request = team.ask(dev, team.terms(production))
    expect(requestStatus(team.state, request, team.clock)?.missing).toEqual([ben.member])
    expect(team.approve(cyd, request).outcome).toBe('approval.too_early')
    team.must(team.approve(ben, request))
    expect(requestStatus(team.state, request, team.clock)?.missing).toEqual([cyd.member])
    team.must(team.approve(cyd, request))
    expect(team.issue(ada, request).outcome).toBe('accepted')
  })
})

import { cryptoReady } from '@countersign/crypto/ready'
import { newId } from '@countersign/schema/ids'
import { beforeAll, describe, expect, it } from 'vitest'
import { company } from '../test/company.ts'
import { policyOf, quorumOf } from '../test/ledger-author.ts'
import type { Person } from '../test/person.ts'
import { wholeState } from '../test/whole-state.ts'
import { requestStatus } from './quorum.ts'

beforeAll(cryptoReady)

const asked = async () => {
  const all = await company()
  const { team, dev, production, item } = all
  const request = team.ask(dev, team.terms(production, [item]))
  const status = (now = team.clock) => requestStatus(team.state, request, now)
  const at = (now = team.clock) => status(now)?.state
  const { expiresAt } = status() ?? { expiresAt: 0 }
  return { ...all, request, status, at, expiresAt }
}

const ids = (...people: Person[]): string[] => people.map(({ member }) => member).sort()

describe('where a request stands', () => {
  it('L55 L60 L61 L62 L70 an id that nobody asked for stands nowhere, and nothing is done about it', async () => {
    const { team, ben, dev, request } = await asked()
    expect(requestStatus(team.state, newId(), team.clock)).toBeUndefined()
    const body = team.approvalBody(ben, request)
    expect(team.giveApproval(ben, newId(), body).outcome).toBe('request.unknown')
    expect(team.deny(ben, newId()).outcome).toBe('request.unknown')
    expect(team.withdraw(ben, newId()).outcome).toBe('request.unknown')
    expect(team.cancel(dev, newId()).outcome).toBe('request.unknown')
    const { body: asking } = team.state.requests.get(request) ?? {}
    if (asking?.kind !== 'binding') throw new Error('a binding was asked')
    const unknown = newId()
    const releases = asking.terms.items.map((item) => ({
      request: unknown,
      item,
      version: 1,
      device: asking.device,
      blob: new Uint8Array(1),
    }))
    const plain = { teamKeyEpoch: 0, request: unknown, releases }
    const grant = { terms: asking.terms, expiresAt: team.clock + 60_000 }
    expect(team.write(ben, 'grant.issue', plain, grant).outcome).toBe('request.unknown')
  })

  it('L70 pending, then awaiting a release, then granted, revoked: who did what, who is missing and until when', async () => {
    const { team, ada, ben, cyd, dev, request, status, at, expiresAt } = await asked()
    const missing = () => [...(status()?.missing ?? [])].sort()
    expect([at(), status()?.needed, missing()]).toEqual(['pending', 2, ids(ada, ben, cyd)])
    expect(status()?.by).toEqual([])
    team.must(team.approve(ben, request))
    expect([at(), status()?.needed, missing()]).toEqual(['pending', 1, ids(ada, cyd)])
    team.must(team.approve(cyd, request))
    expect([at(), status()?.needed, missing()]).toEqual(['awaiting_release', 0, []])
    expect(status()?.expiresAt).toBe(expiresAt)
    team.must(team.issue(ada, request))
    expect([at(), status()?.needed, missing()]).toEqual(['granted', 0, []])
    const grant = team.state.requests.get(request)?.grant
    expect(status()?.expiresAt).toBe(grant?.expiresAt)
    expect(status()?.terms).toEqual(grant?.terms)
    team.must(team.revoke(dev, request))
    expect([at(), status()?.cause]).toEqual(['revoked', 'revoked'])
    expect(
      status()?.by.map(({ member, device, action, reason }) => [member, device, action, reason]),
    ).toEqual([
      [ben.member, ben.device.device, 'approved', ''],
      [cyd.member, cyd.device.device, 'approved', ''],
      [ada.member, ada.device.device, 'released', ''],
      [dev.member, dev.device.device, 'revoked', 'leaked'],
    ])
    const seqs = status()?.by.map(({ seq }) => seq) ?? []
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b))
  })

  it('L70 P16 an expiry is a matter of who asks when: it changes nothing and ends nobody’s request', async () => {
    const { team, ben, request, status, at, expiresAt } = await asked()
    const before = wholeState(team.state)
    expect([at(expiresAt), at(expiresAt + 1)]).toEqual(['pending', 'expired'])
    expect(status(expiresAt + 1)?.missing).toEqual([])
    expect(wholeState(team.state)).toEqual(before)
    // Somebody whose clock is far ahead is refused, and the request goes on for everybody else.
    expect(team.approve(ben, request, {}, { time: expiresAt + 1 }).outcome).toBe('request.expired')
    expect(team.deny(ben, request).outcome).toBe('accepted')
    const other = await asked()
    for (const person of [other.ben, other.cyd]) other.team.must(other.team.approve(person, other.request))
    expect([other.at(other.expiresAt), other.at(other.expiresAt + 1)]).toEqual([
      'awaiting_release',
      'expired',
    ])
    other.team.must(other.team.issue(other.ben, other.request))
    const end = other.status()?.expiresAt ?? 0
    expect(end).toBeGreaterThan(other.expiresAt)
    expect([other.at(other.expiresAt + 1), other.at(end), other.at(end + 1)]).toEqual([
      'granted',
      'granted',
      'grant_expired',
    ])
    expect(at()).toBe('denied')
  })

  it('L70 denied and cancelled say by whom and why, whatever the time', async () => {
    const denied = await asked()
    denied.team.must(denied.team.deny(denied.cyd, denied.request))
    expect([denied.at(), denied.at(denied.expiresAt + 1)]).toEqual(['denied', 'denied'])
    expect(denied.status()).toMatchObject({ cause: 'denied', needed: 0, missing: [] })
    expect(denied.status()?.by).toMatchObject([{ member: denied.cyd.member, action: 'denied', reason: 'no' }])
    const cancelled = await asked()
    cancelled.team.must(cancelled.team.cancel(cancelled.dev, cancelled.request))
    expect(cancelled.status()).toMatchObject({ state: 'cancelled', cause: 'cancelled' })
    expect(cancelled.status()?.by).toMatchObject([{ member: cancelled.dev.member, action: 'cancelled' }])
  })

  it('L70 a change request is carried out where a binding is granted, and has no terms', async () => {
    const { team, ada, ben, cyd, production } = await company()
    const { environment } = production
    const policy = policyOf(quorumOf(1))
    const content = { type: 'policy.set' as const, plain: team.policyPlain(environment), body: policy }
    const request = team.askChange(ada, content)
    const status = () => requestStatus(team.state, request, team.clock)
    expect(status()).toMatchObject({ state: 'pending', needed: 2, terms: null })
    expect([...(status()?.missing ?? [])].sort()).toEqual(ids(ben, cyd))
    for (const person of [ben, cyd]) team.must(team.approve(person, request))
    expect(status()?.state).toBe('awaiting_release')
    team.must(team.setPolicy(ada, environment, policy, request))
    expect(status()).toMatchObject({ state: 'granted', cause: null, terms: null })
    expect(status()?.by.map(({ member, action }) => [member, action])).toEqual([
      [ben.member, 'approved'],
      [cyd.member, 'approved'],
      [ada.member, 'carried_out'],
    ])
  })
})

import { cryptoReady } from '@countersign/crypto/ready'
import { newId } from '@countersign/schema/ids'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Company, company } from '../test/company.ts'
import { requestStatus } from './quorum.ts'
import { liveGrants } from './reduce-grants.ts'

beforeAll(cryptoReady)

const approved = async (): Promise<Company & { request: string }> => {
  const all = await company()
  const { team, ben, cyd, dev, production, item } = all
  const request = team.ask(dev, team.terms(production, [item]))
  team.must(team.approve(ben, request))
  team.must(team.approve(cyd, request))
  return { ...all, request }
}

const granted = async (): Promise<Company & { request: string }> => {
  const all = await approved()
  all.team.must(all.team.issue(all.ben, all.request))
  return all
}

describe('grants', () => {
  it('P2 only a holder releases, exactly the approved items, to the requesting device', async () => {
    const { team, ada, ben, cyd, dev, request, item } = await approved()
    expect(team.issue(cyd, request).outcome).toBe('author.not_holder')
    expect(team.issue(dev, request).outcome).toBe('author.not_holder')
    expect(team.issue(ben, request, { items: [newId()] }).outcome).toBe('grant.items')
    expect(team.issue(ben, request, { items: [item, newId()] }).outcome).toBe('grant.items')
    expect(team.issue(ben, request, { items: [item, item] }).outcome).toBe('grant.items')
    expect(team.issue(ben, request, { device: ada.device.device }).outcome).toBe('grant.items')
    expect(team.issue(ben, request, { expiresAt: team.clock + 3 * 3_600_000 }).outcome).toBe('grant.expiry')
    expect(team.issue(ben, request, { expiresAt: team.clock - 1 }).outcome).toBe('grant.expiry')
    expect(team.issue(ben, request).outcome).toBe('accepted')
    expect(team.issue(ben, request).outcome).toBe('request.not_open')
  })

  it('P16 a grant comes before the request’s deadline', async () => {
    const { team, ben, request } = await approved()
    const { expiresAt } = team.state.requests.get(request)?.body ?? { expiresAt: 0 }
    expect(requestStatus(team.state, request, expiresAt + 1)?.state).toBe('expired')
    expect(team.issue(ben, request, { time: expiresAt + 1 }).outcome).toBe('request.expired')
  })

  it('L62 a change request is never granted', async () => {
    const { team, ada, ben, production } = await company()
    const { environment } = production
    const plain = team.policyPlain(environment)
    const { policy } = team.state.policies.get(environment) ?? {}
    if (policy === undefined) throw new Error('production has a policy')
    const change = team.askChange(ada, { type: 'policy.set', plain, body: policy })
    const terms = team.terms(production)
    const releases = terms.items.map((item) => ({
      request: change,
      item,
      version: 1,
      device: ada.device.device,
      blob: new Uint8Array(1),
    }))
    const body = { terms, expiresAt: team.clock + 60_000 }
    const outcome = team.write(
      ben,
      'grant.issue',
      { teamKeyEpoch: 0, request: change, releases },
      body,
    ).outcome
    expect(outcome).toBe('grant.not_binding')
  })

  it('P2 a rotation reaches live grants, by a holder, forwards only', async () => {
    const { team, ada, ben, cyd, production, request, item } = await granted()
    expect(liveGrants(team.state, team.clock, { environment: production.environment, item })).toHaveLength(1)
    expect(liveGrants(team.state, team.clock, { item: newId() })).toHaveLength(0)
    expect(team.release(cyd, request, item, 2).outcome).toBe('author.not_holder')
    expect(team.release(ada, request, newId(), 2).outcome).toBe('grant.items')
    expect(team.release(ada, request, item, 1).outcome).toBe('grant.version')
    expect(team.release(ada, newId(), item, 2).outcome).toBe('grant.unknown')
    expect(team.release(ada, request, item, 2).outcome).toBe('accepted')
    expect(team.release(ben, request, item, 2).outcome).toBe('grant.version')
    const { expiresAt } = team.state.requests.get(request)?.grant ?? { expiresAt: 0 }
    expect(team.release(ada, request, item, 3, expiresAt + 1).outcome).toBe('grant.not_live')
    expect(requestStatus(team.state, request, expiresAt)?.state).toBe('granted')
    expect(requestStatus(team.state, request, expiresAt + 1)?.state).toBe('grant_expired')
    expect(liveGrants(team.state, expiresAt + 1)).toHaveLength(0)
  })

  it('L64 revoking is the requester’s, an admin’s, an approver’s or a holder’s, and wins', async () => {
    const { team, ada, cyd, auditor, request, item } = await granted()
    expect(team.revoke(auditor, request).outcome).toBe('author.not_allowed')
    expect(team.revoke(cyd, newId()).outcome).toBe('grant.unknown')
    expect(team.revoke(cyd, request).outcome).toBe('accepted')
    expect(team.revoke(ada, request).outcome).toBe('grant.not_live')
    expect(team.release(ada, request, item, 2).outcome).toBe('grant.not_live')
    const status = requestStatus(team.state, request, team.clock)
    expect([status?.state, status?.cause]).toEqual(['revoked', 'revoked'])
    expect(status?.by.map(({ action }) => action)).toEqual(['approved', 'approved', 'released', 'revoked'])
    expect(liveGrants(team.state, team.clock)).toHaveLength(0)
  })

  it('L64 what is not granted yet is denied or cancelled, not revoked', async () => {
    const { team, ada, request } = await approved()
    expect(team.revoke(ada, request).outcome).toBe('grant.unknown')
  })

  it('L34 removing the member, the device or the level revokes what they were granted and cancels what they asked', async () => {
    const byMember = await granted()
    const open = byMember.team.ask(byMember.dev, byMember.team.terms(byMember.production))
    byMember.team.must(byMember.team.remove(byMember.ada, byMember.dev))
    const { state, clock } = byMember.team
    expect(requestStatus(state, byMember.request, clock)?.cause).toBe('member_removed')
    expect(requestStatus(state, byMember.request, clock)?.state).toBe('revoked')
    expect(requestStatus(state, open, clock)?.state).toBe('cancelled')

    const byDevice = await granted()
    const { team, dev, ada, request } = byDevice
    const removal = { teamKeyEpoch: 0, device: dev.device.device }
    expect(team.write(byDevice.ben, 'device.remove', removal, {}).outcome).toBe('author.not_allowed')
    team.must(team.write(ada, 'device.remove', removal, {}))
    expect(requestStatus(team.state, request, team.clock)?.cause).toBe('device_removed')

    const byLevel = await granted()
    const { environment } = byLevel.production
    const less = [{ environment, level: 'view' as const, approve: false, wrap: null }]
    byLevel.team.must(byLevel.team.setAccess(byLevel.ada, byLevel.dev, less))
    const status = requestStatus(byLevel.team.state, byLevel.request, byLevel.team.clock)
    expect([status?.state, status?.cause]).toEqual(['revoked', 'access_lost'])
  })

  it('L62 nothing is granted to a requester who meanwhile lost the level', async () => {
    const { team, ada, ben, dev, production, request } = await approved()
    const { environment } = production
    const less = [{ environment, level: 'view' as const, approve: false, wrap: null }]
    team.must(team.setAccess(ada, dev, less))
    expect(team.issue(ben, request).outcome).toBe('request.not_open')
  })

  it('L62 where the policy asks nobody, a holder releases to themselves, and others still do not', async () => {
    const { team, ada, ben, dev, development } = await company()
    const request = team.ask(dev, team.terms(development))
    expect(requestStatus(team.state, request, team.clock)?.state).toBe('awaiting_release')
    expect(team.issue(ben, request).outcome).toBe('author.not_holder')
    expect(team.approve(ada, request).outcome).toBe('approval.not_eligible')
    expect(team.issue(dev, request).outcome).toBe('accepted')
  })
})

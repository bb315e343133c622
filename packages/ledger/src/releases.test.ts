import { cryptoReady } from '@countersign/crypto/ready'
import { newId } from '@countersign/schema/ids'
import type { Release } from '@countersign/schema/ledger-entries'
import { beforeAll, describe, expect, it } from 'vitest'
import { company } from '../test/company.ts'
import { blob } from '../test/ledger-author.ts'
import type { Person } from '../test/person.ts'

beforeAll(cryptoReady)

/** Two items granted to Dev, in version 1. */
const granted = async () => {
  const all = await company()
  const { team, ben, cyd, dev, production, item } = all
  const second = newId()
  const request = team.ask(dev, team.terms(production, [item, second]))
  for (const person of [ben, cyd]) team.must(team.approve(person, request))
  team.must(team.issue(ben, request))
  const of = (changes: Partial<Release> = {}): Release => ({
    request,
    item,
    version: 2,
    device: dev.device.device,
    blob: blob(),
    ...changes,
  })
  const release = (by: Person, releases: Release[], time?: number) => {
    const plain = { teamKeyEpoch: team.teamKeyEpoch, releases }
    return team.write(by, 'grant.release', plain, {}, time === undefined ? {} : { time }).outcome
  }
  const released = () => team.state.requests.get(request)?.grant?.released.map(({ version }) => version)
  return { ...all, request, second, of, release, released }
}

describe('releases', () => {
  it('L63 only a holder releases, only granted items, only to the device that asked', async () => {
    const { team, ada, ben, cyd, dev, of, release, released, production } = await granted()
    for (const person of [cyd, dev]) expect(release(person, [of()])).toBe('author.not_holder')
    expect(release(ben, [of({ item: newId() })])).toBe('grant.items')
    expect(release(ben, [of({ device: ada.device.device })])).toBe('grant.items')
    expect(release(ben, [of({ request: newId() })])).toBe('grant.unknown')
    const open = team.ask(dev, team.terms(production))
    expect(release(ben, [of({ request: open })])).toBe('grant.unknown')
    const plain = team.policyPlain(production.environment)
    const policy = team.state.policies.get(production.environment)?.policy
    if (policy === undefined) throw new Error('production has a policy')
    const change = team.askChange(ada, { type: 'policy.set', plain, body: policy })
    expect(release(ben, [of({ request: change })])).toBe('grant.unknown')
    expect(released()).toEqual([1, 1])
    expect(release(ben, [of()])).toBe('accepted')
    expect(released()).toEqual([2, 1])
  })

  it('L63 versions only go forwards, each item once an entry, and one that may not be released refuses them all', async () => {
    const { ben, second, of, release, released } = await granted()
    expect(release(ben, [of({ version: 1 })])).toBe('grant.version')
    expect(release(ben, [of(), of({ version: 3 })])).toBe('grant.version')
    expect(release(ben, [of(), of({ item: second, version: 1 })])).toBe('grant.version')
    expect(release(ben, [of(), of({ item: newId() })])).toBe('grant.items')
    expect(released()).toEqual([1, 1])
    expect(release(ben, [of({ version: 5 }), of({ item: second })])).toBe('accepted')
    expect(released()).toEqual([5, 2])
    expect(release(ben, [of({ version: 4 })])).toBe('grant.version')
  })

  it('L63 nothing is released for a grant that is revoked or has expired', async () => {
    const expired = await granted()
    const { expiresAt } = expired.team.state.requests.get(expired.request)?.grant ?? { expiresAt: 0 }
    expect(expired.release(expired.ben, [expired.of()], expiresAt + 1)).toBe('grant.not_live')
    expect(expired.release(expired.ben, [expired.of()], expiresAt)).toBe('accepted')
    const revoked = await granted()
    revoked.team.must(revoked.team.revoke(revoked.dev, revoked.request))
    expect(revoked.release(revoked.ben, [revoked.of()])).toBe('grant.not_live')
    expect(revoked.released()).toEqual([1, 1])
  })

  it('L62 L63 who lost the environment meanwhile issues and releases nothing', async () => {
    const { team, ada, ben, cyd, dev, production, of, release } = await granted()
    const { environment } = production
    const request = team.ask(dev, team.terms(production))
    for (const person of [cyd, ada]) team.must(team.approve(person, request))
    const lower = [{ environment, level: 'view' as const, approve: true, wrap: null }]
    team.must(team.setAccess(ada, ben, lower, { cuts: [{ environment, head: null }] }))
    expect(team.issue(ben, request).outcome).toBe('author.not_holder')
    expect(release(ben, [of()])).toBe('author.not_holder')
    expect(team.issue(ada, request).outcome).toBe('accepted')
  })
})

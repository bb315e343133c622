import { cryptoReady } from '@countersign/crypto/ready'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Person } from '../../test/people.ts'
import { ServerProcess } from '../../test/server-process.ts'
import { leash } from '../../test/tampering.ts'
import { foundTeam, live, openReplica, type Team } from '../../test/team.ts'
import { newcomerRecords } from '../members/new-member.ts'
import type { Replica } from '../replica/replica.ts'
import type { Connector } from '../transport/connector.ts'
import { wsConnector } from '../transport/ws-connector.ts'
import { parseInviteLink } from './invite-link.ts'
import type { JoinOffer } from './invite-messages.ts'
import type { InviteeState } from './invitee-exchange.ts'
import type { InviterState } from './inviter-exchange.ts'
import { type JoinInvite, joinInvite } from './join-invite.ts'
import type { WireRefusal } from './mailbox-wire.ts'
import { type OpenInvite, openInvite } from './open-invite.ts'

let server: ServerProcess
let team: Team
let admin: Replica
const closing: { close(): Promise<void> }[] = []
const TIMING = { heartbeatMs: 20_000, silenceMs: 45_000, firstRetryMs: 20, longestRetryMs: 200 }

beforeAll(() => cryptoReady())
beforeEach(async () => {
  server = await ServerProcess.start()
  team = await foundTeam(server)
  admin = await openReplica(team, team.founder)
  await live(admin)
})
afterEach(async () => {
  for (const each of closing.splice(0)) await each.close()
  await admin.stop()
  await server.remove()
})

class Watch<S extends { readonly state: string }> {
  readonly states: S[] = []
  readonly refusals: WireRefusal[] = []
  readonly onState = (state: S): void => {
    this.states.push(state)
  }
  readonly onRefused = (refusal: WireRefusal): void => {
    this.refusals.push(refusal)
  }

  async until(name: S['state']): Promise<S> {
    return this.#until(() => this.states.find(({ state }) => state === name))
  }

  async refusal(): Promise<WireRefusal> {
    return this.#until(() => this.refusals[0])
  }

  async #until<T>(look: () => T | undefined): Promise<T> {
    const deadline = performance.now() + 8000
    for (;;) {
      const found = look()
      if (found !== undefined) return found
      if (performance.now() > deadline)
        throw new Error(
          `saw ${JSON.stringify(this.refusals)} ${this.states.map(({ state }) => state).join(', ')}`,
        )
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
}

const invite = async (
  watch: Watch<InviterState>,
  options: Partial<Parameters<typeof openInvite>[0]> = {},
): Promise<OpenInvite> => {
  const opened = await openInvite({
    replica: admin,
    identity: { team: team.id, member: team.founder.member, genesisHash: team.genesisHash },
    server: team.server,
    signKey: team.founder.keys.sign,
    head: admin.head('ledger')!,
    about: { team: 'Team', inviter: 'Grace' },
    expiresAt: Date.now() + 3_600_000,
    onState: watch.onState,
    onRefused: watch.onRefused,
    ...options,
  })
  if (!opened.ok) throw new Error(opened.code)
  closing.push(opened)
  return opened
}

const offerOf = (person: Person): JoinOffer => {
  const { member, device, credentials } = newcomerRecords(team.id, person.newMember(team.id), [])
  const { roles: _, ...keys } = member
  return { ...keys, device, credentials, names: { name: 'Ada', device: 'Laptop', credentials: ['Key'] } }
}

const join = (
  link: string,
  watch: Watch<InviteeState>,
  options: { connect?: Connector; offer?: JoinOffer; resume?: JoinInvite } = {},
): JoinInvite => {
  const parsed = parseInviteLink(link, Date.now())
  if (!parsed.ok) throw new Error(parsed.code)
  const joining = joinInvite({
    invite: parsed.invite,
    offer: options.offer ?? offerOf(new Person()),
    connect: options.connect ?? wsConnector,
    clock: Date.now,
    timing: TIMING,
    onState: watch.onState,
    onRefused: watch.onRefused,
    ...(options.resume === undefined ? {} : { resume: options.resume }),
  })
  closing.push(joining)
  return joining
}

describe('P12 inviting over the real server', () => {
  it('P12 both sides read the same code, confirm, and the newcomer learns where the ledger stands', async () => {
    const here = new Watch<InviterState>()
    const there = new Watch<InviteeState>()
    const opened = await invite(here)
    const joining = join(opened.link, there)
    const mine = await here.until('comparing')
    const theirs = await there.until('comparing')
    if (mine.state !== 'comparing' || theirs.state !== 'comparing') throw new Error('not comparing')
    expect(mine.comparison).toEqual(theirs.comparison)
    expect(theirs.comparison.about).toEqual({ team: 'Team', inviter: 'Grace' })
    opened.confirm()
    joining.confirm()
    await here.until('agreed')
    const head = { seq: 4, hash: new Uint8Array(32).fill(4) }
    await opened.accepted(head)
    expect(await there.until('accepted')).toMatchObject({ head })
  })

  it('P12 a second person with the same link is refused, and the first goes on', async () => {
    const here = new Watch<InviterState>()
    const first = new Watch<InviteeState>()
    const second = new Watch<InviteeState>()
    const opened = await invite(here)
    const joining = join(opened.link, first)
    await first.until('comparing')
    await here.until('comparing')
    join(opened.link, second)
    expect((await second.refusal()).code).toBe('mailbox.used')
    joining.confirm()
    opened.confirm()
    await here.until('agreed')
  })

  it('P12 goes on after the newcomer’s connection broke, and after their program started again', async () => {
    const here = new Watch<InviterState>()
    const there = new Watch<InviteeState>()
    const line = leash()
    const opened = await invite(here)
    const offer = offerOf(new Person())
    const joining = join(opened.link, there, { connect: line.connect, offer })
    await there.until('comparing')
    await here.until('comparing')
    opened.confirm()
    line.cut()
    await joining.close()
    const again = new Watch<InviteeState>()
    const resumed = join(opened.link, again, { offer, resume: joining })
    await again.until('comparing')
    resumed.confirm()
    await here.until('agreed')
    expect([...here.refusals, ...again.refusals]).toEqual([])
  })

  it('P12 goes on after the inviter’s program started again', async () => {
    const here = new Watch<InviterState>()
    const there = new Watch<InviteeState>()
    const opened = await invite(here)
    const kept = { secret: opened.secret.copy(), nonce: opened.nonce }
    const parsed = parseInviteLink(opened.link, Date.now())
    if (!parsed.ok) throw new Error(parsed.code)
    const joining = join(opened.link, there)
    await here.until('comparing')
    await there.until('comparing')
    await admin.stop()
    admin = await openReplica(team, team.founder)
    const again = new Watch<InviterState>()
    const resumed = await invite(again, { resume: kept, expiresAt: parsed.invite.expiresAt })
    await again.until('comparing')
    joining.confirm()
    resumed.confirm()
    await again.until('agreed')
    expect(again.refusals).toEqual([])
  })

  it('P12 a refusal to confirm reaches the other side', async () => {
    const here = new Watch<InviterState>()
    const there = new Watch<InviteeState>()
    const opened = await invite(here)
    const joining = join(opened.link, there)
    await there.until('comparing')
    await joining.decline('another code')
    expect(await here.until('declined')).toMatchObject({ by: 'invitee', reason: 'another code' })
  })

  it('P12 refuses what another holder of the link wrote into the mailbox for the inviter to sign', async () => {
    const here = new Watch<InviterState>()
    const there = new Watch<InviteeState>()
    const opened = await invite(here, { signKey: new Person().keys.sign })
    const parsed = parseInviteLink(opened.link, Date.now())
    if (!parsed.ok) throw new Error(parsed.code)
    const { invite: right } = parsed
    const joining = joinInvite({
      invite: { ...right, inviter: { ...right.inviter, signKey: team.founder.keys.sign.publicKey } },
      offer: offerOf(new Person()),
      connect: wsConnector,
      clock: Date.now,
      onState: there.onState,
      onRefused: there.onRefused,
    })
    closing.push(joining)
    const ended = await Promise.race([there.until('refused'), here.until('declined')])
    expect(['refused', 'declined']).toContain(ended.state)
    expect(there.states.map(({ state }) => state)).not.toContain('comparing')
  })

  it('P12 says that an invite is unknown after it was closed', async () => {
    const here = new Watch<InviterState>()
    const there = new Watch<InviteeState>()
    const opened = await invite(here)
    await opened.close()
    join(opened.link, there)
    expect((await there.refusal()).code).toBe('mailbox.unknown')
  })
})

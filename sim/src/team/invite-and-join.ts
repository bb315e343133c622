import { Enrolment } from '@countersign/client/keys/enrolment'
import { parseInviteLink } from '@countersign/client/mailbox/invite-link'
import type { InviteeState } from '@countersign/client/mailbox/invitee-exchange'
import type { InviterState } from '@countersign/client/mailbox/inviter-exchange'
import { joinInvite } from '@countersign/client/mailbox/join-invite'
import { openInvite } from '@countersign/client/mailbox/open-invite'
import { newcomerRecords } from '@countersign/client/members/new-member'
import { changeTeam } from '@countersign/client/requests/change-actions'
import { joinedTeam, newMemberOf } from '@countersign/client/team/found-team'
import { Secret } from '@countersign/crypto/secret'
import { LEDGER } from '@countersign/schema/ids'
import type { Level, Role } from '@countersign/schema/policy'
import type { World } from '../run/world.ts'
import { SimProcess } from '../runtime/sim-process.ts'
import type { Machine } from './machine.ts'
import { MemoryKeys } from './memory-keys.ts'

const DAY_MS = 86_400_000

interface Plan {
  readonly roles: Role[]
  readonly access: readonly { environment: string; level: Level; approve: boolean }[]
}

/** The two people and their screens: each waits for its own side's state, both compare the code. */
class Side<S extends { readonly state: string }> {
  #state: S | null = null
  readonly #waiting: (() => void)[] = []

  move(state: S): void {
    this.#state = state
    for (const wake of this.#waiting.splice(0)) wake()
  }

  /** Resolves with the first state that has one of these names. */
  async reach<N extends S['state']>(...names: N[]): Promise<Extract<S, { state: N }>> {
    for (;;) {
      const state = this.#state
      if (state !== null && (names as string[]).includes(state.state))
        return state as Extract<S, { state: N }>
      if (state !== null && ['declined', 'refused'].includes(state.state)) throw new Error(state.state)
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }
}

/** An invite from the link to the newcomer's membership (P12), each side in its own process. Never ends if one of them dies. */
export const inviteAndJoin = async (
  world: World,
  inviter: Machine,
  newcomer: Machine,
  plan: Plan,
): Promise<string> => {
  const { session, device, process } = inviter
  const membership = inviter.file.membership
  if (session === null || device === null || process === null || membership === null)
    return 'inviter is locked'
  const here = new Side<InviterState>()
  const there = new Side<InviteeState>()
  const head = device.replica.head(LEDGER)
  if (head === null) return 'no ledger'
  const opened = await process.run(() =>
    openInvite({
      replica: device.replica,
      identity: { team: membership.team, member: membership.member, genesisHash: membership.genesisHash },
      server: membership.server,
      signKey: session.memberSign,
      head,
      about: { team: 'Simulated', inviter: inviter.name },
      expiresAt: session.now() + DAY_MS,
      onState: (state) => here.move(state),
    }),
  )
  if (!opened.ok) return opened.code
  const joining = new SimProcess(`${newcomer.name}*`)
  const side = joining.run(async () => {
    const parsed = parseInviteLink(opened.link, newcomer.now())
    if (!parsed.ok) throw new Error(parsed.code)
    const { invite } = parsed
    const keys = new MemoryKeys()
    const enrolment = new Enrolment(keys, () => invite.team)
    await enrolment.enrol('First key')
    await enrolment.enrol('Second key')
    const owner = {
      device: newcomer.file.device,
      deviceSecret: Secret.take(newcomer.file.deviceSecret.slice()),
    }
    const names = { name: newcomer.name, deviceName: 'Laptop' }
    const member = newMemberOf(enrolment, owner, names)
    const records = newcomerRecords(invite.team, member, [])
    const exchange = joinInvite({
      invite,
      offer: {
        member: member.member,
        signKey: records.member.signKey,
        kemKey: records.member.kemKey,
        recovery: records.member.recovery,
        device: records.device,
        credentials: records.credentials,
        names: { name: newcomer.name, device: 'Laptop', credentials: [...member.labels] },
      },
      connect: world.network.connector(newcomer.name),
      clock: () => newcomer.now(),
      onState: (state) => there.move(state),
      onRefused: ({ code }) => there.move({ state: 'refused', code: 'mailbox.expired', message: code }),
    })
    const mine = await there.reach('comparing')
    exchange.confirm()
    const accepted = await there.reach('accepted')
    const place = { genesisHash: invite.genesisHash, head: accepted.head }
    const joined = joinedTeam(enrolment, { ...place, server: { url: invite.url, id: invite.server } })
    newcomer.file.membership = joined
    newcomer.file.keys = keys.serialize()
    await exchange.close()
    return mine.comparison.transcript.code
  })
  const adding = process.run(async () => {
    const { comparison } = await here.reach('comparing')
    opened.confirm()
    await here.reach('agreed')
    const { offer, transcript } = comparison
    const { member, signKey, kemKey, recovery, device: record, credentials, names } = offer
    const changed = await changeTeam(
      session,
      {
        type: 'member.add',
        newcomer: {
          member: { member, signKey, kemKey, roles: plan.roles, recovery },
          device: record,
          credentials: [...credentials],
        },
        names,
        access: [...plan.access],
        transcript: transcript.hash,
      },
      `Add ${newcomer.name}`,
    )
    if (!changed.ok) throw new Error(changed.code)
    if (!changed.value.applied) return 'waits for a quorum'
    const added = device.replica.head(LEDGER)
    if (added === null) throw new Error('no ledger')
    await opened.accepted(added)
    await opened.close()
    return transcript.code
  })
  const turnedAway = side.then(
    () => new Promise<never>(() => {}),
    (error: unknown) => `newcomer: ${error instanceof Error ? error.message : error}`,
  )
  const code = await Promise.race([adding, turnedAway])
  if (code === 'waits for a quorum' || code.startsWith('newcomer: ')) {
    joining.kill()
    return code
  }
  const theirs = await side
  joining.kill()
  return theirs === code ? 'joined' : 'the codes differ'
}

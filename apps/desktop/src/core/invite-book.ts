import type { InviterState } from '@countersign/client/mailbox/inviter-exchange'
import { type OpenInvite, openInvite } from '@countersign/client/mailbox/open-invite'
import { type Outcome, ok, type Refusal, refuse } from '@countersign/client/refusal'
import { changeTeam } from '@countersign/client/requests/change-actions'
import type { SealedRecords } from '@countersign/client/session/sealed-records'
import type { UnlockedSession } from '@countersign/client/session/unlocked-session'
import { Secret } from '@countersign/crypto/secret'
import { bytesSchema, timeSchema } from '@countersign/schema/bytes'
import { toHex } from '@countersign/schema/hex'
import { idSchema, LEDGER } from '@countersign/schema/ids'
import { levelSchema, roleSchema } from '@countersign/schema/policy'
import { z } from 'zod'
import type { InviteView } from '../shared/views.ts'
import type { Core, InvitePlan, MadeInvites } from './core-state.ts'
import { nameOf } from './views/people.ts'

const planSchema = z.strictObject({
  name: z.string(),
  roles: z.array(roleSchema),
  access: z.array(z.strictObject({ environment: idSchema, level: levelSchema, approve: z.boolean() })),
  expiresAt: timeSchema,
})
type Plan = z.infer<typeof planSchema>

const storedSchema = planSchema.extend({ secret: bytesSchema(32), nonce: bytesSchema(32) })

interface Invite {
  readonly id: string
  readonly plan: Plan
  state: InviteView['state']
  code: string | null
  error: string | null
  /** The change request that waits for its quorum (P3). */
  request: string | null
  open: OpenInvite | null
  adding: boolean
}

const unknownInvite = (): Refusal =>
  refuse('invite.unknown', 'There is no such invite.', 'Reload the list, or make a new invite.')

/** Invites this installation made: their mailboxes, the code to compare, and making the newcomer a member once both agreed (P12). */
export class InviteBook implements MadeInvites {
  readonly #core: Core
  readonly #session: UnlockedSession
  readonly #records: SealedRecords
  readonly #invites = new Map<string, Invite>()
  readonly #stopListening: () => void

  private constructor(core: Core, session: UnlockedSession) {
    this.#core = core
    this.#session = session
    this.#records = session.records('invite')
    this.#stopListening = session.onChanges(({ ledger }) => {
      if (ledger) this.#lookAtRequests()
    })
  }

  /** Takes up the invites of earlier unlocks that have not expired. */
  static async open(core: Core, session: UnlockedSession): Promise<InviteBook> {
    const book = new InviteBook(core, session)
    for (const { name, value } of await book.#records.all()) {
      const stored = storedSchema.safeParse(value)
      if (!stored.success || stored.data.expiresAt < session.now()) {
        await book.#records.remove(name)
        continue
      }
      const { secret, nonce, ...plan } = stored.data
      // A mailbox that is gone by now shows as an expired invite; it must not keep anybody from unlocking.
      void book.#open(plan, { secret: Secret.take(Uint8Array.from(secret)), nonce })
    }
    return book
  }

  list(): InviteView[] {
    return [...this.#invites.values()].map((invite) => this.#view(invite, null))
  }

  async create(plan: InvitePlan): Promise<Outcome<InviteView>> {
    const { expiresInMs, ...rest } = plan
    const opened = await this.#open(
      { ...rest, access: [...rest.access], expiresAt: this.#session.now() + expiresInMs },
      undefined,
    )
    if (!opened.ok) return opened
    const { invite, link, secret, nonce } = opened.value
    await this.#records.put(invite.id, { ...invite.plan, secret: secret.expose(), nonce })
    this.#core.announce('invites')
    return ok(this.#view(invite, link))
  }

  /** The inviter says that both codes are the same, or not. */
  async confirm(id: string, same: boolean): Promise<Outcome<InviteView>> {
    const invite = this.#invites.get(id)
    if (invite?.open == null) return unknownInvite()
    if (!same) {
      invite.open.decline('The codes were not the same.')
      return ok(this.#view(invite, null))
    }
    if (invite.open.state().state !== 'comparing') {
      return refuse('invite.too_early', 'There is no code to compare yet.', 'Wait for the other person.')
    }
    invite.open.confirm()
    return ok(this.#view(invite, null))
  }

  async cancel(id: string): Promise<Outcome<Record<string, never>>> {
    const invite = this.#invites.get(id)
    if (invite === undefined) return unknownInvite()
    this.#invites.delete(id)
    await this.#records.remove(id)
    invite.open?.decline('The invite was taken back.')
    await invite.open?.close()
    this.#core.announce('invites')
    return ok({})
  }

  async close(): Promise<void> {
    this.#stopListening()
    this.#invites.clear()
  }

  async #open(
    plan: Plan,
    resume: { secret: Secret; nonce: Uint8Array } | undefined,
  ): Promise<Outcome<{ invite: Invite; link: string; secret: Secret; nonce: Uint8Array }>> {
    const { team, member, ledger } = this.#session
    const { membership, replica } = this.#session.device
    const head = replica.head(LEDGER)
    if (head === null) return refuse('sync.incomplete', 'The ledger is not here yet.', 'Wait for the sync.')
    let invite: Invite | null = null
    const early: InviterState[] = []
    const opened = await openInvite({
      replica,
      identity: { team, member, genesisHash: membership.genesisHash },
      server: membership.server,
      signKey: this.#session.memberSign,
      head,
      about: { team: ledger.names.team, inviter: nameOf(ledger, member) },
      expiresAt: plan.expiresAt,
      ...(resume === undefined ? {} : { resume }),
      onState: (state) => {
        if (invite === null) early.push(state)
        else this.#moved(invite, state)
      },
      onRefused: ({ code, message }) => {
        if (invite !== null) this.#failed(invite, code, message)
      },
    })
    if (!opened.ok) {
      return refuse(opened.code, opened.message, 'Check the connection to the server and try again.')
    }
    const made: Invite = {
      id: toHex(opened.mailbox),
      plan,
      state: 'waiting',
      code: null,
      error: null,
      request: null,
      open: opened,
      adding: false,
    }
    invite = made
    this.#invites.set(made.id, made)
    for (const state of early) this.#moved(made, state)
    return ok({ invite: made, link: opened.link, secret: opened.secret, nonce: opened.nonce })
  }

  #moved(invite: Invite, state: InviterState): void {
    switch (state.state) {
      case 'comparing':
        invite.state = state.here ? 'confirmed_here' : 'code'
        invite.code = state.comparison.transcript.code
        break
      case 'agreed':
        invite.state = 'confirmed_here'
        invite.code = state.comparison.transcript.code
        void this.#add(invite, state)
        break
      case 'accepted':
        invite.state = 'joined'
        break
      case 'declined':
        invite.state = 'declined'
        invite.error = state.reason === '' ? null : state.reason
        break
      case 'refused':
        invite.state = state.code === 'mailbox.expired' ? 'expired' : 'failed'
        invite.error = state.message
        break
      default:
    }
    this.#core.announce('invites')
  }

  #failed(invite: Invite, code: string, message: string): void {
    if (invite.state === 'joined') return
    invite.state = code === 'mailbox.expired' || code === 'mailbox.unknown' ? 'expired' : 'failed'
    invite.error = message
    this.#core.announce('invites')
  }

  /** Both sides confirmed: the newcomer becomes a member, or a quorum is asked first. */
  async #add(invite: Invite, state: InviterState & { state: 'agreed' }): Promise<void> {
    const { offer, transcript } = state.comparison
    if (invite.adding || this.#session.ledger.projection.members.has(offer.member)) {
      return this.#accept(invite)
    }
    invite.adding = true
    const { member, signKey, kemKey, recovery, device, credentials, names } = offer
    const changed = await changeTeam(this.#session, {
      type: 'member.add',
      newcomer: {
        member: { member, signKey, kemKey, roles: invite.plan.roles, recovery },
        device,
        credentials: [...credentials],
      },
      names,
      access: invite.plan.access,
      transcript: transcript.hash,
    }).catch((error: unknown) => refuse('invite.failed', messageOf(error), 'Make a new invite.'))
    if (!changed.ok) {
      invite.state = 'failed'
      invite.error = `${changed.message} ${changed.fix}`
    } else if (changed.value.applied) {
      await this.#accept(invite)
    } else {
      invite.state = 'needs_approval'
      invite.request = changed.value.request
    }
    this.#core.announce('invites', 'members')
  }

  /** Tells the newcomer that they are in the ledger, and forgets the invite's secret. */
  async #accept(invite: Invite): Promise<void> {
    const head = this.#session.device.replica.head(LEDGER)
    if (head === null || invite.open === null) return
    await invite.open.accepted(head)
    invite.state = 'joined'
    invite.request = null
    await this.#records.remove(invite.id)
    this.#core.announce('invites', 'members')
  }

  /** An approved newcomer's entry has landed, or the request for it came to nothing. */
  #lookAtRequests(): void {
    for (const invite of this.#invites.values()) {
      if (invite.request === null) continue
      const record = this.#session.ledger.requests.get(invite.request)
      if (record?.state === 'done') void this.#accept(invite)
      if (record?.state === 'denied' || record?.state === 'cancelled') {
        invite.request = null
        invite.state = 'declined'
        invite.error = record.ended?.reason ?? 'The team did not approve.'
        invite.open?.decline('The team did not approve.')
        this.#core.announce('invites')
      }
    }
  }

  #view(invite: Invite, link: string | null): InviteView {
    const { id, plan, state, code, error } = invite
    return {
      invite: id,
      name: plan.name,
      roles: plan.roles,
      state,
      code,
      link,
      expiresAt: plan.expiresAt,
      error,
    }
  }
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : 'The newcomer could not be added.'

import { equalBytes } from '@countersign/crypto/hash'
import { activeMembers } from '@countersign/ledger/projection-lookup'
import { LEDGER } from '@countersign/schema/ids'
import type { Membership } from '../keys/installation.ts'
import { type Outcome, ok, type Refusal, refuse } from '../refusal.ts'
import type { Replica } from '../replica/replica.ts'

/** Entries that only take something away; whoever reads them under an old key learns a reason at most. */
const TAKING_AWAY = new Set([
  'device.add',
  'device.remove',
  'credential.retire',
  'request.cancel',
  'approval.deny',
  'approval.withdraw',
  'grant.revoke',
])

/**
 * A computer that took over from a recovery sheet has seen the team through its server's eyes only: it might have been shown an old
 * ledger in which somebody who was removed still has keys (P11). Until a device of another member states a ledger head that has this
 * device in it, which no statement made before can, nothing is sealed here for others to read.
 */
export class Confirmation {
  readonly #replica: Replica
  readonly #member: string
  readonly #device: string
  readonly #listeners = new Set<() => void>()
  readonly #stopListening: () => void
  #since: number | null
  #looking = false

  constructor(replica: Replica, membership: Membership, device: string) {
    this.#replica = replica
    this.#member = membership.member
    this.#device = device
    this.#since = membership.unconfirmedSince
    // A statement of another device is announced as a status; nothing to do once it is confirmed.
    this.#stopListening = replica.onStatus(() => void this.#look())
    void this.#look()
  }

  /** When this computer took over; null: it is confirmed, or was never in doubt. */
  get unconfirmedSince(): number | null {
    return this.#since
  }

  /** Nobody else could confirm it. */
  get alone(): boolean {
    return this.#others() === 0
  }

  onConfirmed(listener: () => void): void {
    if (this.#since !== null) this.#listeners.add(listener)
  }

  /** The only member of a team has nobody to confirm it and says that they know. */
  acknowledge(): Outcome<null> {
    if (this.#since !== null && !this.alone) {
      return refuse(
        'device.unconfirmed',
        'There are others in the team who can confirm this computer.',
        'Ask one of them to open Countersign; it confirms by itself.',
      )
    }
    this.#confirm()
    return ok(null)
  }

  /** Why entries of these types are not written yet; null where they may be. */
  refuses(types: readonly string[]): Refusal | null {
    if (this.#since === null || types.every((type) => TAKING_AWAY.has(type))) return null
    return refuse(
      'device.unconfirmed',
      'This computer is new and nobody has confirmed yet that the server shows it the present team.',
      this.alone
        ? 'You are the only member: acknowledge it at the top of the window.'
        : 'Ask another member to open Countersign; it confirms by itself. Reading works meanwhile.',
    )
  }

  stop(): void {
    this.#stopListening()
    this.#listeners.clear()
  }

  #others(): number {
    return activeMembers(this.#replica.projection).filter(({ member }) => member !== this.#member).length
  }

  async #look(): Promise<void> {
    if (this.#since === null || this.#looking) return
    this.#looking = true
    try {
      if (await this.#isConfirmed()) this.#confirm()
    } finally {
      this.#looking = false
    }
  }

  async #isConfirmed(): Promise<boolean> {
    const addedAt = this.#replica.projection.devices.get(this.#device)?.addedAt
    if (addedAt === undefined) return false
    for (const { statement } of this.#replica.seen()) {
      if (statement.member === this.#member) continue
      const head = statement.heads.find(({ stream }) => stream === LEDGER)?.head
      if (head === undefined || head.seq < addedAt) continue
      const ours = await this.#replica.hashAt(LEDGER, head.seq)
      if (ours !== undefined && equalBytes(ours, head.hash)) return true
    }
    return false
  }

  #confirm(): void {
    this.#since = null
    for (const listener of [...this.#listeners]) listener()
    this.#listeners.clear()
  }
}

import { deviceKem, memberKeys, storeKey } from '@countersign/crypto/derive'
import { equalBytes } from '@countersign/crypto/hash'
import type { KeyPair } from '@countersign/crypto/key-pair'
import type { Secret } from '@countersign/crypto/secret'
import { sign } from '@countersign/crypto/sign'
import { activeMember } from '@countersign/ledger/projection-lookup'
import { REFUSALS, type Verdict } from '@countersign/ledger/refusal'
import type { LedgerState } from '@countersign/ledger/state'
import { ENTRY_PURPOSE } from '@countersign/schema/entry'
import { type EntryId, newId } from '@countersign/schema/ids'
import { ClientError } from '../client-error.ts'
import type { ItemIndex } from '../items/item-index.ts'
import { type KeyProblem, KeyRing } from '../keys/key-ring.ts'
import { type Outcome, ok, type Refusal, refuse } from '../refusal.ts'
import type { Author, EntryDraft, HeadOf } from '../team/author.ts'
import { CompartmentCheckpoints } from '../team/compartment-checkpoint.ts'
import { LedgerCheckpoints } from '../team/ledger-checkpoint.ts'
import { type Changes, type Checkpoints, TeamReplay } from '../team/team-replay.ts'
import type { DeviceSession } from './device-session.ts'
import { SealedRecords } from './sealed-records.ts'

/** Builds the entries of one change on top of the state as it is now; called again whenever somebody was faster. */
export type BuildChange = (author: Author, headOf: HeadOf) => readonly EntryDraft[] | Refusal

const FIRST_CHECKPOINT_MS = 2_000
const CHECKPOINT_EVERY_MS = 60_000

/** A device session with the member's keys: reads names and values, writes entries. Ends with the process (P13). */
export class UnlockedSession {
  readonly device: DeviceSession
  /** A random name of this unlock, for leases that last until lock (P22). */
  readonly name = newId()
  readonly deviceKem: KeyPair
  /** Signs ledger and compartment entries, and what an inviter says. */
  readonly memberSign: KeyPair
  readonly #storeKey: Secret
  readonly #replay: TeamReplay
  readonly #timers: ReturnType<typeof setInterval>[]
  readonly #listeners: Set<(changes: Changes) => void>

  private constructor(
    device: DeviceSession,
    keys: { memberSign: KeyPair; deviceKem: KeyPair; storeKey: Secret },
    replay: TeamReplay,
    more: { listeners: Set<(changes: Changes) => void>; checkpoints: Checkpoints },
  ) {
    this.device = device
    this.deviceKem = keys.deviceKem
    this.memberSign = keys.memberSign
    this.#storeKey = keys.storeKey
    this.#replay = replay
    this.#listeners = more.listeners
    // Once soon after the unlock, then now and then: what is lost by a lock in between is only time. Catching up goes first.
    const save = (): void => {
      replay.saveCheckpoints(more.checkpoints).catch(() => undefined)
    }
    const soon = setInterval(() => {
      if (device.replica.status().connection === 'catching_up') return
      clearInterval(soon)
      save()
    }, FIRST_CHECKPOINT_MS)
    this.#timers = [soon, setInterval(save, CHECKPOINT_EVERY_MS)]
  }

  /** Takes ownership of `root` and wipes it once the keys are derived; opens everything this member may see. */
  static async open(device: DeviceSession, deviceSecret: Secret, root: Secret): Promise<UnlockedSession> {
    const { membership, replica } = device
    const member = memberKeys(root)
    if (!equalBytes(member.sign.publicKey, membership.signKey)) {
      throw new ClientError('unlock.failed', 'These are not the keys of this installation’s member.')
    }
    const keys = {
      memberSign: member.sign,
      deviceKem: deviceKem(root, deviceSecret),
      storeKey: storeKey(root),
    }
    root.wipe()
    const ring = new KeyRing(membership.team, membership.member, member.kem)
    const listeners = new Set<(changes: Changes) => void>()
    const records = new SealedRecords(device.store, keys.storeKey, 'checkpoint')
    const checkpoints = {
      ledger: new LedgerCheckpoints(records, device.store),
      compartments: new CompartmentCheckpoints(records),
    }
    const onChanges = (changes: Changes): void => {
      for (const listener of [...listeners]) listener(changes)
    }
    const replay = await TeamReplay.start(replica, ring, onChanges, checkpoints)
    return new UnlockedSession(device, keys, replay, { listeners, checkpoints })
  }

  get team(): string {
    return this.device.membership.team
  }

  get member(): string {
    return this.device.membership.member
  }

  get ledger(): LedgerState {
    return this.#replay.ledger
  }

  get ring(): KeyRing {
    return this.#replay.ring
  }

  /** Keys that are not what the team was told of, as far as they were asked for (P4). */
  get keyProblems(): readonly KeyProblem[] {
    return this.ring.problems
  }

  /** Whether a cut in the ledger names another history of an environment than the one shown here. */
  get cutForked(): boolean {
    return this.#replay.problems.has('chain.cut_fork')
  }

  now(): number {
    return this.device.replica.now()
  }

  /** The items of an environment this member may see names in. */
  index(environment: string): ItemIndex | undefined {
    return this.#replay.index(environment)
  }

  /** What the reducer had against a recent entry; undefined where it had nothing, or that was long ago. */
  verdict(entry: EntryId): Verdict | undefined {
    return this.#replay.verdict(entry)
  }

  onChanges(listener: (changes: Changes) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** When a member was added, by the clock of whoever added them. */
  joinedAt(member: string): number | undefined {
    return this.#replay.joinedAt.get(member)
  }

  /** This installation's own sealed records of a kind. */
  records(kind: string): SealedRecords {
    return new SealedRecords(this.device.store, this.#storeKey, kind)
  }

  /** Whether this member is (still) in the team as far as is known here. */
  get active(): boolean {
    return activeMember(this.ledger.projection, this.member) !== undefined
  }

  /**
   * Writes one change: all its entries land, or none. Refuses with what the builder refuses, with the server's code, or with the
   * reducer's where an entry landed and counts for nothing.
   */
  async append(build: BuildChange): Promise<Outcome<readonly EntryDraft[]>> {
    const { replica } = this.device
    let refusal: Refusal | null = null
    let drafts: readonly EntryDraft[] = []
    const result = await replica.append(
      ({ head }) => {
        const made = build(this.#author(), head)
        const built = 'ok' in made ? made : (this.#unconfirmed(made) ?? made)
        if ('ok' in built) {
          refusal = built
          return { code: built.code, message: built.message }
        }
        refusal = null
        drafts = built
        return [...built]
      },
      { sign: (_stream, bytes) => sign(this.memberSign.secretKey, ENTRY_PURPOSE, bytes) },
    )
    if (refusal !== null) return refusal
    if (!result.ok) return appendRefusal(result.code, result.message)
    for (const { id } of drafts) {
      const verdict = this.#replay.verdict(id)
      if (verdict !== undefined && !verdict.accepted) {
        return refuse(
          verdict.code,
          `The team’s rules refuse this: ${REFUSALS[verdict.code]}.`,
          'Reload and try again; ask an admin if it stays.',
        )
      }
    }
    return ok(drafts)
  }

  #unconfirmed(drafts: readonly EntryDraft[]): Refusal | null {
    return this.device.confirmation.refuses(drafts.map(({ type }) => type))
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer)
    this.#replay.stop()
    this.#listeners.clear()
  }

  #author(): Author {
    return {
      team: this.team,
      member: this.member,
      device: this.device.device,
      ring: this.ring,
      projection: this.ledger.projection,
      sign: this.memberSign,
    }
  }
}

const FIXES: Readonly<Record<string, string>> = {
  offline: 'Check the connection; nothing was lost, try again.',
  alarm: 'Do not trust this server until an admin has looked at the alarm.',
  'append.contended': 'Try again in a moment.',
  'store.full': 'Ask whoever runs the server to free some space on its disk.',
}

const appendRefusal = (code: string, message: string): Refusal =>
  refuse(code, message, FIXES[code] ?? 'Try again; if it stays, ask an admin to look at the team’s log.')

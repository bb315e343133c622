import { deviceSign } from '@countersign/crypto/derive'
import type { KeyPair } from '@countersign/crypto/key-pair'
import type { Secret } from '@countersign/crypto/secret'
import { sign } from '@countersign/crypto/sign'
import { currentAuditKey } from '@countersign/ledger/projection-lookup'
import type { AuditRecord } from '@countersign/schema/audit'
import type { CborValue } from '@countersign/schema/canonical'
import { ENTRY_PURPOSE } from '@countersign/schema/entry'
import { auditStream, LEDGER, type StreamName } from '@countersign/schema/ids'
import { AuditJournal, type WaitingAuditEntry } from '../audit/audit-journal.ts'
import { AuditWriter } from '../audit/audit-writer.ts'
import { ClientError } from '../client-error.ts'
import type { Membership } from '../keys/installation.ts'
import type { Clock } from '../replica/clock.ts'
import type { Signer } from '../replica/draft.ts'
import { Replica } from '../replica/replica.ts'
import type { Log, ReplicaTiming } from '../replica/replica-options.ts'
import type { LocalStore } from '../store/local-store.ts'
import type { Connector } from '../transport/connector.ts'
import { Confirmation } from './confirmation.ts'

export interface DeviceSessionOptions {
  readonly store: LocalStore
  readonly membership: Membership
  readonly device: string
  readonly deviceSecret: Secret
  readonly connect: Connector
  readonly clock: Clock
  readonly log: Log
  /** Adds this device to the ledger where that does not have it (P11). */
  readonly memberSign?: KeyPair
  readonly timing?: Partial<ReplicaTiming>
}

/** Waiting audit records are sent this long after the first of them, so that many share one entry of the ledger's order. */
const FLUSH_AFTER_MS = 400

/**
 * What an installation does without anybody's keys (P13): it syncs, verifies, witnesses and writes its audit stream. Locked, this
 * is all there is; unlocked, an `UnlockedSession` stands on the same one.
 */
export class DeviceSession {
  readonly membership: Membership
  readonly device: string
  readonly replica: Replica
  readonly store: LocalStore
  /** What this installation may not do yet, because nobody confirmed what it was shown (P11). */
  readonly confirmation: Confirmation
  readonly #signKey: KeyPair
  readonly #journal: AuditJournal
  readonly #writer: AuditWriter
  readonly #log: Log
  readonly #stopListening: (() => void)[] = []
  #flushTimer: ReturnType<typeof setTimeout> | null = null
  #stopped = false

  private constructor(
    options: DeviceSessionOptions,
    parts: { replica: Replica; signKey: KeyPair; journal: AuditJournal },
  ) {
    this.membership = options.membership
    this.device = options.device
    this.store = options.store
    this.replica = parts.replica
    this.confirmation = new Confirmation(parts.replica, options.membership, options.device)
    this.#signKey = parts.signKey
    this.#journal = parts.journal
    this.#log = options.log
    const place = { team: options.membership.team, device: options.device }
    this.#writer = new AuditWriter({
      place,
      log: parts.journal,
      auditKey: () => this.#auditKey(),
      cause: this.replica.head(auditStream(options.device)) === null ? 'first' : 'start',
    })
    this.#stopListening.push(
      this.replica.onStatus(({ connection }) => {
        if (connection === 'live') this.#scheduleFlush()
      }),
    )
  }

  static async open(options: DeviceSessionOptions): Promise<DeviceSession> {
    const { membership, device, store } = options
    const signKey = deviceSign(options.deviceSecret)
    const replica = await Replica.open({
      store,
      connect: options.connect,
      clock: options.clock,
      log: options.log,
      ...(options.timing === undefined ? {} : { timing: options.timing }),
      identity: {
        team: membership.team,
        member: membership.member,
        device,
        signKey,
        server: membership.server,
        genesisHash: membership.genesisHash,
        floors: membership.floors,
        ...(options.memberSign === undefined ? {} : { memberSign: options.memberSign }),
      },
    })
    return new DeviceSession(options, { replica, signKey, journal: await AuditJournal.open(store) })
  }

  /** The public half of the key that connects. */
  get signKey(): Uint8Array {
    return this.#signKey.publicKey
  }

  /** Resolves when the records are on this disk; rejects with `audit.failed` where the disk refuses: then nothing may be served. */
  async audit(records: readonly AuditRecord[]): Promise<void> {
    if (records.length === 0) return
    if (currentAuditKey(this.replica.projection) === undefined) {
      throw new ClientError('audit.failed', 'The team’s audit key is not known yet.', {
        fix: 'Connect to the server once, so that the ledger can be fetched.',
      })
    }
    await this.#writer.append(records)
    this.#scheduleFlush()
  }

  /** Signs with the device key under a purpose of its own; never entries of the ledger or of items (P14). */
  sign(purpose: 'audit-export', bytes: Uint8Array): Uint8Array {
    return sign(this.#signKey.secretKey, purpose, bytes)
  }

  /** Audit entries that the server does not have yet. */
  get waitingAudit(): number {
    return this.#journal.waiting
  }

  /** Requests that stand open as far as the clear part of the ledger tells: a locked app says how many, never what (P14). */
  async openRequests(): Promise<number> {
    const open = new Set<string>()
    for await (const { entry } of this.replica.entries(LEDGER)) {
      const { type, plain } = entry.envelope
      const request = plain.request
      if (typeof request !== 'string') continue
      if (type === 'request.create') open.add(request)
      else if (type !== 'approval.give' && type !== 'approval.withdraw') open.delete(request)
    }
    return open.size
  }

  /** Sends what waits in the audit journal, as far as that is possible now. */
  async flushAudit(): Promise<void> {
    if (this.#stopped || this.#journal.waiting === 0) return
    if (this.replica.status().connection !== 'live') return
    await this.#journal.flush({
      known: (ids) => this.#landed(ids),
      append: (entries) => this.#appendAudit(entries),
    })
  }

  async stop(): Promise<void> {
    if (this.#stopped) return
    if (this.#flushTimer !== null) clearTimeout(this.#flushTimer)
    for (const stop of this.#stopListening) stop()
    this.confirmation.stop()
    await this.#writer.settled()
    this.#stopped = true
    await this.replica.stop()
  }

  #auditKey(): { epoch: number; publicKey: Uint8Array } {
    const key = currentAuditKey(this.replica.projection)
    if (key === undefined) throw new ClientError('audit.failed', 'The team’s audit key is not known yet.')
    return key
  }

  async #landed(ids: readonly string[]): Promise<Set<string>> {
    const landed = new Set<string>()
    for (const id of ids) if ((await this.replica.ownEntry(id)) !== undefined) landed.add(id)
    return landed
  }

  async #appendAudit(entries: readonly WaitingAuditEntry[]): Promise<boolean> {
    const stream = auditStream(this.device)
    const signer: Signer = {
      sign: (_stream: StreamName, bytes: Uint8Array) => sign(this.#signKey.secretKey, ENTRY_PURPOSE, bytes),
    }
    const drafts = entries.map(({ id, type, plain }) => ({
      stream,
      type,
      id,
      plain: plain as Record<string, CborValue>,
      body: null,
    }))
    const result = await this.replica.append(() => drafts, signer)
    if (!result.ok) this.#log('audit.not_sent', { code: result.code })
    return result.ok
  }

  #scheduleFlush(): void {
    if (this.#flushTimer !== null || this.#stopped) return
    this.#flushTimer = setTimeout(() => {
      this.#flushTimer = null
      this.flushAudit().catch(() => this.#log('audit.flush_failed'))
    }, FLUSH_AFTER_MS)
  }
}

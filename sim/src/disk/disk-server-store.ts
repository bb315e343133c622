import { randomBytes } from '@countersign/crypto/verify'
import type {
  Committed,
  CreateOutcome,
  LogBatch,
  LogOutcome,
  LogStore,
  MailboxStore,
  RecordStore,
  Store,
  StoreMode,
  TeamStore,
} from '@countersign/sync-server/core/store'
import { StoreError } from '@countersign/sync-server/core/store-error'
import { decodeServerRecord, encodeServerRecord, type ServerRecord } from './server-record.ts'
import { ServerTables, same } from './server-tables.ts'
import { DiskError, type SimDisk } from './sim-disk.ts'

const PROBE_BYTES = 1024 * 1024
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** The server's store port on a simulated disk: one transaction at a time, durable and only then seen, as the embedded store's are. */
export class DiskServerStore implements Store {
  readonly tables = new ServerTables()
  readonly log: LogStore
  readonly teams: TeamStore
  readonly mailboxes: MailboxStore
  readonly records: RecordStore
  readonly #disk: SimDisk
  readonly #listeners = new Set<(committed: readonly Committed[]) => void>()
  #turn: Promise<unknown> = Promise.resolve()
  #mode: StoreMode = 'normal'

  constructor(disk: SimDisk) {
    this.#disk = disk
    for (const record of disk.records()) this.tables.apply(decodeServerRecord(record))
    this.log = this.#newLog()
    this.teams = this.#newTeams()
    this.mailboxes = this.#newMailboxes()
    this.records = this.#newRecords()
  }

  /** Opens the store, making it where the disk is empty. */
  static async open(disk: SimDisk): Promise<DiskServerStore> {
    const store = new DiskServerStore(disk)
    if (disk.recordCount === 0) {
      const made = { op: 'made' as const, serverId: randomBytes(32), nodeSecret: randomBytes(32) }
      await store.#write(() => ({ record: made, result: undefined }))
    }
    return store
  }

  get serverId(): Uint8Array {
    return this.tables.serverId
  }

  get nodeSecret(): Uint8Array {
    return this.tables.nodeSecret
  }

  mode(): StoreMode {
    return this.#mode
  }

  async probe(): Promise<StoreMode> {
    const padding = new Uint8Array(PROBE_BYTES)
    const before = this.#disk.recordCount
    await this.#write(() => ({ record: { op: 'probe', padding }, result: undefined })).catch(() => undefined)
    if (this.#disk.recordCount > before) this.#disk.truncate(before)
    return this.#mode
  }

  async close(): Promise<void> {
    await this.#turn
  }

  /** Judges, makes durable, applies, tells: in turn. No record: nothing to write. */
  #write<T>(judge: () => { record: ServerRecord | null; result: T }): Promise<T> {
    const turn = this.#turn.then(async () => {
      const { record, result } = judge()
      if (record === null) return result
      try {
        await this.#disk.write(encodeServerRecord(record), true)
        this.#mode = 'normal'
      } catch (cause) {
        const full = cause instanceof DiskError && cause.refusal === 'full'
        this.#mode = full ? 'full' : 'failed'
        throw new StoreError(full ? 'full' : 'failed', 'the simulated disk refused', { cause })
      }
      const committed = this.tables.apply(record)
      if (committed.length > 0) for (const listener of [...this.#listeners]) listener(committed)
      return result
    })
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  #newLog(): LogStore {
    const { tables } = this
    return {
      append: (batches) => this.#write(() => this.#judgeAll(batches)),
      has: async (batch) => tables.repeats(batch),
      read: async (team, stream, from, limit) => {
        const found: Uint8Array[] = []
        let bytes = 0
        for (const entry of tables.stream(team, stream).slice(from, from + Math.max(1, limit.entries))) {
          bytes += entry.bytes.length
          if (found.length > 0 && bytes > limit.bytes) break
          found.push(entry.bytes)
        }
        return found
      },
      heads: async (team) =>
        new Map(
          tables.streams(team).flatMap((stream) => {
            const head = tables.head(team, stream)
            return head === null ? [] : [[stream, head]]
          }),
        ),
      subscribe: (listener) => {
        this.#listeners.add(listener)
        return () => this.#listeners.delete(listener)
      },
    }
  }

  /** Each against what the ones before it leave: judged on a scratch copy of the heads by landing them for real afterwards. */
  #judgeAll(batches: readonly LogBatch[]): { record: ServerRecord | null; result: LogOutcome[] } {
    const scratch = new ScratchTables(this.tables)
    const result: LogOutcome[] = []
    const landed: LogBatch[] = []
    for (const batch of batches) {
      const outcome = scratch.judge(batch)
      result.push(outcome)
      if (outcome.state !== 'appended') continue
      scratch.land(batch)
      landed.push(batch)
    }
    if (landed.length === 0) return { record: null, result }
    const copied = landed.map(({ team, parts }) => ({
      team,
      parts: parts
        .filter(({ entries }) => entries.length > 0)
        .map(({ stream, expected, entries }) => ({
          stream,
          expected,
          entries: entries.map(({ id, hash, bytes }) => ({ id, hash, bytes })),
        })),
    }))
    return { record: { op: 'append', batches: copied }, result }
  }

  #newTeams(): TeamStore {
    const { tables } = this
    return {
      admitToken: (hash) =>
        this.#write(() => ({
          record: tables.tokens.has(hex(hash)) ? null : { op: 'token', hash },
          result: undefined,
        })),
      needsToken: async () => tables.tokens.size === 0,
      create: (team, token, genesis) =>
        this.#write((): { record: ServerRecord | null; result: CreateOutcome } => {
          const known = tables.tokens.get(hex(token))
          if (known === undefined) return { record: null, result: 'token_unknown' }
          if (known !== null) {
            const again = known.team === team && same(known.genesis, genesis.hash)
            return { record: null, result: again ? 'repeated' : 'token_used' }
          }
          if (tables.streams(team).length > 0) return { record: null, result: 'team_exists' }
          const { id, hash, bytes } = genesis
          return { record: { op: 'create', team, token, genesis: { id, hash, bytes } }, result: 'created' }
        }),
    }
  }

  #newMailboxes(): MailboxStore {
    const { tables } = this
    return {
      open: (mailbox, limit, now) =>
        this.#write(() => {
          const live = [...tables.mailboxes.values()].filter(
            (each) => each.team === mailbox.team && each.expiresAt > now,
          )
          if (live.length >= limit || live.some((each) => each.mailbox === mailbox.mailbox)) {
            return { record: null, result: false }
          }
          return { record: { op: 'mailbox.open', mailbox: { ...mailbox }, now }, result: true }
        }),
      get: async (mailbox) => tables.mailboxes.get(mailbox),
      post: (mailbox, slot, blob, joiner) =>
        this.#write(() => {
          const box = tables.mailboxes.get(mailbox)
          if (box === undefined || box.slots.has(slot)) return { record: null, result: false }
          return { record: { op: 'mailbox.post', mailbox, slot, blob, joiner }, result: true }
        }),
      close: (mailbox) =>
        this.#write(() => ({
          record: tables.mailboxes.has(mailbox) ? { op: 'mailbox.close', mailbox } : null,
          result: undefined,
        })),
    }
  }

  #newRecords(): RecordStore {
    const { tables } = this
    return {
      putSeen: (seen) =>
        this.#write(() => {
          const { team, device, time } = seen.statement
          const before = tables.seen.get(`${team} ${device}`)?.statement.time ?? -1
          return time > before
            ? { record: { op: 'seen', seen }, result: true }
            : { record: null, result: false }
        }),
      listSeen: async (team) => [...tables.seen.values()].filter((each) => each.statement.team === team),
      putWrap: (wrap) => this.#write(() => ({ record: { op: 'wrap', wrap }, result: undefined })),
      listWraps: async (team, member) =>
        [...tables.wraps.values()].filter(({ record }) => record.team === team && record.member === member),
      useNonce: (nonce, expiresAt, now) =>
        this.#write(() =>
          (tables.nonces.get(hex(nonce)) ?? 0) > now
            ? { record: null, result: false }
            : { record: { op: 'nonce', nonce, expiresAt, now }, result: true },
        ),
    }
  }
}

/** The log of another table, with more on top that may never land. */
class ScratchTables extends ServerTables {
  readonly #base: ServerTables
  readonly #touched = new Set<string>()

  constructor(base: ServerTables) {
    super()
    this.#base = base
  }

  override stream(team: string, name: string): ReturnType<ServerTables['stream']> {
    return this.#touched.has(`${team} ${name}`) ? super.stream(team, name) : this.#base.stream(team, name)
  }

  override judge(batch: LogBatch): LogOutcome {
    this.#touch(batch)
    return super.judge(batch)
  }

  /** Copies the streams that a batch is about. */
  #touch({ team, parts }: LogBatch): void {
    for (const { stream } of parts) {
      const key = `${team} ${stream}`
      if (this.#touched.has(key)) continue
      const entries = this.#base.stream(team, stream)
      this.#touched.add(key)
      if (entries.length > 0) super.land({ team, parts: [{ stream, expected: null, entries }] })
    }
  }
}

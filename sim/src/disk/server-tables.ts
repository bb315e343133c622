import type { Head } from '@countersign/schema/entry'
import type { MailboxSlot, SignedSeen, SignedWrap } from '@countersign/schema/wire'
import type {
  Committed,
  LogBatch,
  LogEntry,
  LogOutcome,
  LogPart,
  MailboxRecord,
} from '@countersign/sync-server/core/store'
import type { ServerRecord } from './server-record.ts'

interface Stream {
  readonly entries: LogEntry[]
  readonly ids: Set<string>
}

type Mailbox = Omit<MailboxRecord, 'joiner' | 'slots'> & {
  joiner: Uint8Array | null
  readonly slots: Map<MailboxSlot, Uint8Array>
}

export const same = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a !== undefined && b !== undefined && Buffer.compare(a, b) === 0
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const firstOf = (part: LogPart): number => (part.expected === null ? 0 : part.expected.seq + 1)

/** Everything a server keeps, in memory: changed only by records, so that reading its journal again gives the same. */
export class ServerTables {
  serverId = new Uint8Array(32)
  nodeSecret = new Uint8Array(32)
  readonly tokens = new Map<string, { team: string; genesis: Uint8Array } | null>()
  readonly mailboxes = new Map<string, Mailbox>()
  readonly seen = new Map<string, SignedSeen>()
  readonly wraps = new Map<string, SignedWrap>()
  readonly nonces = new Map<string, number>()
  readonly #streams = new Map<string, Stream>()

  stream(team: string, name: string): readonly LogEntry[] {
    return this.#streams.get(`${team} ${name}`)?.entries ?? []
  }

  streams(team: string): string[] {
    const prefix = `${team} `
    return [...this.#streams.keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length))
  }

  head(team: string, name: string): Head | null {
    const entries = this.stream(team, name)
    const last = entries.at(-1)
    return last === undefined ? null : { seq: entries.length - 1, hash: last.hash }
  }

  /** What would become of a batch, on top of batches that are about to land. */
  judge(batch: LogBatch): LogOutcome {
    const stale = batch.parts.filter(({ stream, expected }) => {
      const head = this.head(batch.team, stream)
      return head?.seq !== expected?.seq || (head !== null && !same(expected?.hash, head.hash))
    })
    if (stale.length > 0) {
      if (this.repeats(batch)) return { state: 'repeated' }
      return { state: 'stale', streams: stale.map((part) => part.stream) }
    }
    for (const { stream, entries } of batch.parts) {
      const ids = new Set(this.#streams.get(`${batch.team} ${stream}`)?.ids)
      for (const { id } of entries) {
        if (ids.has(id)) return { state: 'id_reused', stream, id }
        ids.add(id)
      }
    }
    return { state: 'appended' }
  }

  repeats(batch: LogBatch): boolean {
    return (
      batch.parts.some((part) => part.entries.length > 0) &&
      batch.parts.every((part) => {
        const there = this.stream(batch.team, part.stream)
        return part.entries.every(
          (entry, i) =>
            same(there[firstOf(part) + i]?.hash, entry.hash) &&
            same(there[firstOf(part) + i]?.bytes, entry.bytes),
        )
      })
    )
  }

  land(batch: LogBatch): Committed[] {
    return batch.parts.flatMap((part) => {
      const last = part.entries.at(-1)
      if (last === undefined) return []
      const key = `${batch.team} ${part.stream}`
      const stream = this.#streams.get(key) ?? { entries: [], ids: new Set<string>() }
      this.#streams.set(key, stream)
      const from = stream.entries.length
      for (const entry of part.entries) {
        stream.entries.push(entry)
        stream.ids.add(entry.id)
      }
      const head = { seq: stream.entries.length - 1, hash: last.hash }
      const entries = part.entries.map(({ bytes }) => bytes)
      return [{ team: batch.team, stream: part.stream, from, entries, head }]
    })
  }

  apply(record: ServerRecord): Committed[] {
    switch (record.op) {
      case 'made':
        this.serverId = Uint8Array.from(record.serverId)
        this.nodeSecret = Uint8Array.from(record.nodeSecret)
        return []
      case 'append':
        return record.batches.flatMap((batch) => this.land(batch))
      case 'token':
        this.tokens.set(hex(record.hash), null)
        return []
      case 'create': {
        const { team, token, genesis } = record
        this.tokens.set(hex(token), { team, genesis: genesis.hash })
        return this.land({ team, parts: [{ stream: 'ledger', expected: null, entries: [genesis] }] })
      }
      case 'mailbox.open': {
        const { mailbox, now } = record
        for (const [name, each] of this.mailboxes) {
          if (each.team === mailbox.team && each.expiresAt <= now) this.mailboxes.delete(name)
        }
        this.mailboxes.set(mailbox.mailbox, { ...mailbox, joiner: null, slots: new Map() })
        return []
      }
      case 'mailbox.post': {
        const box = this.mailboxes.get(record.mailbox)
        box?.slots.set(record.slot, record.blob)
        if (box !== undefined) box.joiner ??= record.joiner
        return []
      }
      case 'mailbox.close':
        this.mailboxes.delete(record.mailbox)
        return []
      case 'seen': {
        const { team, device } = record.seen.statement
        this.seen.set(`${team} ${device}`, record.seen)
        return []
      }
      case 'wrap': {
        const { team, member, credential } = record.wrap.record
        this.wraps.set(`${team} ${member} ${hex(credential)}`, record.wrap)
        return []
      }
      case 'nonce':
        for (const [nonce, expiresAt] of this.nonces) if (expiresAt <= record.now) this.nonces.delete(nonce)
        this.nonces.set(hex(record.nonce), record.expiresAt)
        return []
      case 'probe':
        return []
    }
  }
}

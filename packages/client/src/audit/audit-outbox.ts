import { type LocalStore, LocalStoreError, type StoreFile } from '../store/local-store.ts'
import { frameLength, hasFrameFrom, type OutboxFrame, readFrame, writeFrame } from './outbox-frame.ts'

const NAMES = ['audit-a', 'audit-b'] as const
/** A file this long is followed by the other one, as soon as all in that is sent. */
const LONG_BYTES = 4 * 1024 * 1024
/** How much is read at once. */
const CHUNK_BYTES = 256 * 1024

interface Side {
  readonly file: StoreFile
  /** Number of its first record, and one more than that of its last; equal while it holds none. */
  first: number
  next: number
  /** Where its frames end. */
  tail: number
}

/** A place between two frames. */
export interface OutboxPlace {
  readonly side: 0 | 1
  readonly at: number
  /** Of the next record there. */
  readonly number: number
}

const otherOf = (side: 0 | 1): 0 | 1 => (side === 0 ? 1 : 0)

const damaged = (): LocalStoreError =>
  new LocalStoreError(
    'store.corrupt',
    'audit entries that had not reached the server are damaged on this disk. Nothing was deleted. Move the store’s folder aside and ' +
      'start again: everything the server has is fetched and verified anew; what can still be read of the others stays in that folder',
  )

/**
 * Audit entries that the server does not have yet, in two files of numbered frames (docs/decisions/0030). One write a group, durable when
 * it resolves; a frame that is torn at the end of the last file was never acknowledged, and is overwritten. Numbers only grow, so what a
 * file held before it was used again is told from what follows.
 */
export class AuditOutbox {
  readonly #sides: readonly [Side, Side]
  #active: 0 | 1
  #next: number
  #sent: number
  /** As the last durable frame has it. */
  #sentOnDisk: number
  #oldest: OutboxPlace
  #turn: Promise<void> | null = null

  private constructor(sides: readonly [Side, Side], active: 0 | 1, sent: number, oldest: OutboxPlace) {
    this.#sides = sides
    this.#active = active
    this.#next = sides[active].next
    this.#sent = sent
    this.#sentOnDisk = sent
    this.#oldest = oldest
  }

  /** Throws LocalStoreError `store.corrupt` where something acknowledged cannot be read. */
  static async open(store: LocalStore): Promise<AuditOutbox> {
    const read = [await readSide(store, NAMES[0]), await readSide(store, NAMES[1])] as const
    const [a, b] = read
    const active = b.frames.length > 0 && (a.frames.length === 0 || b.side.first >= a.side.first) ? 1 : 0
    const [last, before] = active === 1 ? [b, a] : [a, b]
    if (before.frames.length > 0 && before.side.next !== last.side.first) throw damaged()
    const { next } = last.side
    if (read.some(({ bytes, side }) => hasFrameFrom(bytes, side.tail, next))) throw damaged()
    let sent = 0
    for (const { frames } of read) for (const frame of frames) sent = Math.max(sent, frame.sent)
    const start = before.frames.length > 0 ? before.side.first : last.side.first
    if (sent < start || sent > next) throw damaged()
    // Sent up to the middle of nothing: marks are made between frames.
    const holder = sent < last.side.first ? before : last
    const side = holder === last ? active : otherOf(active)
    const frame = holder.frames.find(({ first, records }) => first + records.length > sent)
    if (frame !== undefined && frame.first !== sent) throw damaged()
    return new AuditOutbox([a.side, b.side], active, sent, {
      side,
      at: frame?.start ?? holder.side.tail,
      number: sent,
    })
  }

  /** Entries that wait. */
  get waiting(): number {
    return this.#next - this.#sent
  }

  /** Resolves when they are on the disk; rejects with LocalStoreError, and then none of them waits. */
  append(records: readonly Uint8Array[]): Promise<void> {
    return this.#inTurn(() => this.#write(records))
  }

  /** The oldest that wait, whole groups, at least one and not many more than asked for; and where they end. */
  async oldest(most: {
    records: number
    bytes: number
  }): Promise<{ records: Uint8Array[]; end: OutboxPlace }> {
    let end = this.#oldest
    let bytes = 0
    const records: Uint8Array[] = []
    while (end.number < this.#next && records.length < most.records && bytes < most.bytes) {
      const side = this.#sides[end.side]
      if (end.at === side.tail) {
        end = { side: otherOf(end.side), at: 0, number: end.number }
        continue
      }
      for (const frame of await this.#framesAt(side, end.at)) {
        if (records.length >= most.records || bytes >= most.bytes) break
        records.push(...frame.records)
        for (const record of frame.records) bytes += record.length
        end = { side: end.side, at: frame.end, number: frame.first + frame.records.length }
      }
    }
    return { records, end }
  }

  /** Everything up to a place that `oldest` gave is sent. A crash may forget this, and give it again. */
  drop(end: OutboxPlace): Promise<void> {
    this.#oldest = end
    this.#sent = end.number
    return this.#inTurn(async () => {
      if (this.#sentOnDisk < this.#sent) await this.#write([])
    }).catch(() => undefined)
  }

  /** One after the other, whatever became of the one before; at once where nothing is under way. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const run = this.#turn === null ? work() : this.#turn.then(work)
    const ended = (): void => {
      if (this.#turn === turn) this.#turn = null
    }
    const turn: Promise<void> = run.then(ended, ended)
    this.#turn = turn
    return run
  }

  async #write(records: readonly Uint8Array[]): Promise<void> {
    const [active, other] = [this.#sides[this.#active], this.#sides[otherOf(this.#active)]]
    if (active.tail >= LONG_BYTES && other.next <= this.#sentOnDisk) await this.#changeSides(other)
    const side = this.#sides[this.#active]
    const sent = this.#sent
    const frame = writeFrame(this.#next, sent, records)
    await side.file.write(side.tail, frame)
    side.tail += frame.length
    this.#next += records.length
    side.next = this.#next
    this.#sentOnDisk = sent
  }

  async #changeSides(to: Side): Promise<void> {
    if (to.file.size > 2 * LONG_BYTES) await to.file.truncate(LONG_BYTES)
    to.first = this.#next
    to.next = this.#next
    to.tail = 0
    const before = this.#active
    this.#active = otherOf(before)
    // At the end of what this file held: what waits goes on at the start of the one before.
    if (this.#sides[this.#oldest.side] === to) this.#oldest = { side: before, at: 0, number: this.#sent }
  }

  /** The whole frames from a place on, at least one. */
  async #framesAt(side: Side, at: number): Promise<OutboxFrame[]> {
    let bytes = await side.file.read(at, Math.min(CHUNK_BYTES, side.tail - at))
    const length = frameLength(bytes, 0)
    if (length === undefined || length > side.tail - at) throw damaged()
    if (length > bytes.length) bytes = await side.file.read(at, length)
    const frames: OutboxFrame[] = []
    for (let from = 0; ; ) {
      const frame = readFrame(bytes, from)
      if (frame === undefined) break
      frames.push({ ...frame, end: at + frame.end })
      from = frame.end
    }
    if (frames.length === 0) throw damaged()
    return frames
  }
}

interface ReadSide {
  readonly side: Side
  readonly bytes: Uint8Array
  readonly frames: readonly (OutboxFrame & { readonly start: number })[]
}

/** A file's frames from its start to the first that does not continue the one before. */
const readSide = async (store: LocalStore, name: string): Promise<ReadSide> => {
  const file = await store.file(name)
  const bytes = await file.read(0, file.size)
  const frames: (OutboxFrame & { readonly start: number })[] = []
  let tail = 0
  let next: number | undefined
  for (;;) {
    const frame = readFrame(bytes, tail)
    if (frame === undefined || (next !== undefined && frame.first !== next)) break
    frames.push({ ...frame, start: tail })
    next = frame.first + frame.records.length
    tail = frame.end
  }
  const first = frames[0]?.first ?? 0
  return { side: { file, first, next: next ?? first, tail }, bytes, frames }
}

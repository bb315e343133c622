import { hashOf } from '@countersign/crypto/hash'
import { decodeEntry, ENTRY_PURPOSE, type Envelope, type Head } from '@countersign/schema/entry'
import type { StreamName } from '@countersign/schema/ids'
import type { SignedSeen } from '@countersign/schema/wire'

const hashOfEntry = (entry: Uint8Array): Uint8Array => hashOf(ENTRY_PURPOSE, entry)

/** One history of a team as a server holds it. A hostile server keeps several and shows each device the one it likes. */
export class Timeline {
  readonly streams = new Map<StreamName, Uint8Array[]>()
  /** The newest statement of each device. */
  readonly seen = new Map<string, SignedSeen>()

  /** Another history that begins as this one. */
  fork(): Timeline {
    const other = new Timeline()
    for (const [stream, entries] of this.streams) other.streams.set(stream, [...entries])
    for (const [device, seen] of this.seen) other.seen.set(device, seen)
    return other
  }

  entries(stream: StreamName): Uint8Array[] {
    const known = this.streams.get(stream)
    if (known !== undefined) return known
    const made: Uint8Array[] = []
    this.streams.set(stream, made)
    return made
  }

  head(stream: StreamName): Head | null {
    const entries = this.streams.get(stream) ?? []
    const last = entries.at(-1)
    return last === undefined ? null : { seq: entries.length - 1, hash: hashOfEntry(last) }
  }

  heads(): { stream: StreamName; head: Head }[] {
    return [...this.streams.keys()].flatMap((stream) => {
      const head = this.head(stream)
      return head === null ? [] : [{ stream, head }]
    })
  }

  envelope(stream: StreamName, seq: number): Envelope {
    const entry = this.entries(stream)[seq]
    if (entry === undefined) throw new Error(`this history has no entry ${seq} in ${stream}`)
    return decodeEntry(entry).envelope
  }

  /** The newest entry of a type. */
  last(stream: StreamName, type: string): { seq: number; entry: Uint8Array; envelope: Envelope } {
    const entries = this.entries(stream)
    for (let seq = entries.length - 1; seq >= 0; seq--) {
      const envelope = this.envelope(stream, seq)
      const entry = entries[seq]
      if (envelope.type === type && entry !== undefined) return { seq, entry, envelope }
    }
    throw new Error(`this history has no ${type} in ${stream}`)
  }

  /** Everything in it, as bytes: what a server that is read out gives away. */
  all(): Uint8Array[] {
    return [...this.streams.values()].flat()
  }
}

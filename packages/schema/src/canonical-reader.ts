import { CanonicalError } from './canonical-error.ts'
import { nameOf, publicTextOf, textOf } from './canonical-text.ts'

/** Depth of the deepest value; the outermost is at depth 0. */
export const MAX_DEPTH = 16

/** What the first three bits of an item say (RFC 8949 §3.1). */
const MAJOR = { unsigned: 0, negative: 1, bytes: 2, text: 3, array: 4, map: 5, simple: 7 } as const
const SIMPLE = { false: 20, true: 21, null: 22 } as const
const TWO_32 = 0x1_0000_0000
/** The least number that needs 1, 2, 4 and 8 bytes. */
const LEAST = [24, 0x100, 0x1_0000, TWO_32] as const

/** As `subarray`, in less than half the time. */
const viewOf = (bytes: Uint8Array, start: number, end: number): Uint8Array =>
  new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start)

const tooShort = () => new CanonicalError('it ends too early')

/**
 * Reads deterministic CBOR (RFC 8949 §4.2.1) in one pass: the kinds that `encodeCanonical` writes, each in its one encoding, and
 * nothing else. Byte strings are copies, which neither change with the input nor keep it in memory, or views of it where the caller wants
 * that. A length is compared with what is left before anything is made of it. Throws CanonicalError.
 */
export class CanonicalReader {
  readonly #bytes: Uint8Array
  readonly #views: boolean
  #at = 0

  constructor(bytes: Uint8Array, { views = false } = {}) {
    this.#views = views
    // A Buffer's `slice` would share its memory.
    this.#bytes =
      bytes.constructor === Uint8Array
        ? bytes
        : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Bytes that were not read yet. */
  get left(): number {
    return this.#bytes.length - this.#at
  }

  /** The next item. */
  value(depth: number): unknown {
    if (depth > MAX_DEPTH) throw new CanonicalError('nested too deeply')
    const head = this.#byte()
    const info = head & 31
    switch (head >> 5) {
      case MAJOR.unsigned:
        return this.#number(info)
      case MAJOR.negative: {
        const value = -1 - this.#number(info)
        if (value < Number.MIN_SAFE_INTEGER) throw new CanonicalError('a number is too large')
        return value
      }
      case MAJOR.bytes: {
        const start = this.#string(info)
        return this.#views ? viewOf(this.#bytes, start, this.#at) : this.#bytes.slice(start, this.#at)
      }
      case MAJOR.text: {
        const start = this.#string(info)
        return this.#views ? publicTextOf(this.#bytes, start, this.#at) : textOf(this.#bytes, start, this.#at)
      }
      case MAJOR.array:
        return this.#array(this.#number(info), depth)
      case MAJOR.map:
        return this.#map(this.#number(info), depth)
      case MAJOR.simple:
        if (info === SIMPLE.false) return false
        if (info === SIMPLE.true) return true
        if (info === SIMPLE.null) return null
    }
    throw new CanonicalError('of a kind that is not used')
  }

  #byte(): number {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) throw tooShort()
    this.#at += 1
    return byte
  }

  /** The number in an item's head: below 24 in the head's own five bits, else in the fewest of 1, 2, 4 or 8 bytes. */
  #number(info: number): number {
    if (info < 24) return info
    if (info > 27) throw new CanonicalError('a length is left open or reserved')
    let value = this.#byte()
    if (info === 25) value = value * 0x100 + this.#byte()
    if (info >= 26) value = value * 0x100_0000 + this.#byte() * 0x1_0000 + this.#byte() * 0x100 + this.#byte()
    if (info === 27) {
      const high = value
      value = this.#byte() * 0x100_0000 + this.#byte() * 0x1_0000 + this.#byte() * 0x100 + this.#byte()
      // Beyond 2⁵³ the sum is rounded, but never to a safe integer.
      value += high * TWO_32
    }
    if (value < (LEAST[info - 24] as number))
      throw new CanonicalError('a number takes more bytes than it needs')
    if (value > Number.MAX_SAFE_INTEGER) throw new CanonicalError('a number is too large')
    return value
  }

  /** Goes past a byte or text string; returns where its contents start. They end where reading goes on. */
  #string(info: number): number {
    const length = this.#number(info)
    if (length > this.left) throw tooShort()
    const start = this.#at
    this.#at += length
    return start
  }

  #array(length: number, depth: number): unknown[] {
    if (length > this.left) throw tooShort()
    const items: unknown[] = []
    for (let i = 0; i < length; i++) items.push(this.value(depth + 1))
    return items
  }

  #map(length: number, depth: number): Record<string, unknown> {
    if (length * 2 > this.left) throw tooShort()
    const members: Record<string, unknown> = {}
    let last = this.#at
    for (let i = 0; i < length; i++) {
      const key = this.#at
      const head = this.#byte()
      if (head >> 5 !== MAJOR.text) throw new CanonicalError('a map key is no text')
      const start = this.#string(head & 31)
      if (i > 0 && !this.#comesBefore(last, key)) throw new CanonicalError('map keys are out of order')
      last = key
      const name = nameOf(this.#bytes, start, this.#at)
      // It would set the prototype, or have to be told apart wherever objects are copied.
      if (name === '__proto__') throw new CanonicalError('a map key is not allowed')
      members[name] = this.value(depth + 1)
    }
    return members
  }

  /** Whether the key encoded at `a` sorts before the one at `b`, which ends where reading is: in the order of their bytes, equal is not before. */
  #comesBefore(a: number, b: number): boolean {
    const bytes = this.#bytes
    for (let i = 0; b + i < this.#at; i++) {
      const left = bytes[a + i] as number
      const right = bytes[b + i] as number
      // The head carries the length: keys of different lengths differ here before either ends.
      if (left !== right) return left < right
    }
    return false
  }
}

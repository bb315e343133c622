import { CanonicalError } from './canonical-error.ts'
import { MAX_DEPTH } from './canonical-reader.ts'
import type { CborValue } from './cbor-value.ts'

const utf8 = new TextEncoder()
const TWO_32 = 0x1_0000_0000
/** What is kept between calls; a larger one is dropped. */
const KEPT_BYTES = 64 * 1024
/** Text up to this many characters is tried as ASCII first: a call of the platform's encoder costs more. */
const SHORT_TEXT = 64

/** Encoded names of members, which come from a small vocabulary; forgotten all at once when there are too many. */
const NAMES = 1024
const LONGEST_NAME = 64
const items = new Map<string, Uint8Array>()

const HALF_A_PAIR = /\p{Surrogate}/u

const nameItem = (name: string): Uint8Array => {
  const known = items.get(name)
  if (known !== undefined) return known
  if (name === '__proto__') throw new CanonicalError('a map key is not allowed')
  // Both halves would be written as the same character: two names, one key.
  if (HALF_A_PAIR.test(name)) throw new CanonicalError('a map key is not well-formed text')
  const writer = new CanonicalWriter(new Uint8Array(9 + 3 * name.length))
  writer.text(name)
  const item = writer.copy()
  if (name.length <= LONGEST_NAME) {
    if (items.size >= NAMES) items.clear()
    items.set(name, item)
  }
  return item
}

interface Member {
  readonly item: Uint8Array
  readonly value: CborValue
}

/** The order of the bytes of encoded keys. Of two texts the longer has the greater head, so their lengths decide first. */
const byItem = ({ item: a }: Member, { item: b }: Member): number => {
  if (a.length !== b.length) return a.length - b.length
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference
  }
  return 0
}

/** Writes values one after the other into memory that grows; `CanonicalReader` reads exactly what this writes. */
export class CanonicalWriter {
  #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** What was written, in memory of its own. */
  copy(): Uint8Array {
    return this.#bytes.slice(0, this.#at)
  }

  /** Clears what was written, which may be secret; returns the memory if it is to be used again. */
  wipe(): Uint8Array | undefined {
    this.#bytes.fill(0, 0, this.#at)
    return this.#bytes.length <= KEPT_BYTES ? this.#bytes : undefined
  }

  value(value: CborValue, depth: number): void {
    if (depth > MAX_DEPTH) throw new CanonicalError('nested too deeply')
    if (typeof value === 'string') this.text(value)
    else if (typeof value === 'number') this.#number(value)
    else if (typeof value === 'boolean') this.#head(7, value ? 21 : 20)
    else if (value === null) this.#head(7, 22)
    else if (value instanceof Uint8Array) {
      this.#head(2, value.length)
      this.#push(value)
    } else if (Array.isArray(value)) {
      this.#head(4, value.length)
      for (let i = 0; i < value.length; i++) this.value(value[i], depth + 1)
    } else if (typeof value === 'object') {
      this.#map(value as { readonly [key: string]: CborValue | undefined }, depth)
    } else throw new CanonicalError(`a ${typeof value} has no canonical encoding`)
  }

  text(text: string): void {
    const { length } = text
    this.#reserve(9 + 3 * length)
    if (length <= SHORT_TEXT) {
      const before = this.#at
      this.#head(3, length)
      const bytes = this.#bytes
      let at = this.#at
      for (let i = 0; i < length; i++) {
        const unit = text.charCodeAt(i)
        if (unit > 0x7f) break
        bytes[at] = unit
        at += 1
      }
      if (at - this.#at === length) {
        this.#at = at
        return
      }
      this.#at = before
    }
    const encoded = utf8.encode(text)
    this.#head(3, encoded.length)
    this.#push(encoded)
  }

  #number(value: number): void {
    if (!Number.isSafeInteger(value)) throw new CanonicalError('only safe integers have a canonical encoding')
    if (value < 0) this.#head(1, -1 - value)
    else this.#head(0, value)
  }

  #map(map: { readonly [key: string]: CborValue | undefined }, depth: number): void {
    const members: Member[] = []
    for (const name of Object.keys(map)) {
      const value = map[name]
      if (value !== undefined) members.push({ item: nameItem(name), value })
    }
    members.sort(byItem)
    this.#head(5, members.length)
    for (const { item, value } of members) {
      this.#push(item)
      this.value(value, depth + 1)
    }
  }

  /** An item's first bytes: its kind, and a number in the fewest bytes. */
  #head(major: number, argument: number): void {
    this.#reserve(9)
    const kind = major << 5
    if (argument < 24) {
      this.#byte(kind | argument)
    } else if (argument < 0x100) {
      this.#byte(kind | 24)
      this.#byte(argument)
    } else if (argument < 0x1_0000) {
      this.#byte(kind | 25)
      this.#byte(argument >> 8)
      this.#byte(argument)
    } else if (argument < TWO_32) {
      this.#byte(kind | 26)
      this.#uint32(argument)
    } else {
      this.#byte(kind | 27)
      this.#uint32(Math.floor(argument / TWO_32))
      this.#uint32(argument % TWO_32)
    }
  }

  #uint32(value: number): void {
    this.#byte(value >>> 24)
    this.#byte(value >>> 16)
    this.#byte(value >>> 8)
    this.#byte(value)
  }

  /** The lowest eight bits. */
  #byte(value: number): void {
    this.#bytes[this.#at] = value
    this.#at += 1
  }

  #push(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#at)
    this.#at += bytes.length
  }

  #reserve(more: number): void {
    const needed = this.#at + more
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length))
    grown.set(this.#bytes.subarray(0, this.#at))
    this.#bytes.fill(0, 0, this.#at)
    this.#bytes = grown
  }
}

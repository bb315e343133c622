import { FormatError } from './format-error.ts'

/*
 * Deterministic CBOR (RFC 8949 §4.2.1) of the kinds an export is made of: whole numbers, bytes, text, lists, maps with text keys,
 * true, false, null. One encoding a value; everything else is refused.
 */

export type Value =
  | number
  | string
  | boolean
  | null
  | Uint8Array
  | readonly Value[]
  | ReadonlyMap<string, Value>

const MAX_DEPTH = 20
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

const compare = (a: Uint8Array, b: Uint8Array): number => Buffer.compare(a, b)

class Decoder {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get done(): boolean {
    return this.#at === this.#bytes.length
  }

  value(depth: number): Value {
    if (depth > MAX_DEPTH) throw new FormatError('nested too deeply')
    const head = this.#bytes[this.#at]
    if (head === 0xf4 || head === 0xf5 || head === 0xf6) {
      this.#at += 1
      return head === 0xf6 ? null : head === 0xf5
    }
    const [major, argument] = this.#head()
    switch (major) {
      case 0:
        return argument
      case 1:
        return this.#safe(-1 - argument)
      case 2:
        return this.#take(argument)
      case 3:
        return this.#text(argument)
      case 4:
        return this.#list(argument, depth)
      case 5:
        return this.#map(argument, depth)
      default:
        throw new FormatError('a kind of value that exports do not have')
    }
  }

  #head(): [major: number, argument: number] {
    const head = this.#bytes[this.#at]
    if (head === undefined) throw new FormatError('cut off')
    const major = head >> 5
    const info = head & 31
    this.#at += 1
    if (info < 24) return [major, info]
    if (info > 27) throw new FormatError('not a definite length')
    const width = 2 ** (info - 24)
    let argument = 0
    for (const byte of this.#take(width)) argument = argument * 256 + byte
    const least = width === 1 ? 24 : 256 ** (width / 2)
    if (argument < least) throw new FormatError('not the shortest form')
    return [major, this.#safe(argument)]
  }

  #safe(number: number): number {
    if (!Number.isSafeInteger(number)) throw new FormatError('a number too large')
    return number
  }

  #take(length: number): Uint8Array {
    const end = this.#at + length
    if (end > this.#bytes.length) throw new FormatError('cut off')
    const taken = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return taken
  }

  #text(length: number): string {
    const bytes = this.#take(length)
    try {
      return utf8.decode(bytes)
    } catch {
      throw new FormatError('text that is not UTF-8')
    }
  }

  #list(length: number, depth: number): Value[] {
    const list: Value[] = []
    for (let i = 0; i < length; i++) list.push(this.value(depth + 1))
    return list
  }

  #map(length: number, depth: number): Map<string, Value> {
    const map = new Map<string, Value>()
    let last: Uint8Array | null = null
    for (let i = 0; i < length; i++) {
      const start = this.#at
      const key = this.value(depth + 1)
      const encoded = this.#bytes.subarray(start, this.#at)
      if (typeof key !== 'string') throw new FormatError('a key that is not text')
      if (last !== null && compare(last, encoded) >= 0) throw new FormatError('keys out of order or twice')
      last = encoded
      map.set(key, this.value(depth + 1))
    }
    return map
  }
}

/** The value of bytes; throws FormatError on whatever is not its one encoding. */
export const decode = (bytes: Uint8Array): Value => {
  const decoder = new Decoder(bytes)
  const value = decoder.value(0)
  if (!decoder.done) throw new FormatError('something after the end of a value')
  return value
}

const head = (major: number, argument: number): Uint8Array => {
  if (argument < 24) return Uint8Array.of((major << 5) | argument)
  const width = argument < 256 ? 1 : argument < 65_536 ? 2 : argument < 4_294_967_296 ? 4 : 8
  const out = new Uint8Array(1 + width)
  out[0] = (major << 5) | (24 + Math.log2(width))
  let rest = argument
  for (let i = width; i > 0; i--) {
    out[i] = rest % 256
    rest = Math.floor(rest / 256)
  }
  return out
}

const join = (parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts))

export const encode = (value: Value): Uint8Array => {
  if (value === null) return Uint8Array.of(0xf6)
  if (typeof value === 'boolean') return Uint8Array.of(value ? 0xf5 : 0xf4)
  if (typeof value === 'number') return value >= 0 ? head(0, value) : head(1, -1 - value)
  if (typeof value === 'string') {
    const bytes = encoder.encode(value)
    return join([head(3, bytes.length), bytes])
  }
  if (value instanceof Uint8Array) return join([head(2, value.length), value])
  if (value instanceof Map) {
    const pairs = [...value].map(([key, each]) => [encode(key), encode(each)] as const)
    pairs.sort(([a], [b]) => compare(a, b))
    return join([head(5, pairs.length), ...pairs.flat()])
  }
  const list = [...(value as readonly Value[])]
  return join([head(4, list.length), ...list.map(encode)])
}

/** A map for `encode` from an object literal. */
export const mapOf = (fields: Readonly<Record<string, Value>>): Map<string, Value> =>
  new Map(Object.entries(fields))

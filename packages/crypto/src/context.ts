import { CryptoError } from './crypto-error.ts'

/**
 * What a sealed thing is and where it belongs; never stored in the blob. The opener rebuilds it from what it
 * expects. Flat: text, whole numbers ≥ 0 and bytes; `type` is always there.
 */
export type Context = Readonly<Record<string, string | number | Uint8Array>>

/** Longest encoded context, bytes. */
export const MAX_CONTEXT_BYTES = 8192

interface Layout {
  /** The names as the caller's object has them. */
  readonly given: readonly string[]
  readonly names: readonly string[]
  /** The CBOR text strings of the names, in the same order. */
  readonly encodedNames: readonly Uint8Array[]
}

const NAME = /^[A-Za-z][A-Za-z0-9_]{0,22}$/
const MAX_NAMES = 23
/** Room that names and numbers, written unchecked, can take at most: 23 × (24 + 9) bytes. */
const NAMES_AND_NUMBERS_BYTES = 1024
const MAX_LAYOUTS = 256
const layouts = new Map<string, Layout>()
let lastLayout: Layout | undefined
const encoder = new TextEncoder()

const refuse = (why: string): never => {
  throw new CryptoError('bad_input', why)
}

/** RFC 8949 §4.2.1 order: by encoded name, which for ASCII of at most 23 characters is by length, then by character. */
const inOrder = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : 1)

const layoutOf = (context: Context): Layout => {
  const given = Object.keys(context)
  // Contexts of one shape come in long runs: comparing names is cheaper than joining them.
  if (lastLayout !== undefined && sameNames(lastLayout.given, given)) return lastLayout
  lastLayout = findLayout(given)
  return lastLayout
}

const sameNames = (a: readonly string[], b: readonly string[]): boolean => {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

const findLayout = (given: readonly string[]): Layout => {
  const shape = given.join(',')
  const known = layouts.get(shape)
  if (known !== undefined) return known
  if (!given.includes('type')) refuse('a context names its type')
  if (given.length > MAX_NAMES || !given.every((name) => NAME.test(name)))
    refuse('not the names of a context')
  const names = given.toSorted(inOrder)
  const encodedNames = names.map((name) => Uint8Array.of(0x60 | name.length, ...encoder.encode(name)))
  const layout = { given, names, encodedNames }
  if (layouts.size < MAX_LAYOUTS) layouts.set(shape, layout)
  return layout
}

/** Head of a CBOR item (major type 0 to 7 and argument) at `at`; returns where it ends. */
const writeHead = (out: Uint8Array, at: number, major: number, argument: number): number => {
  const kind = major << 5
  if (argument < 24) {
    out[at] = kind | argument
    return at + 1
  }
  if (argument < 0x100) {
    out[at] = kind | 24
    out[at + 1] = argument
    return at + 2
  }
  if (argument < 0x10000) {
    out[at] = kind | 25
    out[at + 1] = argument >>> 8
    out[at + 2] = argument
    return at + 3
  }
  const wide = argument > 0xffffffff
  out[at] = kind | (wide ? 27 : 26)
  let rest = argument
  const bytes = wide ? 8 : 4
  for (let i = bytes; i > 0; i--) {
    out[at + i] = rest % 256
    rest = Math.floor(rest / 256)
  }
  return at + 1 + bytes
}

const writeText = (out: Uint8Array, at: number, limit: number, text: string): number => {
  if (at + text.length + 5 > limit) refuse('the context is too long')
  const start = writeHead(out, at, 3, text.length)
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit > 0x7f) return writeUnicode(out, at, limit, text)
    out[start + i] = unit
  }
  return start + text.length
}

const writeUnicode = (out: Uint8Array, at: number, limit: number, text: string): number => {
  if (/\p{Surrogate}/u.test(text)) refuse('a context holds well-formed text')
  return writeBytes(out, at, limit, encoder.encode(text), 3)
}

const writeBytes = (out: Uint8Array, at: number, limit: number, bytes: Uint8Array, major = 2): number => {
  if (at + bytes.length + 5 > limit) refuse('the context is too long')
  const start = writeHead(out, at, major, bytes.length)
  out.set(bytes, start)
  return start + bytes.length
}

/**
 * Writes the canonical CBOR of a context at `at` and returns where it ends. Byte for byte what `encodeCanonical` gives
 * (a property test holds it to that); written here because associated data is built for every single open.
 */
export const writeContext = (context: Context, out: Uint8Array, at: number): number => {
  const limit = at + MAX_CONTEXT_BYTES - NAMES_AND_NUMBERS_BYTES
  const { names, encodedNames } = layoutOf(context)
  let end = writeHead(out, at, 5, names.length)
  for (let i = 0; i < names.length; i++) {
    const name = encodedNames[i]
    const value = context[names[i] ?? '']
    if (name === undefined || value === undefined) return refuse('a context has no undefined members')
    out.set(name, end)
    end += name.length
    if (typeof value === 'string') end = writeText(out, end, limit, value)
    else if (value instanceof Uint8Array) end = writeBytes(out, end, limit, value)
    else if (Number.isSafeInteger(value) && value >= 0) end = writeHead(out, end, 0, value)
    else refuse('a context holds text, whole numbers from zero, and bytes')
  }
  return end
}

/** The canonical CBOR of a context. */
export const encodeContext = (context: Context): Uint8Array => {
  const out = new Uint8Array(MAX_CONTEXT_BYTES)
  return out.slice(0, writeContext(context, out, 0))
}

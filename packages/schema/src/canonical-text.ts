import { CanonicalError } from './canonical-error.ts'

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Up to this many bytes a loop is quicker than a call of the platform's decoder. */
const SHORT = 64

/** The ASCII text of bytes [start, end); undefined if a byte is beyond ASCII. Eight at a time: fewer strings to join. */
const shortAscii = (bytes: Uint8Array, start: number, end: number): string | undefined => {
  let text = ''
  let at = start
  for (; at + 8 <= end; at += 8) {
    const a = bytes[at] as number
    const b = bytes[at + 1] as number
    const c = bytes[at + 2] as number
    const d = bytes[at + 3] as number
    const e = bytes[at + 4] as number
    const f = bytes[at + 5] as number
    const g = bytes[at + 6] as number
    const h = bytes[at + 7] as number
    if ((a | b | c | d | e | f | g | h) > 0x7f) return undefined
    text += String.fromCharCode(a, b, c, d, e, f, g, h)
  }
  for (; at < end; at++) {
    const each = bytes[at] as number
    if (each > 0x7f) return undefined
    text += String.fromCharCode(each)
  }
  return text
}

/** The text of bytes [start, end), which are UTF-8 without exception: nothing is replaced, and a byte order mark is a character. */
export const textOf = (bytes: Uint8Array, start: number, end: number): string => {
  const ascii = end - start <= SHORT ? shortAscii(bytes, start, end) : undefined
  if (ascii !== undefined) return ascii
  try {
    return strictUtf8.decode(bytes.subarray(start, end))
  } catch (cause) {
    throw new CanonicalError('text is not UTF-8', { cause })
  }
}

/**
 * Member names come from a small vocabulary. Each slot keeps the last name that fell on it, so that most are found without making a string;
 * a name that is not there costs what it would have cost anyway.
 */
const SLOTS = 512
const LONGEST = 32
const names: string[] = new Array<string>(SLOTS).fill('')

/** `textOf` for a map's key. */
export const nameOf = (bytes: Uint8Array, start: number, end: number): string => {
  const length = end - start
  if (length > LONGEST) return textOf(bytes, start, end)
  let hash = length
  for (let at = start; at < end; at++) hash = (hash * 31 + (bytes[at] as number)) | 0
  const slot = hash & (SLOTS - 1)
  const known = names[slot] as string
  if (known.length === length && isText(known, bytes, start)) return known
  const name = textOf(bytes, start, end)
  names[slot] = name
  return name
}

/** Texts that come again and again in a stream: who wrote it, on which device, in which stream of which team. */
const IDS = 256
const ID_AT_LEAST = 20
const ID_AT_MOST = 40
const ids: string[] = new Array<string>(IDS).fill('')

/**
 * `textOf` for what is no secret: the last texts of an id's length are kept, so that a text read again is the same string and not another
 * one in memory.
 */
export const publicTextOf = (bytes: Uint8Array, start: number, end: number): string => {
  const length = end - start
  if (length < ID_AT_LEAST || length > ID_AT_MOST) return textOf(bytes, start, end)
  // Of an id any four characters will do.
  const first = (bytes[start + 2] as number) * 31 + (bytes[start + 3] as number)
  const slot = (first * 31 + (bytes[end - 2] as number) * 17 + (bytes[end - 1] as number)) & (IDS - 1)
  const known = ids[slot] as string
  if (known.length === length && isText(known, bytes, start)) return known
  const text = textOf(bytes, start, end)
  ids[slot] = text
  return text
}

/** Only ASCII is ever equal: a character beyond it is one unit in the text and several bytes. */
const isText = (text: string, bytes: Uint8Array, start: number): boolean => {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit !== bytes[start + i] || unit > 0x7f) return false
  }
  return true
}

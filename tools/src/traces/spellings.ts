/** One way in which a secret could lie in memory or in a file. */
export interface Spelling {
  /** Whose, and how it is written: never the secret itself, so that a report can be printed. */
  readonly name: string
  readonly bytes: Buffer
}

/** Shorter parts could be somebody else's bytes by chance. */
const LEAST_BYTES = 12

/** The inner characters of a text in base64 that are the same wherever in a longer text it begins. */
const base64At = (bytes: Buffer, shift: number, encoding: 'base64' | 'base64url'): Buffer => {
  const text = Buffer.concat([Buffer.alloc(shift), bytes])
    .toString(encoding)
    .replaceAll('=', '')
  const from = Math.ceil((shift * 8) / 6)
  const until = Math.floor(((shift + bytes.length) * 8) / 6)
  return Buffer.from(text.slice(from, until), 'latin1')
}

const writtenAs = (part: Buffer): [string, Buffer][] => [
  ['bytes', part],
  ['UTF-16', Buffer.from(part.toString('latin1'), 'utf16le')],
  ['hex', Buffer.from(part.toString('hex'), 'latin1')],
  ['HEX', Buffer.from(part.toString('hex').toUpperCase(), 'latin1')],
  ...[0, 1, 2].flatMap((shift): [string, Buffer][] => [
    ['base64', base64At(part, shift, 'base64')],
    ['base64url', base64At(part, shift, 'base64url')],
  ]),
]

/**
 * Everything to look for so as to find `secret` (an ASCII text, or bytes): each half of it as bytes, UTF-16, hex and base64 at every
 * alignment. Halves, because memory that was given back is often overwritten at its beginning only. Throws RangeError on a short secret.
 */
export const spellingsOf = (name: string, secret: string | Uint8Array): Spelling[] => {
  const bytes = typeof secret === 'string' ? Buffer.from(secret, 'latin1') : Buffer.from(secret)
  const middle = bytes.length >> 1
  if (middle < LEAST_BYTES) throw new RangeError(`${name} is too short to be looked for by halves`)
  const found = new Map<string, Spelling>()
  for (const [half, part] of [
    ['first half', bytes.subarray(0, middle)],
    ['second half', bytes.subarray(middle)],
  ] as const)
    for (const [how, written] of writtenAs(part))
      if (!found.has(written.toString('latin1')))
        found.set(written.toString('latin1'), { name: `${name}, ${half}, ${how}`, bytes: written })
  return [...found.values()]
}

import { sha256 } from '@countersign/crypto/hash'
import { formatRecoveryCode, parseRecoveryCode } from '@countersign/crypto/recovery-code'
import { Secret } from '@countersign/crypto/secret'
import { hashSchema } from '@countersign/schema/bytes'
import { decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import { type Head, headSchema } from '@countersign/schema/entry'
import { fromHex, toHex } from '@countersign/schema/hex'
import { idSchema } from '@countersign/schema/ids'
import { z } from 'zod'
import { type Outcome, ok, type Refusal, refuse } from '../refusal.ts'

/**
 * What a computer that knows nothing needs besides a way in (P11): where the team is, which team it is, who is coming back, and how far
 * its ledger went. Nothing in it is secret, and nothing in it opens anything.
 */
export interface RecoverySheet {
  readonly url: string
  readonly team: string
  readonly member: string
  readonly genesisHash: Uint8Array
  /** The ledger when the sheet was made: a floor. */
  readonly head: Head
}

const LINE_BYTES = 20
const CHECK_BYTES = 4
const VERSION = 1
const idBytes = z
  .instanceof(Uint8Array)
  .transform((bytes) => toHex(bytes))
  .pipe(idSchema)
const contentSchema = z.tuple([
  z.literal(VERSION),
  z.string().min(1).max(300),
  idBytes,
  idBytes,
  hashSchema,
  headSchema,
])

/**
 * Lines in the form of a recovery code (nine groups of four, the last one a check that finds a slip in its line), 20 bytes each: length (2) ‖
 * canonical content ‖ first 4 bytes of its SHA-256 ‖ zeros.
 */
export const sheetLines = (sheet: RecoverySheet): string[] => {
  const { url, team, member, genesisHash, head } = sheet
  const content = encodeCanonical([VERSION, url, fromHex(team), fromHex(member), genesisHash, { ...head }])
  const used = 2 + content.length + CHECK_BYTES
  const bytes = new Uint8Array(Math.ceil(used / LINE_BYTES) * LINE_BYTES)
  bytes[0] = content.length >>> 8
  bytes[1] = content.length & 0xff
  bytes.set(content, 2)
  bytes.set(sha256(content).subarray(0, CHECK_BYTES), 2 + content.length)
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += LINE_BYTES) {
    lines.push(formatRecoveryCode(Secret.take(bytes.slice(at, at + LINE_BYTES))))
  }
  return lines
}

const incomplete = (): Refusal =>
  refuse(
    'sheet.incomplete',
    'This is not a whole recovery sheet.',
    'Type every line of the sheet’s code, or paste all of the saved file.',
  )

/** Lines that look like a sheet's among others (a saved file has words around them), or all of it where it came as one. */
const linesOf = (text: string): string[] => {
  const found = text
    .split(/\r?\n/)
    .map((line) => /^\s*(?:\d{1,2}[.):]\s+)?((?:[0-9a-z]{4}[\s\p{Pd}]*){9})$/iu.exec(line)?.[1])
    .filter((line) => line !== undefined)
  if (found.length > 0) return found
  return text.replace(/[\s\p{Pd}]/gu, '').match(/.{1,36}/g) ?? []
}

/** Reads a sheet as it was typed or pasted; says which line and group to look at. */
export const parseSheet = (text: string): Outcome<RecoverySheet> => {
  const lines = linesOf(text)
  const chunks: Uint8Array[] = []
  for (const [index, line] of lines.entries()) {
    const read = parseRecoveryCode(line)
    if (!(read instanceof Secret)) {
      if (read.code === 'bad_length') return incomplete()
      const group = read.group === undefined ? '' : `, group ${read.group}`
      return refuse(
        'sheet.mistyped',
        `Line ${index + 1} is not as it was printed.`,
        `Look at line ${index + 1}${group} again.`,
      )
    }
    chunks.push(read.expose())
  }
  const bytes = Buffer.concat(chunks)
  if (bytes.length < LINE_BYTES) return incomplete()
  const end = 2 + bytes.readUInt16BE(0)
  const content = Uint8Array.from(bytes.subarray(2, end))
  const check = bytes.subarray(end, end + CHECK_BYTES)
  const whole = bytes.length === Math.ceil((end + CHECK_BYTES) / LINE_BYTES) * LINE_BYTES
  if (!whole || Buffer.compare(sha256(content).subarray(0, CHECK_BYTES), check) !== 0) return incomplete()
  return contentOf(content)
}

const contentOf = (content: Uint8Array): Outcome<RecoverySheet> => {
  try {
    const [, url, team, member, genesisHash, head] = contentSchema.parse(decodeCanonical(content))
    return ok({ url, team, member, genesisHash, head })
  } catch {
    return refuse(
      'sheet.version',
      'This sheet was made by another version.',
      'Update Countersign, then enter it again.',
    )
  }
}

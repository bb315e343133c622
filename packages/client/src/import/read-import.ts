import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { type EnvLine, readEnvLines } from '@countersign/schema/env-file'
import { MAX_VALUE_LENGTH } from '@countersign/schema/item'
import { type Outcome, ok, type Refusal, refuse } from '../refusal.ts'

/** An env file is written by hand: what is larger is something else. */
export const IMPORT_LIMITS = {
  bytes: 1024 * 1024,
  variables: 1000,
  nameLength: 200,
  valueLength: MAX_VALUE_LENGTH,
} as const

const again = 'Choose another file; nothing was imported.'

/** First bytes of what holds other files: it is not unpacked here, however small it says it is. */
const ARCHIVES: readonly { readonly kind: string; readonly magic: readonly number[] }[] = [
  { kind: 'zip', magic: [0x50, 0x4b, 0x03, 0x04] },
  { kind: 'gzip', magic: [0x1f, 0x8b] },
  { kind: 'xz', magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a] },
  { kind: 'Zstandard', magic: [0x28, 0xb5, 0x2f, 0xfd] },
  { kind: '7-Zip', magic: [0x37, 0x7a, 0xbc, 0xaf] },
]

const tooLarge = (): Refusal =>
  refuse('import.too_large', 'This file is larger than 1 MiB: it is no env file.', again)

const textOf = (bytes: Uint8Array): Outcome<string> => {
  const archive = ARCHIVES.find(({ magic }) => magic.every((byte, at) => bytes[at] === byte))
  if (archive !== undefined) {
    return refuse(
      'import.archive',
      `This is an archive (${archive.kind}), not an env file.`,
      'Unpack it, look at what is in it, then choose the env file itself.',
    )
  }
  const refused = refuse(
    'import.encoding',
    'This file is not text in UTF-8.',
    'Save it as UTF-8 (not UTF-16) and choose it again; nothing was imported.',
  )
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return text.includes('\0') ? refused : ok(text)
  } catch {
    return refused
  }
}

/** The variables of an env file that somebody brings; refused whole where any of it is not what it should be. */
export const parseImport = (bytes: Uint8Array): Outcome<EnvLine[]> => {
  if (bytes.length > IMPORT_LIMITS.bytes) return tooLarge()
  const text = textOf(bytes)
  if (!text.ok) return text
  const read = readEnvLines(text.value)
  if (!read.ok) {
    return refuse(
      'import.line',
      `Line ${read.line} is neither NAME=VALUE, a comment nor blank, or a quote in it never ends.`,
      'Correct the line and choose the file again; nothing was imported.',
    )
  }
  const { lines } = read
  if (lines.length === 0) return refuse('import.empty', 'This file has no variables.', again)
  if (lines.length > IMPORT_LIMITS.variables) {
    return refuse(
      'import.too_many',
      `This file has ${lines.length.toLocaleString('en')} variables; 1,000 at most are imported at a time.`,
      'Split it into several files; nothing was imported.',
    )
  }
  const long = lines.find(({ name }) => name.length > IMPORT_LIMITS.nameLength)
  if (long !== undefined) {
    return refuse('import.line', `The name in line ${long.line} is longer than 200 characters.`, again)
  }
  const bare = lines.find(isBareSecret)
  if (bare !== undefined) {
    return refuse(
      'import.line',
      `Line ${bare.line} looks like a secret without a name.`,
      'Put a name and an equals sign before it and choose the file again; nothing was imported.',
    )
  }
  return ok(lines)
}

/** Encoded bytes that end in `=` pass for a variable: a secret must not be shown as a name. */
const isBareSecret = ({ name, value }: EnvLine): boolean =>
  (value === '' || value === '=') && name.length >= 16 && /[a-z]/.test(name) && /[A-Z]/.test(name)

const unreadable = (why: string): Refusal =>
  refuse('import.unreadable', `The file could not be read: ${why}.`, again)

/** Reads the file at `path`, never more of it than an import may have, and never what is no file (a device has no end). */
export const readImport = async (path: string): Promise<Outcome<EnvLine[]>> => {
  try {
    // A named pipe would keep the opening waiting for its writer.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const found = await file.stat()
    if (!found.isFile()) return unreadable('it is not a file')
    if (found.size > IMPORT_LIMITS.bytes) return tooLarge()
    const bytes = Buffer.alloc(IMPORT_LIMITS.bytes + 1)
    let length = 0
    for (;;) {
      const { bytesRead } = await file.read(bytes, length, bytes.length - length)
      if (bytesRead === 0) break
      length += bytesRead
    }
    const parsed = parseImport(bytes.subarray(0, length))
    bytes.fill(0)
    return parsed
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null
    if (code === 'ENOENT') return unreadable('it is not there any more')
    if (code === 'EACCES' || code === 'EPERM') return unreadable('this account may not open it')
    return unreadable('the disk did not give it')
  }
}

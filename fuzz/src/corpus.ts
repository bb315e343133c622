import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const FOLDER = join(import.meta.dirname, '..', 'corpus')
const fileOf = (folder: string, parser: string): string => join(folder, `${parser}.txt`)

/** Inputs that once reached something new: one a line, in base64url. */
export const readCorpus = (parser: string, folder = FOLDER): Uint8Array[] => {
  const file = fileOf(folder, parser)
  if (!existsSync(file)) return []
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => new Uint8Array(Buffer.from(line, 'base64url')))
}

/** Of no use in a repository beyond this; campaigns shorten what they find. */
const MAX_BYTES = 16 * 1024

/** Kept in the order found, each once; the longest are left out. */
export const writeCorpus = (parser: string, inputs: readonly Uint8Array[], folder = FOLDER): void => {
  const lines = inputs
    .filter((input) => input.length <= MAX_BYTES)
    .map((input) => Buffer.from(input).toString('base64url'))
  mkdirSync(folder, { recursive: true })
  writeFileSync(fileOf(folder, parser), [...new Set(lines)].map((line) => `${line}\n`).join(''))
}

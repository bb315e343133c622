import { CryptoError } from './crypto-error.ts'
import { checkSymbols, locateError } from './recovery-check.ts'
import { Secret } from './secret.ts'

/** `group` counts from 1 and names the group of four that is wrong, where that can be told. */
export interface RecoveryCodeRefusal {
  readonly code: 'bad_length' | 'bad_symbol' | 'bad_check'
  readonly group?: number
}

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const CODE_BYTES = 20
const DATA_SYMBOLS = 32
const ALL_SYMBOLS = 36
const GROUP = 4

/** 5 bits a symbol, most significant first. */
const toSymbols = (bytes: Uint8Array): number[] => {
  const symbols: number[] = []
  let held = 0
  let bits = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      symbols.push((held >>> bits) & 31)
    }
    held &= (1 << bits) - 1
  }
  return symbols
}

const toBytes = (symbols: readonly number[]): Uint8Array => {
  const bytes = new Uint8Array((symbols.length * 5) / 8)
  let held = 0
  let bits = 0
  let at = 0
  for (const symbol of symbols) {
    held = (held << 5) | symbol
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes[at++] = held >>> bits
      held &= (1 << bits) - 1
    }
  }
  return bytes
}

/** The printed form: nine groups of four Crockford base32 symbols, the last one the check (SPEC C13). */
export const formatRecoveryCode = (code: Secret): string => {
  if (code.length !== CODE_BYTES) throw new CryptoError('bad_key', 'a recovery code is 20 bytes')
  const data = toSymbols(code.expose())
  const text = [...data, ...checkSymbols(data)].map((symbol) => ALPHABET.charAt(symbol)).join('')
  return (text.match(/.{4}/g) ?? []).join('-')
}

/** A fresh recovery code of 160 bits and its printed form. */
export const newRecoveryCode = (): { code: Secret; text: string } => {
  const code = Secret.random(CODE_BYTES)
  return { code, text: formatRecoveryCode(code) }
}

const symbolOf = (character: string): number => {
  const upper = character.toUpperCase()
  if (upper === 'O') return 0
  if (upper === 'I' || upper === 'L') return 1
  return ALPHABET.indexOf(upper)
}

const groupOf = (index: number): number => Math.floor(index / GROUP) + 1

/** The code a person typed: case, spaces and dashes do not matter, O reads as 0, I and L as 1. */
export const parseRecoveryCode = (text: string): Secret | RecoveryCodeRefusal => {
  const characters = Array.from(text.replace(/[\s\p{Pd}]/gu, ''))
  const symbols = characters.map(symbolOf)
  const unknown = symbols.indexOf(-1)
  if (unknown >= 0 && unknown < ALL_SYMBOLS) return { code: 'bad_symbol', group: groupOf(unknown) }
  if (symbols.length !== ALL_SYMBOLS) return { code: 'bad_length' }
  const error = locateError(symbols)
  if (error === 'none') return Secret.take(toBytes(symbols.slice(0, DATA_SYMBOLS)))
  const groups = new Set(error.map(groupOf))
  const [group] = groups
  return groups.size === 1 && group !== undefined ? { code: 'bad_check', group } : { code: 'bad_check' }
}

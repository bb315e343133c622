import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatRecoveryCode, newRecoveryCode, parseRecoveryCode } from './recovery-code.ts'
import { Secret } from './secret.ts'

const codes = fc.uint8Array({ minLength: 20, maxLength: 20 })
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const positions = fc.nat({ max: 35 })

const opened = (text: string): Uint8Array | undefined => {
  const parsed = parseRecoveryCode(text)
  return parsed instanceof Secret ? parsed.expose() : undefined
}
const bare = (code: Uint8Array): string[] =>
  Array.from(formatRecoveryCode(Secret.take(code)).replaceAll('-', ''))
const shifted = (symbol: string | undefined, by: number): string =>
  ALPHABET.charAt((ALPHABET.indexOf(symbol ?? '') + by) % 32)

test('C13 a code is read back however it was typed', () => {
  fc.assert(
    fc.property(codes, (code) => {
      const text = formatRecoveryCode(Secret.take(code))
      expect(text).toMatch(/^(?:[0-9A-HJKMNP-TV-Z]{4}-){8}[0-9A-HJKMNP-TV-Z]{4}$/)
      const typed = [
        text,
        text.toLowerCase(),
        text.replaceAll('-', ' '),
        ` ${text.replaceAll('-', '–')}\n`,
        text.replaceAll('0', 'O').replaceAll('1', 'l'),
        text.replaceAll('0', 'o').replaceAll('1', 'I').replaceAll('-', ''),
      ]
      for (const each of typed) expect(opened(each)).toEqual(code)
    }),
  )
})

test('C13 one wrong symbol is noticed and its group is named', () => {
  fc.assert(
    fc.property(codes, positions, fc.integer({ min: 1, max: 31 }), (code, at, by) => {
      const symbols = bare(code)
      symbols[at] = shifted(symbols[at], by)
      expect(parseRecoveryCode(symbols.join(''))).toEqual({
        code: 'bad_check',
        group: Math.floor(at / 4) + 1,
      })
    }),
    { numRuns: 500 },
  )
})

test('C13 any two wrong symbols and any two exchanged ones are noticed', () => {
  fc.assert(
    fc.property(codes, positions, positions, fc.integer({ min: 1, max: 31 }), (code, a, b, by) => {
      fc.pre(a !== b)
      const symbols = bare(code)
      const wrong = [...symbols]
      wrong[a] = shifted(symbols[a], by)
      wrong[b] = shifted(symbols[b], 32 - by)
      expect(parseRecoveryCode(wrong.join(''))).toMatchObject({ code: 'bad_check' })
      if (symbols[a] === symbols[b]) return
      const exchanged = [...symbols]
      exchanged[a] = symbols[b] ?? ''
      exchanged[b] = symbols[a] ?? ''
      expect(parseRecoveryCode(exchanged.join(''))).toMatchObject({ code: 'bad_check' })
    }),
    { numRuns: 500 },
  )
})

test('C13 too few, too many and foreign symbols are told apart', () => {
  const { text } = newRecoveryCode()
  expect(parseRecoveryCode('')).toEqual({ code: 'bad_length' })
  expect(parseRecoveryCode(text.slice(0, -1))).toEqual({ code: 'bad_length' })
  expect(parseRecoveryCode(`${text}0`)).toEqual({ code: 'bad_length' })
  expect(parseRecoveryCode(`${text}!`)).toEqual({ code: 'bad_length' })
  expect(parseRecoveryCode(`${text.slice(0, 6)}U${text.slice(7)}`)).toEqual({ code: 'bad_symbol', group: 2 })
  expect(parseRecoveryCode(`${text.slice(0, 10)}é${text.slice(11)}`)).toEqual({
    code: 'bad_symbol',
    group: 3,
  })
})

test('C13 arbitrary text never opens by accident nor throws', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (text) => {
      const parsed = parseRecoveryCode(text)
      if (parsed instanceof Secret) expect(opened(formatRecoveryCode(parsed))).toEqual(parsed.expose())
      else expect(['bad_length', 'bad_symbol', 'bad_check']).toContain(parsed.code)
    }),
  )
})

test('C13 new codes are fresh and match their text', () => {
  const made = newRecoveryCode()
  expect(made.code.length).toBe(20)
  expect(opened(made.text)).toEqual(made.code.expose())
  expect(newRecoveryCode().text).not.toBe(made.text)
})

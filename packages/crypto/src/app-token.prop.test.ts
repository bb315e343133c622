import { toHex } from '@countersign/schema/hex'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { newAppToken, newClaim, parseToken } from './app-token.ts'

test('C17 issued tokens have the stated form and parse to the hash they were issued with', () => {
  const issued = [newAppToken(), newClaim(), ...Array.from({ length: 200 }, newAppToken)]
  for (const { token, hash } of issued) {
    expect(token).toMatch(/^cs_(app|claim)_[0-9A-Za-z]{49}$/)
    expect(parseToken(token)?.hash).toEqual(hash)
  }
  expect(new Set(issued.map(({ token }) => token)).size).toBe(issued.length)
  expect(new Set(issued.map(({ hash }) => toHex(hash))).size).toBe(issued.length)
})

test('C17 a token with any character changed, cut, added, or under the other prefix is not well-formed', () => {
  const { token } = newAppToken()
  const other = fc.constantFrom(...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-é')
  fc.assert(
    fc.property(fc.nat({ max: token.length - 1 }), other, (at, character) => {
      fc.pre(token[at] !== character)
      expect(parseToken(token.slice(0, at) + character + token.slice(at + 1))).toBeUndefined()
      expect(parseToken(token.slice(0, at))).toBeUndefined()
      expect(parseToken(token.slice(0, at) + character + token.slice(at))).toBeUndefined()
    }),
    { numRuns: 500 },
  )
  expect(parseToken(token.replace('cs_app_', 'cs_claim_'))).toBeUndefined()
  expect(parseToken(`${token}\n`)).toBeUndefined()
  expect(parseToken(` ${token}`)).toBeUndefined()
})

test('C17 arbitrary text is not well-formed', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 80 }), (text) => {
      expect(parseToken(text)).toBeUndefined()
      expect(parseToken(`cs_app_${text}`)).toBeUndefined()
      expect(parseToken(`cs_claim_${text}`)).toBeUndefined()
    }),
  )
})

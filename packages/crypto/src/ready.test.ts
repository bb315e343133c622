import { expect, test } from 'vitest'
import { cryptoReady } from './ready.ts'
import { KNOWN_ANSWERS, selfCheck } from './self-check.ts'

test('C1 ready means checked, and is asked once', async () => {
  const ready = cryptoReady()
  expect(cryptoReady()).toBe(ready)
  await ready
  expect(() => selfCheck(KNOWN_ANSWERS)).not.toThrow()
})

test('C1 a primitive that answers otherwise is refused by name', async () => {
  await cryptoReady()
  for (const [what, answer, expected] of KNOWN_ANSWERS) {
    const otherwise = `${expected.slice(0, -1)}${expected.endsWith('0') ? '1' : '0'}`
    expect(() => selfCheck([[what, answer, otherwise]])).toThrow(`${what} is not what it should be`)
  }
})

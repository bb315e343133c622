import { expect, test } from 'vitest'
import { CryptoError } from './crypto-error.ts'
import { cryptoReady } from './ready.ts'
import { rawSodium } from './sodium.ts'

test('C1 before it is ready the library refuses by name, afterwards it is checked and stays ready', async () => {
  expect(() => rawSodium()).toThrow(CryptoError)
  const ready = cryptoReady()
  expect(cryptoReady()).toBe(ready)
  await ready
  expect(rawSodium().HEAPU8.length).toBeGreaterThan(0)
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { hasIntegrity } from './integrity.ts'

// SHA-512 of the three bytes `abc`, from FIPS 180-4.
const hex =
  'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f'
const known = `sha512-${Buffer.from(hex, 'hex').toString('base64')}`
const folder = mkdtempSync(join(tmpdir(), 'countersign-integrity-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('a download is accepted only with the pinned checksum', async () => {
  const file = join(folder, 'file')
  writeFileSync(file, 'abc')
  expect(await hasIntegrity(file, known)).toBe(true)
  writeFileSync(file, 'abd')
  expect(await hasIntegrity(file, known)).toBe(false)
  writeFileSync(file, 'ab')
  expect(await hasIntegrity(file, known)).toBe(false)
})

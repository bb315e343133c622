import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

/** Every file of this package reached by following imports and re-exports from one. */
const reachedFrom = (start: string): { files: Set<string>; packages: Set<string> } => {
  const files = new Set<string>()
  const packages = new Set<string>()
  const visit = (file: string): void => {
    if (files.has(file)) return
    files.add(file)
    const source = readFileSync(new URL(file, import.meta.url), 'utf8')
    for (const [, from = ''] of source.matchAll(/(?:\bfrom|^import) '([^']+)'$/gm)) {
      if (from.startsWith('./')) visit(from)
      else packages.add(from)
    }
  }
  visit(start)
  return { files, packages }
}

const OPENING = [
  './aead.ts',
  './kem.ts',
  './derive.ts',
  './root-wrap.ts',
  './invite-key.ts',
  './recovery-code.ts',
  './secret.ts',
  './sign.ts',
]

test('C20 P24 the verifying sub-path reaches nothing that seals, opens, derives or holds a key', () => {
  const { files } = reachedFrom('./verify.ts')
  expect(files.has('./verify-signature.ts') && files.has('./assertion.ts')).toBe(true)
  expect(OPENING.filter((file) => files.has(file))).toEqual([])
})

test('C20 P24 nor does the native libsodium that the server verifies with', () => {
  const { files } = reachedFrom('./native-sodium.ts')
  expect(files.has('./verify-signature.ts')).toBe(true)
  expect(OPENING.filter((file) => files.has(file))).toEqual([])
})

test('C20 P24 the walk itself sees what it should: from a root wrap the cipher is reached', () => {
  const { files } = reachedFrom('./root-wrap.ts')
  expect(files.has('./aead.ts') && files.has('./secret.ts') && files.has('./sodium.ts')).toBe(true)
})

test('C20 the verifying sub-path depends on Node, libsodium and the canonical encoding only', () => {
  const { packages } = reachedFrom('./verify.ts')
  const others = [...packages].filter((name) => !name.startsWith('node:'))
  expect(others.sort()).toEqual(['@countersign/schema/canonical', 'libsodium-wrappers'])
})

import { expect, test } from 'vitest'
import { ProofNonces } from './proof-nonces.ts'

const MINUTE = 60_000

test('P23 a proof is taken once under its nonce', () => {
  const nonces = new ProofNonces()
  const nonce = nonces.current()
  expect(nonces.take(nonce, 'first-jti')).toBe('taken')
  expect(nonces.take(nonce, 'first-jti')).toBe('replayed')
  expect(nonces.take(nonce, 'second-jti')).toBe('taken')
})

test('P23 a nonce changes with time and still counts for one turn', () => {
  let now = 0
  const nonces = new ProofNonces(() => now)
  const first = nonces.current()
  now = 5 * MINUTE
  const second = nonces.current()
  expect(second).not.toBe(first)
  expect(nonces.valid()).toEqual([second, first])
  expect(nonces.take(first, 'late-jti')).toBe('taken')
  now = 10 * MINUTE
  expect(nonces.valid()).not.toContain(first)
  expect(nonces.take(first, 'later-jti')).toBe('stale')
})

test('P23 a nonce is old after its time, also where nobody asked for one meanwhile', () => {
  let now = 0
  const nonces = new ProofNonces(() => now)
  const first = nonces.current()
  now = 3 * 24 * 60 * MINUTE
  expect(nonces.valid()).not.toContain(first)
  expect(nonces.take(first, 'late-jti')).toBe('stale')
})

test('P23 no nonce of another process counts', () => {
  const nonce = new ProofNonces().current()
  expect(new ProofNonces().take(nonce, 'some-jti')).toBe('stale')
})

test('P23 a busy program gets another nonce, and what is remembered stays bounded', () => {
  const nonces = new ProofNonces(() => 0)
  const first = nonces.current()
  for (let i = 0; i < 10_000; i++) nonces.take(first, `jti-${i}`)
  expect(nonces.current()).not.toBe(first)
  for (let i = 10_000; i < 20_000; i++) expect(nonces.take(first, `jti-${i}`)).toBe('taken')
  expect(nonces.take(first, 'one-too-many')).toBe('stale')
})

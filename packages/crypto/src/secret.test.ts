import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { CryptoError } from './crypto-error.ts'
import { Secret } from './secret.ts'

const CANARY = 'canary-in-a-secret'
const canary = (): Secret => Secret.take(new TextEncoder().encode(CANARY))

test('C3 a secret refuses to become text, JSON or a number', () => {
  const secret = canary()
  const attempts: (() => unknown)[] = [
    () => `${secret}`,
    () => String(secret),
    () => JSON.stringify(secret),
    () => JSON.stringify({ nested: [secret] }),
    () => secret.toString(),
    () => Number(secret),
    () => secret > canary(),
  ]
  for (const attempt of attempts) expect(attempt).toThrow(CryptoError)
})

test('C3 a secret cannot be cloned into a message', () => {
  expect(() => structuredClone(canary())).toThrow()
  expect(() => structuredClone({ key: canary() })).toThrow()
  const { port1, port2 } = new MessageChannel()
  expect(() => port1.postMessage(canary())).toThrow()
  port1.close()
  port2.close()
})

test('C3 inspection and enumeration show nothing', () => {
  const secret = canary()
  const shown = [
    inspect(secret),
    inspect({ secret }, { depth: 5, showHidden: true }),
    inspect(secret, { customInspect: false, showHidden: true }),
    Object.keys(secret).join(),
    Reflect.ownKeys(secret).map(String).join(),
  ].join('\n')
  expect(shown).not.toContain(CANARY)
  expect(shown).not.toContain(Array.from(secret.expose()).join(', '))
  expect(inspect(secret)).toBe('[secret]')
})

test('C3 take owns, expose is the view, copy is another, wipe overwrites and ends it', () => {
  const bytes = Uint8Array.of(1, 2, 3)
  const secret = Secret.take(bytes)
  const copy = secret.copy()
  expect(secret.expose()).toBe(bytes)
  expect(copy.expose()).not.toBe(bytes)
  secret.wipe()
  expect(bytes).toEqual(new Uint8Array(3))
  expect(secret.wiped).toBe(true)
  expect(() => secret.expose()).toThrow(CryptoError)
  expect(() => secret.length).toThrow(CryptoError)
  expect(() => secret.copy()).toThrow(CryptoError)
  expect(copy.expose()).toEqual(Uint8Array.of(1, 2, 3))
  secret.wipe()
})

test('C3 random secrets have the length asked for and differ', () => {
  expect(Secret.random().length).toBe(32)
  expect(Secret.random(20).length).toBe(20)
  expect(Secret.random().expose()).not.toEqual(Secret.random().expose())
})

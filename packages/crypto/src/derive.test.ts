import { toHex } from '@countersign/schema/hex'
import { beforeAll, expect, test } from 'vitest'
import { CryptoError } from './crypto-error.ts'
import {
  deviceKem,
  deviceSign,
  hkdf,
  memberKeys,
  prfWrapKey,
  recoveryLocatorKey,
  recoveryWrapKey,
  storeKey,
} from './derive.ts'
import { inviteKeys } from './invite-key.ts'
import { cryptoReady } from './ready.ts'
import { Secret } from './secret.ts'

beforeAll(cryptoReady)

const secret = (fill: number, length = 32): Secret => Secret.take(new Uint8Array(length).fill(fill))

test('C8 one secret under different purposes, salts and neighbours gives unrelated keys', () => {
  const salt = new Uint8Array(32)
  const member = memberKeys(secret(1))
  const invite = inviteKeys(secret(1))
  const keys = [
    member.sign.publicKey,
    member.kem.publicKey,
    memberKeys(secret(2)).sign.publicKey,
    storeKey(secret(1)).expose(),
    deviceKem(secret(1), secret(1)).publicKey,
    deviceKem(secret(1), secret(2)).publicKey,
    deviceKem(secret(2), secret(1)).publicKey,
    deviceSign(secret(1)).publicKey,
    prfWrapKey(secret(1), salt).expose(),
    prfWrapKey(secret(1), new Uint8Array(32).fill(1)).expose(),
    recoveryWrapKey(secret(1, 20)).expose(),
    recoveryLocatorKey(secret(1, 20)).publicKey,
    invite.sign.publicKey,
    invite.seal.expose(),
    hkdf(secret(1), salt, 'another').expose(),
  ].map(toHex)
  expect(new Set(keys).size).toBe(keys.length)
})

test('C8 deriving twice gives the same keys and leaves the root usable', () => {
  const root = secret(7)
  expect(memberKeys(root).sign.publicKey).toEqual(memberKeys(root).sign.publicKey)
  expect(root.wiped).toBe(false)
})

test('C8 a secret of another length is refused where one is expected', () => {
  const wrong: (() => unknown)[] = [
    () => memberKeys(secret(1, 31)),
    () => storeKey(secret(1, 64)),
    () => deviceKem(secret(1), secret(1, 16)),
    () => deviceKem(secret(1, 16), secret(1)),
    () => deviceSign(secret(1, 0)),
    () => prfWrapKey(secret(1, 20), new Uint8Array(32)),
    () => recoveryWrapKey(secret(1, 32)),
    () => recoveryLocatorKey(secret(1, 32)),
    () => inviteKeys(secret(1, 16)),
  ]
  for (const attempt of wrong) expect(attempt).toThrow(CryptoError)
})

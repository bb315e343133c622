import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cryptoReady } from '@countersign/crypto/ready'
import type { Secret } from '@countersign/crypto/secret'
import { newId } from '@countersign/schema/ids'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { SoftwareKeys } from '../authenticator/software.ts'
import { joinedTeam } from '../team/found-team.ts'
import { Enrolment } from './enrolment.ts'
import type { Membership } from './installation.ts'
import { unlockWithKey, unlockWithRecoveryCode } from './ways-in.ts'

beforeAll(cryptoReady)

describe('enrolment and the ways in', () => {
  let dir: string
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'enrolment-'))
  })
  afterEach(() => rmSync(dir, { recursive: true, force: true }))

  const keysIn = (name: string, options = {}) => new SoftwareKeys(join(dir, name), options)
  const enrolment = (keys: SoftwareKeys) => new Enrolment(keys, () => newId())
  const device = newId()
  const place = {
    genesisHash: new Uint8Array(32).fill(1),
    head: { seq: 0, hash: new Uint8Array(32).fill(1) },
    server: { url: 'http://127.0.0.1:1', id: new Uint8Array(32).fill(2) },
  }
  const typedBack = (text: string, ask: readonly number[]) => {
    const groups = text.split('-')
    return ask.map((number) => groups[number - 1] ?? '')
  }
  /** Two ways in: a key and a recovery code. */
  const joined = async (
    keys: SoftwareKeys,
  ): Promise<{ membership: Membership; text: string; root: Secret }> => {
    const made = enrolment(keys)
    await made.enrol('one')
    const { text, ask } = made.newRecoveryCode()
    expect(made.confirmRecoveryCode(typedBack(text, ask))).toBe(true)
    return { membership: joinedTeam(made, place), text, root: made.root }
  }

  it('P21 one key is not enough: two keys are, or one and a recovery code that was typed back', async () => {
    const made = enrolment(keysIn('keys'))
    expect(made.ready).toBe(false)
    await made.enrol('one')
    expect(made.ready).toBe(false)
    const { text, ask } = made.newRecoveryCode()
    expect(made.ready).toBe(false)
    expect(made.confirmRecoveryCode(['WRNG', 'WRNG'])).toBe(false)
    expect(made.ready).toBe(false)
    expect(made.confirmRecoveryCode(typedBack(text.toLowerCase(), ask))).toBe(true)
    expect(made.ready).toBe(true)
    const two = enrolment(keysIn('others'))
    await two.enrol('one')
    await two.enrol('two')
    expect(two.ready).toBe(true)
  })

  it.each([
    ['authenticator.no_prf', { supportsPrf: false }],
    ['authenticator.user_not_verified', { userVerified: false }],
    ['authenticator.backup_eligible', { backupEligible: true }],
  ])('P21 a key that may not be enrolled is refused: %s', async (code, options) => {
    const made = enrolment(keysIn('keys', options))
    expect(await made.enrol('one')).toMatchObject({ ok: false, code })
    expect(made.keys).toHaveLength(0)
  })

  it('P21 a cancelled touch enrols nothing, and a label names one key', async () => {
    const keys = keysIn('keys')
    const made = enrolment(keys)
    keys.cancel()
    expect(await made.enrol('one')).toMatchObject({ ok: false, code: 'authenticator.cancelled' })
    expect((await made.enrol('one')).ok).toBe(true)
    expect(await made.enrol('one')).toMatchObject({ ok: false, code: 'setup.label_taken' })
  })

  it('P11 the key and the recovery code both unlock the same root, after a restart too', async () => {
    const { membership, text, root } = await joined(keysIn('keys'))
    const byKey = await unlockWithKey(membership, device, keysIn('keys'))
    const byCode = unlockWithRecoveryCode(membership, text.toLowerCase().replaceAll('-', ' '))
    if (!byKey.ok || !byCode.ok) throw new Error('not unlocked')
    expect(byKey.value.root.expose()).toEqual(root.expose())
    expect(byCode.value.root.expose()).toEqual(root.expose())
    expect(byKey.value.head).toEqual(place.head)
  })

  it('P9 another key, a wrong code, another team or another member’s key unlock nothing', async () => {
    const { membership, text } = await joined(keysIn('keys'))
    expect(await unlockWithKey(membership, device, keysIn('nobody'))).toMatchObject({
      ok: false,
      code: 'authenticator.no_credential',
    })
    expect(await unlockWithKey({ ...membership, team: newId() }, device, keysIn('keys'))).toMatchObject({
      ok: false,
      code: 'unlock.failed',
    })
    const otherKey = { ...membership, signKey: new Uint8Array(32) }
    expect(await unlockWithKey(otherKey, device, keysIn('keys'))).toMatchObject({ ok: false })
    expect(unlockWithRecoveryCode(membership, text.slice(0, -4))).toMatchObject({ ok: false })
    const other = await joined(keysIn('strangers'))
    expect(unlockWithRecoveryCode(membership, other.text)).toMatchObject({ ok: false, code: 'unlock.failed' })
    const without = { ...membership, waysIn: membership.waysIn.filter((way) => way.kind === 'security-key') }
    expect(unlockWithRecoveryCode(without, text)).toMatchObject({ ok: false, code: 'recovery.none' })
  })

  it('P21 keys enrolled before the team was known prove themselves for it', async () => {
    const made = enrolment(keysIn('keys'))
    await made.enrol('one')
    const before = made.keys[0]?.record.proof.clientDataJSON
    const team = newId()
    expect((await made.moveTo(team)).ok).toBe(true)
    expect(made.team).toBe(team)
    expect(made.keys[0]?.record.proof.clientDataJSON).not.toEqual(before)
  })
})

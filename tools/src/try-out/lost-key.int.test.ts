import { cp, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Installation, startInstallation } from '@countersign/desktop/headless/installation'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { environmentId, inviteAndJoin } from './people.ts'
import { TwoInstallations } from './two-installations.ts'
import { until } from './until.ts'

/** Somebody's security key is retired, or lost: what ends with it and how they come back (P8). */
describe('a security key', () => {
  let two: TwoInstallations
  let folder: string
  let ada: Installation
  let dana: Installation
  let production: string

  const memberOf = async (of: Installation): Promise<string> =>
    (await of.must('status.get', {})).me?.member ?? ''
  /** Null where the core was locked while it was asked, as it is when the server turns it away. */
  const phase = async (of: Installation): Promise<string | null> => {
    const status = await of.call('status.get', {})
    return status.ok ? status.value.phase : null
  }

  beforeAll(async () => {
    two = await TwoInstallations.start('dana', ['production'])
    folder = two.folder
    ada = two.ada
    dana = two.other
    production = environmentId(two.vault, 'production')
    const access = [{ environment: production, level: 'hold' as const, approve: false }]
    await inviteAndJoin(ada, dana, { name: 'Dana', device: 'laptop', roles: ['developer'], access })
  })
  afterAll(async () => {
    await two?.stop()
  })

  it('P8 retired, it opens nothing more here and fetches nothing on a new computer; nothing is encrypted anew', async () => {
    const member = await memberOf(dana)
    const before = await dana.must('vaults.list', {})
    const after = await dana.must('keys.retire', { member, label: 'Software key 2', reason: 'in hand' })
    expect(after.keys.map(({ label, retired }) => ({ label, retired }))).toEqual([
      { label: 'Software key 1', retired: false },
      { label: 'Software key 2', retired: true },
    ])
    expect(await dana.must('vaults.list', {})).toEqual(before)
    const last = await dana.call('keys.retire', { member, label: 'Software key 1', reason: '' })
    expect(last).toMatchObject({ error: { code: 'credential.last' } })
    expect((await dana.must('status.get', {})).waysIn).toEqual({ keys: 1, recovery: false })
  })

  it('P8 L24 lost: removed and invited again, on the same computer, under new keys; what they held has new keys too', async () => {
    const lost = await memberOf(dana)
    expect(await dana.call('installation.startOver', {})).toMatchObject({ error: { code: 'member.active' } })
    const sheet = (await dana.must('sheet.get', {})).lines.join('\n')
    await ada.must('member.remove', { member: lost, reason: 'lost security key: invited again' })
    await until(async () => (await phase(dana)) === 'removed', { what: 'Dana is told' })
    // Whoever has the lost key and the sheet gets nothing from the server.
    await mkdir(join(folder, 'thief'), { mode: 0o700 })
    await cp(join(folder, 'dana', 'software-keys'), join(folder, 'thief', 'software-keys'))
    const thief = await startInstallation(join(folder, 'thief'))
    const stolen = await thief.call('sheet.openWithKey', { text: sheet, device: 'theirs' })
    await thief.stop()
    expect(stolen).toMatchObject({ error: { code: 'authenticator.no_credential' } })

    await dana.must('installation.startOver', {})
    await until(async () => (await phase(dana)) === 'empty', {
      what: 'an empty installation',
    })
    expect((await readdir(join(folder, 'dana'))).some((name) => name.startsWith('former-'))).toBe(true)
    const access = [{ environment: production, level: 'hold' as const, approve: false }]
    await inviteAndJoin(ada, dana, { name: 'Dana', device: 'laptop', roles: ['developer'], access })
    const again = await memberOf(dana)
    expect(again).not.toBe(lost)
    const made = await dana.must('item.create', {
      environment: production,
      name: 'openai',
      provider: 'openai',
      value: { api_key: 'sk-new' },
      note: '',
      models: [],
    })
    expect(made.row.version).toBe(1)
    const people = await ada.must('members.list', {})
    expect(people.map(({ name, state }) => ({ name, state }))).toEqual([
      { name: 'Ada', state: 'active' },
      { name: 'Dana', state: 'removed' },
      { name: 'Dana', state: 'active' },
    ])
  })
})

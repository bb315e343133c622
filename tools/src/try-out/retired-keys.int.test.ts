import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startInstallation } from '@countersign/desktop/headless/installation'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inviteAndJoin } from './people.ts'
import { TwoInstallations } from './two-installations.ts'
import { until } from './until.ts'

interface Kept {
  membership: { waysIn: { label: string }[] }
}

/** A security key that was retired somewhere else opens nothing on this computer either. */
describe('a retired key', () => {
  let two: TwoInstallations
  const fileOf = (who: string): string => join(two.folder, who, 'installation.json')
  const kept = async (who: string): Promise<Kept> => JSON.parse(await readFile(fileOf(who), 'utf8'))
  const labels = async (who: string) => (await kept(who)).membership.waysIn.map(({ label }) => label)

  beforeAll(async () => {
    two = await TwoInstallations.start('ben', ['development'])
    await inviteAndJoin(two.ada, two.other, { name: 'Ben', device: 'laptop', roles: [], access: [] })
  }, 120_000)
  afterAll(async () => {
    await two?.stop()
  })

  it('P8 T61 retired by an admin as lost, it is forgotten by its member’s computer, locked or not, and does not unlock it', async () => {
    const { ada, other: ben } = two
    const everything = await kept('ben')
    const before = (await ada.must('members.list', {})).find(({ name }) => name === 'Ben')
    await ben.lock()
    await ben.ready()
    await ada.must('keys.retire', { member: before?.member ?? '', label: 'Software key 1', reason: 'lost' })
    await until(async () => (await labels('ben')).join() === 'Software key 2', {
      what: 'the locked computer forgets the key',
    })
    expect((await ben.must('status.get', {})).waysIn).toEqual({ keys: 1, recovery: false })
    // Whoever puts the old file back has what was wrapped for the key, and a computer that knows the ledger.
    await ben.stop()
    const stale = { ...everything, membership: { ...everything.membership } }
    stale.membership.waysIn = stale.membership.waysIn.filter(({ label }) => label === 'Software key 1')
    await writeFile(fileOf('ben'), JSON.stringify(stale))
    two.other = await startInstallation(join(two.folder, 'ben'))
    const unlocked = await two.other.call('vault.unlock', {})
    expect(unlocked).toMatchObject({ ok: false, error: { code: 'unlock.no_ways' } })
    expect(await labels('ben')).toEqual([])
  })

  it('P8 T61 retired while another is being added, it does not come back with that one', async () => {
    const { ada } = two
    const { me } = await ada.must('status.get', {})
    const [retired, added] = await Promise.all([
      ada.call('keys.retire', { member: me?.member ?? '', label: 'Software key 1', reason: 'destroyed' }),
      ada.call('keys.add', { label: 'third' }),
    ])
    expect([retired.ok, added.ok]).toEqual([true, true])
    expect(await labels('ada')).toEqual(['Software key 2', 'third'])
  })
})

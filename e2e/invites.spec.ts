import { join } from 'node:path'
import { encodeInviteLink, INVITE_SCHEME, parseInviteLink } from '@countersign/client/mailbox/invite-link'
import { cryptoReady } from '@countersign/crypto/ready'
import { until } from '@countersign/tools/try-out/until'
import { expect, test } from '@playwright/test'
import { tempFolder } from './src/temp-folder.ts'
import { type Holding, startHolding } from './story/holding.ts'
import { Person } from './story/person.ts'

// Invites that lead nowhere, as the person who was invited sees them: what went wrong, in words, and the way on.

const SLOW = { timeout: 60_000 }

test.describe('an invite', () => {
  test.describe.configure({ mode: 'serial' })
  const folder = tempFolder()
  let holding: Holding
  let eve: Person
  let used = ''

  const invite = async (): Promise<{ invite: string; link: string }> => {
    const made = await holding.admin.must('invite.create', {
      name: 'Eve',
      roles: ['developer'],
      access: [],
      expiresInMs: 86_400_000,
    })
    if (made.link === null) throw new Error('the new invite has no link')
    return { invite: made.invite, link: made.link }
  }
  const stateOf = async (id: string) =>
    (await holding.admin.must('invites.list', {})).find((each) => each.invite === id)
  /** The link is not taken: why, and nothing that was typed is lost. */
  const isRefused = async (link: string, why: string): Promise<void> => {
    await eve.window.getByLabel('Invite link').fill(link)
    await eve.window.getByRole('button', { name: 'Continue' }).click()
    await expect(eve.window.getByRole('alert')).toContainText(why)
    await expect(eve.window.getByLabel('Invite link')).toHaveValue(link)
  }
  const nothingWasJoined = async (why: string | RegExp): Promise<void> => {
    await expect(eve.window.getByRole('heading', { name: 'Nothing was joined' })).toBeVisible(SLOW)
    await expect(eve.window.getByRole('alert')).toContainText(why)
    await eve.window.getByRole('button', { name: 'Start over' }).click()
    await expect(eve.window.getByRole('heading', { name: 'Welcome to Countersign' })).toBeVisible()
  }

  test.beforeAll(async () => {
    await cryptoReady()
    holding = await startHolding(folder.path, { value: 'sk-proj-made-up', roles: ['developer'] })
    eve = await Person.start('Eve', 'software', join(folder.path, 'eve'))
  })
  test.afterAll(async () => {
    await eve?.close()
    await holding?.close()
    folder.remove()
  })

  test('P12 that is none, is cut, was changed on its way or is too old is refused where it is pasted, and stays there', async () => {
    const { link } = await invite()
    const content = link.slice(INVITE_SCHEME.length)
    const at = content.length >> 1
    const changed = content[at] === 'A' ? 'B' : 'A'
    const parsed = parseInviteLink(link, Date.now())
    if (!parsed.ok) throw new Error(parsed.code)
    await eve.window.getByRole('button', { name: /^Join a team/ }).click()
    await isRefused('https://example.com/join?team=acme', 'This is no invite')
    await isRefused(link.slice(0, -20), 'The end of this invite is missing')
    await isRefused(
      `${INVITE_SCHEME}${content.slice(0, at)}${changed}${content.slice(at + 1)}`,
      'changed on its way',
    )
    await isRefused(encodeInviteLink({ ...parsed.invite, expiresAt: Date.now() - 1 }), 'expired')
    await eve.screenshot(join(import.meta.dirname, 'screenshots', 'invite-expired.png'))
    await eve.window.getByRole('button', { name: 'Start over' }).click()
  })

  test('P12 whose codes differ joins nobody, and both are told', async () => {
    const made = await invite()
    used = made.link
    await eve.join(made.link)
    await eve.shortCode()
    await eve.window.getByRole('button', { name: 'They differ' }).click()
    await until(async () => (await stateOf(made.invite))?.state === 'declined', {
      what: 'the inviter is told that the codes differ',
    })
    await nothingWasJoined('The codes were not the same')
    const members = await holding.admin.must('members.list', {})
    expect(members.map(({ name }) => name).sort()).toEqual(['Ada', 'Dana'])
  })

  test('P12 that was used before is refused by the server', async () => {
    await eve.join(used)
    await nothingWasJoined('was used, by somebody else')
  })

  test('P12 that was withdrawn is refused by the server', async () => {
    const made = await invite()
    await holding.admin.must('invite.cancel', { invite: made.invite })
    await eve.join(made.link)
    await nothingWasJoined('does not know this invite')
  })

  test('P12 that is good works after all of them', async () => {
    const made = await invite()
    await eve.join(made.link)
    const code = await eve.shortCode()
    await until(async () => (await stateOf(made.invite))?.code === code, {
      what: 'the inviter sees the same code',
    })
    await holding.admin.must('invite.confirm', { invite: made.invite, same: true })
    await eve.codesAreTheSame()
    await eve.isIn()
  })
})

import { execFileSync } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeInviteLink, parseInviteLink } from '@countersign/client/mailbox/invite-link'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LocalApiClient } from './local-api-client.ts'
import { TwoInstallations } from './two-installations.ts'
import { until } from './until.ts'

/** The largest file that a process may write to, in bytes. */
const mayWrite = (pid: number | undefined, bytes: string): void => {
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`])
}

/** What a window may ask a core for at all times, and what it may not. */
describe('calls of a window', () => {
  let two: TwoInstallations
  beforeAll(async () => {
    two = await TwoInstallations.start('ben', ['development'])
  }, 60_000)
  afterAll(async () => {
    await two?.stop()
  })

  it('T34 of two exports asked for at one moment one is written', async () => {
    const ask = () => two.ada.call('export.audit', { records: true })
    const both = await Promise.all([ask(), ask()])
    expect(both.map((each) => (each.ok ? 'started' : each.error.code)).sort()).toEqual([
      'export.busy',
      'started',
    ])
    await until(async () => (await two.ada.must('export.state', {})).export?.state === 'done', {
      what: 'the export is done',
    })
  })

  it('T34 how long keys and values stay is set by who unlocked, and on record; the theme by anybody', async () => {
    const { ada } = two
    const before = await ada.must('settings.get', {})
    await ada.must('settings.set', { ...before, idleLockMs: 300_000 })
    await until(
      async () => {
        const { rows } = await ada.must('audit.list', { before: null, limit: 50, text: 'changed settings' })
        return rows.some(({ detail }) => detail.includes(`idleLockMs ${before.idleLockMs} → 300000`))
      },
      { what: 'the change is on record' },
    )
    await ada.lock()
    await ada.ready()
    const mine = await ada.must('settings.get', {})
    for (const change of [{ idleLockMs: 86_400_000 }, { clipboardClearMs: 300_000 }])
      expect(await ada.call('settings.set', { ...mine, ...change })).toMatchObject({
        ok: false,
        error: { code: 'vault.locked' },
      })
    expect(await ada.must('settings.set', { ...mine, theme: 'dark' })).toEqual({ ...mine, theme: 'dark' })
    await ada.must('vault.unlock', {})
  })

  it('P18 T7 an unlock that the disk cannot put on record is refused, and nothing is served', async () => {
    const { ada } = two
    await ada.lock()
    await ada.ready()
    // What waits to be sent is longer than the software keys' own file: of this very process no file may grow beyond that from here on.
    const { size } = await stat(join(two.folder, 'ada', 'software-keys'))
    for (let i = 0; i < 40; i++) await ada.call('vault.unlockWithRecoveryCode', { text: 'none' })
    mayWrite(ada.pid, String(size + 512))
    const unlocked = await ada.call('vault.unlock', {})
    expect(unlocked.ok ? 'unlocked' : unlocked.error.code).toMatch(/^(audit\.failed|store\.full)$/)
    const { phase, localApi } = await ada.must('status.get', {})
    expect(phase).toBe('locked')
    const token = `cs_app_${'A'.repeat(43)}`
    const answer = await new LocalApiClient(localApi?.url ?? '').read('cs://llm/development/any', token)
    expect(answer).toMatchObject({ ok: false, code: expect.stringMatching(/^(locked|token\.malformed)$/) })
    mayWrite(ada.pid, 'unlimited')
    await ada.must('vault.unlock', {})
  })

  it.each([
    ['turns the text around it', 'Ben \u202enimda na\u202c'],
    ['has what is not seen', 'Ben\u200b'],
    ['goes on on another line', 'Ben\u2028admin'],
  ])('T54 a name that %s is none', async (_, name) => {
    const made = await two.ada.call('invite.create', { name, roles: [], access: [], expiresInMs: 3_600_000 })
    expect(made).toMatchObject({ ok: false, error: { code: 'call.malformed' } })
  })

  it.each(['علی‌رضا', '👩‍💻 Zoë', 'सुमित्रा'])('T54 %s is a name', async (name) => {
    const made = await two.ada.must('invite.create', { name, roles: [], access: [], expiresInMs: 3_600_000 })
    await two.ada.must('invite.cancel', { invite: made.invite })
  })

  it('P12 an invite to a server elsewhere without TLS is refused before anything is sent', async () => {
    const { link } = await two.ada.must('invite.create', {
      name: 'Ben',
      roles: [],
      access: [],
      expiresInMs: 3_600_000,
    })
    const parsed = parseInviteLink(link ?? '', Date.now())
    if (!parsed.ok) throw new Error(parsed.code)
    const altered = encodeInviteLink({ ...parsed.invite, url: 'http://sync.acme.example' })
    expect(await two.other.call('invite.read', { link: altered })).toMatchObject({
      ok: false,
      error: { code: 'server.insecure' },
    })
  })
})

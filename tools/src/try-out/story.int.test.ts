import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Installation, startInstallation } from '@countersign/desktop/headless/installation'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { environmentId, type Vault } from './people.ts'
import { type ProductionBinding, ROLES, TryOutTeam } from './team.ts'
import { until } from './until.ts'

const VALUE = 'sk-proj-canary-0f4b2c7a91d84e6fb3a5'
const ROTATED = 'sk-proj-canary-rotated-77aa01c2d9e84f10'
const HOUR = 3_600_000

/** Every file under a folder, as bytes. */
const filesIn = async (folder: string): Promise<{ path: string; bytes: Buffer }[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return Promise.all(files.map(async (path) => ({ path, bytes: await readFile(path) })))
}

/** Each of these is said, after the one before it. */
const inOrder = (said: readonly string[], steps: readonly string[]): void => {
  let from = 0
  for (const step of steps) {
    const at = said.findIndex((line, index) => index >= from && line.endsWith(step))
    expect(at, `${step}, in\n${said.join('\n')}`).toBeGreaterThanOrEqual(from)
    from = at + 1
  }
}

/** The whole story of a team, headless: real server, real cores in processes of their own, real HTTP. */
describe('a team from founding to removal', () => {
  let folder: string
  let team: TryOutTeam
  let vault: Vault
  let item: string
  let binding: ProductionBinding
  const people = () => team.people

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-story-'))
    team = await TryOutTeam.start(folder, () => undefined)
    vault = await team.found()
    const made = await team.addProductionKey(vault, VALUE)
    item = made.row.item
    binding = await team.bind(made.reference, VALUE)
  })
  afterAll(async () => {
    await team?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const read = async () => (await team.localApi()).read(binding.reference, binding.token)
  const ask = (reason: string) => team.ask(reason)
  const seenBy = (person: Installation, request: string) =>
    until(async () => (await person.call('request.get', { request })).ok, { what: 'the request arrives' })

  it('P2 after two approvals a program reads the value with its token', async () => {
    const answer = await read()
    expect(answer).toMatchObject({ ok: true, value: { value: VALUE, version: 1 } })
  })

  it('P2 a credential’s page says who can read it by whose word, and what another program needs', async () => {
    const { access, bindings } = await people().admin.must('item.get', { item })
    expect(access.holders.map(({ name }) => name)).toEqual(['Ada Admin', 'Abel Approver'])
    expect(access.rule).toBe('two of its approvers')
    expect(bindings).toMatchObject([{ binding: binding.id, person: { name: 'Dana Developer' } }])
    const approved = bindings[0]?.approvedBy.map(({ name }) => name).toSorted()
    expect(approved).toEqual(['Abel Approver', 'Ada Admin'])
  })

  it('P2 the requester’s own app cannot show it: production is another key, not a filter', async () => {
    const shown = await people().developer.call('item.reveal', { item, field: 'api_key' })
    expect(shown).toMatchObject({ ok: false, error: { code: 'author.not_holder' } })
  })

  it('the value is in no file of any profile and not on the server', async () => {
    for (const file of await filesIn(folder)) {
      expect(file.bytes.includes(VALUE), file.path).toBe(false)
    }
  })

  it('a denied request ends at once and the program hears who and why', async () => {
    const asked = await ask('please deny')
    await seenBy(people().approver, asked.id)
    await people().approver.must('request.deny', { request: asked.id, reason: 'not today' })
    const poll = await until(
      async () => {
        const answer = await asked.api.poll(asked.id, asked.claim, 2)
        return answer.ok && answer.value.state === 'denied' ? answer.value : null
      },
      { what: 'the denial' },
    )
    expect(poll.nextStep).toContain('not today')
    expect(JSON.stringify(poll.by)).toContain('Abel Approver')
  })

  it('an approver narrows the lease, and only the narrowed terms are granted', async () => {
    const asked = await ask('please narrow')
    for (const role of ['admin', 'approver'] as const) {
      const person = people()[role]
      await seenBy(person, asked.id)
      const { terms, requestHash } = await person.must('request.get', { request: asked.id })
      if (terms === null) throw new Error('a binding has terms')
      const { vault: vaultId, environment, models, mode, lease } = terms
      const narrowed = {
        vault: vaultId,
        environment,
        items: terms.items.map((each) => each.item),
        models,
        mode,
        lease: { ...lease, durationMs: role === 'admin' ? HOUR / 2 : HOUR },
      }
      await person.mustSigning(asked.id, 'signing.approve', {
        request: asked.id,
        requestHash,
        terms: narrowed,
      })
    }
    const poll = await until(
      async () => {
        const answer = await asked.api.poll(asked.id, asked.claim, 2)
        return answer.ok && answer.value.state === 'granted' ? answer.value : null
      },
      { what: 'the narrowed grant' },
    )
    expect(poll.terms).toMatchObject({ narrowed: true, lease: { durationMs: HOUR / 2 } })
  })

  it('P15 a signing window approves only the request and hash it showed', async () => {
    const asked = await ask('please do not sign something else')
    await seenBy(people().approver, asked.id)
    const wrongHash = await people().approver.callSigning(asked.id, 'signing.approve', {
      request: asked.id,
      requestHash: 'ab'.repeat(32),
      terms: null,
    })
    expect(wrongHash).toMatchObject({ ok: false, error: { code: 'request.changed' } })
    const other = await people().approver.callSigning(binding.id, 'signing.approve', {
      request: asked.id,
      requestHash: 'ab'.repeat(32),
      terms: null,
    })
    expect(other).toMatchObject({ ok: false, error: { code: 'signing.other_request' } })
    await people().developer.must('request.cancel', { request: asked.id, reason: 'no longer needed' })
  })

  it('P3 once bootstrap is closed an admin alone widens nothing', async () => {
    const { member } = await memberNamed(people().admin, 'Dana Developer')
    const changed = await people().admin.must('member.access', {
      member,
      access: [{ environment: environmentId(vault, 'production'), level: 'hold', approve: false }],
    })
    expect(changed).toMatchObject({ applied: false })
    const after = await memberNamed(people().admin, 'Dana Developer')
    expect(after.access.find((each) => each.label.endsWith('production'))?.level).toBe('request')
    if (changed.request !== null) {
      await people().admin.must('request.cancel', { request: changed.request, reason: 'only a test' })
    }
  })

  it('P19 a rotation made while the server is down waits, lands once, and reaches the program', async () => {
    const { admin } = people()
    await team.server.stop()
    await until(async () => (await admin.must('status.get', {})).mode === 'cached', { what: 'offline' })
    await admin.must('item.update', { item, base: 1, value: { api_key: ROTATED } })
    expect((await admin.must('status.get', {})).pendingChanges).toBe(1)
    const offline = await read()
    expect(offline).toMatchObject({ ok: true, value: { value: VALUE } })
    await team.server.start()
    await until(async () => (await admin.must('status.get', {})).pendingChanges === 0, {
      what: 'the queued change lands',
      timeoutMs: 60_000,
    })
    const answer = await until(
      async () => {
        const now = await read()
        return now.ok && now.value.value === ROTATED ? now.value : null
      },
      { what: 'the program reads the new value', timeoutMs: 60_000 },
    )
    expect(answer.version).toBe(2)
    const detail = await admin.must('item.get', { item })
    expect(detail.history.map((step) => step.version)).toEqual([1, 2])
  })

  it('P13 P22 after a restart the core is locked, and once unlocked the same token reads again', async () => {
    const { profileDir } = people().developer
    await people().developer.stop()
    const again = await startInstallation(profileDir)
    try {
      const status = await again.must('status.get', {})
      expect(status).toMatchObject({ phase: 'locked', team: null, me: null })
      const url = status.localApi?.url ?? ''
      const locked = await fetch(new URL('/v1/credentials', url), {
        headers: { authorization: `Bearer ${binding.token}` },
      })
      expect(locked.status).toBe(423)
      await again.must('vault.unlock', {})
      const answer = await fetch(new URL('/v1/credentials/llm/production/openai', url), {
        headers: { authorization: `Bearer ${binding.token}` },
      })
      expect(await answer.json()).toMatchObject({ value: ROTATED })
    } finally {
      await again.stop()
    }
    Object.assign(team.people, { developer: await startInstallation(profileDir) })
    await people().developer.must('vault.unlock', {})
  })

  it('a key that is none of this member’s does not unlock, and the failure is on record', async () => {
    const { profileDir } = people().approver
    await people().approver.lock()
    const { rename } = await import('node:fs/promises')
    const keys = join(profileDir, 'software-keys')
    await people().approver.stop()
    await rename(keys, `${keys}.away`)
    const without = await startInstallation(profileDir)
    const refused = await without.call('vault.unlock', {})
    expect(refused).toMatchObject({ ok: false, error: { code: 'authenticator.no_credential' } })
    await without.stop()
    await rename(`${keys}.away`, keys)
    Object.assign(team.people, { approver: await startInstallation(profileDir) })
    await people().approver.must('vault.unlock', {})
  })

  it('the auditor sees every step in order and can open no value', async () => {
    const { auditor } = people()
    await until(
      async () => {
        const { rows } = await auditor.must('audit.list', { before: null, limit: 500, text: '' })
        return rows.some((row) => row.action === 'failed to unlock') ? rows : null
      },
      { what: 'device records reach the auditor' },
    )
    const log = await auditor.must('audit.list', { before: null, limit: 500, text: '' })
    expect(log.verified).toBe(true)
    expect(log.problems).toEqual([])
    const said = log.rows.toReversed().map(({ actor, action, target }) => `${actor} ${action} ${target}`)
    const program = 'Try-out program (Dana Developer) in llm / production'
    const approved = said.filter((line) => line.endsWith(`approved with a touch ${program}`))
    expect(approved.toSorted()).toEqual(
      ['Abel Approver', 'Ada Admin'].map((who) => `${who} approved with a touch ${program}`),
    )
    // Everything the team decided, in the order in which it did; then what two devices saw, each in its own.
    inOrder(said, [
      'Ada Admin founded the team Try-out team',
      'Ada Admin created an environment llm / production',
      'Ada Admin added a member Abel Approver',
      'Ada Admin added a member Dana Developer',
      'Ada Admin added a member Otto Auditor',
      'Ada Admin set a policy llm / production',
      'Ada Admin closed the set-up the team',
      'Ada Admin added a credential openai in llm / production',
      `Dana Developer asked ${program}`,
      approved[0] ?? '',
      `released the keys ${program}`,
      'Ada Admin wrote a new version openai in llm / production',
    ])
    inOrder(said, [
      'Dana Developer handed out a token Try-out program · llm / production',
      'Dana Developer read a credential Try-out program · openai · llm / production',
      'Dana Developer unlocked ',
    ])
    inOrder(said, ['Abel Approver locked ', 'Abel Approver failed to unlock ', 'Abel Approver unlocked '])
    expect(said).toContain('Abel Approver denied Another program (Dana Developer) in llm / production')
    const items = await auditor.must('items.list', {})
    expect(items.map(({ level }) => level)).toEqual(items.map(() => 'view'))
    const shown = await auditor.call('item.reveal', { item, field: 'api_key' })
    expect(shown.ok).toBe(false)
  })

  it('P4 P5 removal re-keys at once, ends bindings, and lists what was really read', async () => {
    const { admin } = people()
    const { member } = await memberNamed(admin, 'Dana Developer')
    await until(
      async () => {
        const text = 'read a credential'
        const { rows } = await admin.must('audit.list', { before: null, limit: 100, text })
        return rows.length > 0
      },
      { what: 'the developer’s reads are on record' },
    )
    const { worklist } = await admin.must('member.remove', { member, reason: 'left' })
    expect(worklist).toMatchObject([{ item, name: 'openai', done: false }])
    expect(worklist[0]?.readCount).toBeGreaterThan(0)
    const answer = await until(
      async () => {
        const now = await read()
        return now.ok ? null : now
      },
      { what: 'the next read is refused' },
    )
    expect(answer.ok).toBe(false)
    const production = (await admin.must('vaults.list', {}))[0]?.environments.find(
      (each) => each.name === 'production',
    )
    expect(production).toMatchObject({ rekeyDue: false })
    await admin.must('item.update', { item, base: 2, value: { api_key: 'sk-proj-third-value-000000000000' } })
    const list = await admin.must('worklist.list', {})
    expect(list).toMatchObject([{ item, done: true }])
  })

  it('no canary is left in any profile, the server’s file, or elsewhere in the folder', async () => {
    for (const file of await filesIn(folder)) {
      expect(file.bytes.includes(ROTATED), file.path).toBe(false)
      expect(file.bytes.includes(binding.token), file.path).toBe(false)
    }
    expect(ROLES).toHaveLength(4)
  })
})

const memberNamed = async (person: Installation, name: string) => {
  const found = (await person.must('members.list', {})).find((each) => each.name === name)
  if (found === undefined) throw new Error(`no member is called ${name}`)
  return found
}

import { newAppToken } from '@countersign/crypto/app-token'
import { healthSchema } from '@countersign/schema/local-api'
import { expect, onTestFinished, test } from 'vitest'
import { listenTo, until } from './test/event-stream.ts'
import { ASK, problemIn, type ServedVault, serveVault } from './test/served-vault.ts'

const CREDENTIAL = '/v1/credentials/acme/production/openai'

const serve = async (locked: boolean): Promise<ServedVault> => {
  const served = await serveVault({ locked })
  onTestFinished(() => served.close())
  return served
}

test('P13 while locked a well-formed token gets 423 and a malformed one 401', async () => {
  const served = await serve(true)
  const { token } = newAppToken()
  for (const path of [CREDENTIAL, '/v1/credentials', '/v1/events']) {
    const refused = await served.call(path, { token })
    expect([path, refused.status, problemIn(refused).code]).toEqual([path, 423, 'locked'])
    expect(problemIn(refused).fix).toMatch(/unattended belong on a headless agent/)
    expect(refused.headers['countersign-mode']).toBe('locked')
  }
  for (const wrong of [token.slice(0, -1), 'cs_app_short', 'x']) {
    expect((await served.call(CREDENTIAL, { token: wrong })).status).toBe(401)
  }
  expect((await served.call(CREDENTIAL)).status).toBe(401)
  expect((await served.call('/v1/bindings', { method: 'POST', body: ASK })).status).toBe(423)
})

test('P13 the defences come first while locked as well', async () => {
  const served = await serve(true)
  const { token } = newAppToken()
  expect((await served.call(CREDENTIAL, { token, headers: { Host: 'attacker.example' } })).status).toBe(421)
  expect((await served.call(CREDENTIAL, { token, headers: { Origin: 'null' } })).status).toBe(403)
})

test('P13 denials of the keyless core are on record', async () => {
  const served = await serve(true)
  const { token } = newAppToken()
  for (let i = 0; i < 5; i++) await served.call(CREDENTIAL, { token })
  const denials = (): number =>
    served.vault.records
      .filter((each) => each.outcome === 'locked')
      .reduce((sum, each) => sum + each.count, 0)
  await until(() => denials() === 5)
})

test('P13 P26 health, readiness and header tell the mode, before and after unlocking', async () => {
  const served = await serve(true)
  const health = async () => healthSchema.parse(JSON.parse((await served.call('/health')).text))
  expect(await health()).toMatchObject({ status: 'locked', mode: 'locked', serves: { read: false } })
  expect((await served.call('/livez')).status).toBe(200)
  expect((await served.call('/readyz')).status).toBe(423)
  await served.api.useSource(served.vault.unlocked())
  expect(await health()).toMatchObject({ status: 'ok', mode: 'normal', serves: { read: true } })
  expect((await served.call('/readyz')).status).toBe(200)
  for (const mode of ['read-only', 'cached', 'lease-only'] as const) {
    served.vault.setMode(mode)
    const answer = await served.call('/health')
    expect(answer.headers['countersign-mode']).toBe(mode)
    expect(await health()).toMatchObject({ status: 'degraded', mode })
    const asked = await served.call('/v1/bindings', { method: 'POST', body: ASK })
    expect([asked.status, problemIn(asked).code]).toEqual([503, 'mode.refused'])
  }
  expect((await served.call('/readyz')).status).toBe(503)
  served.api.lock()
  expect(await health()).toMatchObject({ mode: 'locked' })
  const modes = (): string[] =>
    served.vault.records.filter((each) => each.action === 'mode.changed').map((each) => each.outcome)
  // A change of mode is answered by nobody, so nothing has waited for its record.
  await until(() => modes().length === 4)
  expect(modes()).toEqual(['normal', 'read-only', 'cached', 'lease-only'])
})

test('P22 bindings survive lock and unlock; leases until lock do not', async () => {
  const served = await serve(false)
  const kept = await served.granted({ application: 'kept' })
  const untilLock = { durationMs: 3_600_000, untilLock: true }
  const ended = await served.granted({ application: 'ended', lease: untilLock })
  for (const { token } of [kept, ended]) expect((await served.call(CREDENTIAL, { token })).status).toBe(200)
  served.api.lock()
  for (const { token } of [kept, ended]) expect((await served.call(CREDENTIAL, { token })).status).toBe(423)
  await served.api.useSource(served.vault.unlocked())
  expect((await served.call(CREDENTIAL, { token: kept.token })).status).toBe(200)
  const refused = await served.call(CREDENTIAL, { token: ended.token })
  expect([refused.status, problemIn(refused).code]).toEqual([403, 'lease.ended_by_lock'])
})

test('P13 whoever polls or listens hears of the lock', async () => {
  const served = await serve(false)
  const { token } = await served.granted()
  const { id, claim } = await served.bind({ application: 'polls' })
  const poll = served.call(`/v1/bindings/${id}?wait=30`, { token: claim })
  const events = await listenTo(served.api.port, token)
  served.api.lock()
  expect((await poll).status).toBe(423)
  await until(() => events.ended)
  expect(events.text).toContain('event: locked')
})

test('P17 what is too old is refused with who could refresh it, and a cached value says its age', async () => {
  const served = await serve(false)
  const { token } = await served.granted()
  served.vault.ageMs = 61_500
  served.vault.setMode('cached')
  const cached = await served.call(CREDENTIAL, { token })
  expect([cached.status, cached.headers.age, cached.headers['countersign-mode']]).toEqual([
    200,
    '61',
    'cached',
  ])
  served.vault.refuseOpen = { ok: false, code: 'freshness.expired', detail: "Ada's device could refresh it." }
  const refused = await served.call(CREDENTIAL, { token })
  expect(refused.status).toBe(503)
  expect(problemIn(refused)).toMatchObject({
    code: 'freshness.expired',
    detail: "Ada's device could refresh it.",
  })
})

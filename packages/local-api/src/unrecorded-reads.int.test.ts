import { auditRecordSchema } from '@countersign/schema/audit'
import { credentialSchema, healthSchema, resolvedSchema } from '@countersign/schema/local-api'
import { expect, onTestFinished, test } from 'vitest'
import { ASK, parsed, problemIn, type ServedVault, serveVault } from './test/served-vault.ts'

const CREDENTIAL = '/v1/credentials/acme/production/openai'
const AZURE = '/v1/credentials/acme/production/azure'
const VALUE = 'sk-proj-canary-0001'
const MINUTE = 60_000

const served = async (): Promise<{ vault: ServedVault; pass: (ms: number) => void }> => {
  let ahead = 0
  const vault = await serveVault({ now: () => Date.now() + ahead })
  onTestFinished(() => vault.close())
  return {
    vault,
    pass: (ms) => {
      ahead += ms
    },
  }
}

/** A binding that has read `openai` on record, under a policy that lets it go on for so long; then the disk is full. */
const outage = async (maxUnrecordedMs: number, ask: Partial<typeof ASK> = {}) => {
  const { vault, pass } = await served()
  const granted = await vault.granted(ask, maxUnrecordedMs)
  const read = (path = CREDENTIAL, token = granted.token) => vault.call(path, { token })
  expect(parsed(await read(), credentialSchema).value).toBe(VALUE)
  const other = await vault.granted({ application: 'other' })
  expect(parsed(await read(CREDENTIAL, other.token), credentialSchema).value).toBe(VALUE)
  vault.vault.fillDisk()
  const written = vault.vault.records.length
  const since = () => vault.vault.records.slice(written)
  return { vault, pass, ...granted, other, read, since }
}

const refused = async (
  answer: Promise<{ status: number; text: string; headers: object }>,
): Promise<string> => {
  const { text, ...rest } = await answer
  expect(text).not.toContain('canary')
  return problemIn({ text, headers: {}, status: rest.status }).code
}

test('P18 a policy that says nothing refuses every read while the disk is full', async () => {
  const { vault, read } = await outage(0)
  for (let i = 0; i < 5; i++) expect(await refused(read())).toBe('audit.failed')
  expect(vault.api.unrecorded()).toBe(null)
  expect((await read()).headers['countersign-mode']).toBe('normal')
})

test('P18 what was not read on record is refused: another credential, field or version, a new value', async () => {
  const { vault, read } = await outage(5 * MINUTE, { items: ['openai', 'azure'] })
  expect(await refused(read(AZURE))).toBe('audit.failed')
  expect(await refused(read(`${CREDENTIAL}/api_key`))).toBe('audit.failed')
  vault.vault.put('openai', { api_key: 'sk-proj-canary-0002' })
  expect(await refused(read())).toBe('audit.failed')
  expect(vault.api.unrecorded()).toBe(null)
  // The old version is the one that is on record.
  expect(parsed(await read(`${CREDENTIAL}?version=1`), credentialSchema).value).toBe(VALUE)
})

test('P18 a binding that has not read yet is refused, and its claim is not exchanged', async () => {
  const { vault } = await served()
  const fresh = await vault.granted({}, 5 * MINUTE)
  const waiting = await vault.bind({ application: 'late' })
  vault.vault.decide(waiting.id, 'granted', { maxUnrecordedMs: 5 * MINUTE })
  vault.vault.fillDisk()
  expect(await refused(vault.call(CREDENTIAL, { token: fresh.token }))).toBe('audit.failed')
  expect(await refused(vault.call(`/v1/bindings/${waiting.id}`, { token: waiting.claim }))).toBe(
    'audit.failed',
  )
})

test('P18 a binding without the policy is refused beside one that goes on', async () => {
  const { read, other } = await outage(5 * MINUTE)
  expect((await read()).status).toBe(200)
  expect(await refused(read(CREDENTIAL, other.token))).toBe('audit.failed')
  expect((await read()).status).toBe(200)
})

test('P18 the time of the policy ends it, and reading does not stretch it', async () => {
  const { vault, read, pass } = await outage(5 * MINUTE)
  for (let i = 0; i < 4; i++) {
    expect((await read()).status).toBe(200)
    pass(MINUTE)
  }
  expect((await read()).status).toBe(200)
  pass(MINUTE)
  for (let i = 0; i < 3; i++) expect(await refused(read())).toBe('audit.failed')
  expect(vault.api.unrecorded()).toMatchObject({ reads: 5 })
})

test('P18 a lease of counted uses is refused', async () => {
  const { read } = await outage(5 * MINUTE, { lease: { durationMs: 3_600_000, uses: 10 } })
  expect(await refused(read())).toBe('audit.failed')
})

test('P18 a revocation, a stricter policy, a lost freshness and a lock win while reads go on', async () => {
  const { vault, id, read } = await outage(5 * MINUTE)
  expect((await read()).status).toBe(200)
  vault.vault.decide(id, 'granted', { maxUnrecordedMs: 0 })
  expect(await refused(read())).toBe('audit.failed')
  vault.vault.decide(id, 'granted', { maxUnrecordedMs: 5 * MINUTE })
  expect((await read()).status).toBe(200)
  vault.vault.refuseOpen = { ok: false, code: 'freshness.expired' }
  expect(await refused(read())).toBe('freshness.expired')
  vault.vault.refuseOpen = null
  expect((await read()).status).toBe(200)
  vault.vault.decide(id, 'revoked')
  expect(await refused(read())).toBe('binding.revoked')
  vault.vault.decide(id, 'granted', { maxUnrecordedMs: 5 * MINUTE })
  vault.api.lock()
  expect(await refused(read())).toBe('locked')
  // The next session has nothing on record: it begins with a recorded read.
  await vault.api.useSource(vault.vault.unlocked())
  expect(await refused(read())).toBe('audit.failed')
})

test('P18 a list of references goes on as a whole or not at all', async () => {
  const { vault, token } = await outage(5 * MINUTE, { items: ['openai', 'azure'] })
  const resolve = (references: string[]) =>
    vault.call('/v1/resolve', { method: 'POST', token, body: { references } })
  const openai = 'cs://acme/production/openai'
  expect(await refused(resolve([openai, 'cs://acme/production/azure/api_key']))).toBe('audit.failed')
  expect(vault.api.unrecorded()).toBe(null)
  const { results } = parsed(await resolve([openai, openai]), resolvedSchema)
  expect(results.map((each) => each.ok && each.credential.value)).toEqual([VALUE, VALUE])
  expect(vault.api.unrecorded()).toMatchObject({ reads: 2 })
})

test('P26 while reads go on the mode is lease-only, everywhere, and nothing else is given', async () => {
  const { vault, read, token } = await outage(5 * MINUTE)
  const answer = await read()
  expect(answer.headers['countersign-mode']).toBe('lease-only')
  const etag = answer.headers.etag ?? ''
  expect((await vault.call(CREDENTIAL, { token, headers: { 'If-None-Match': etag } })).status).toBe(304)
  const health = parsed(await vault.call('/health'), healthSchema)
  expect(health).toMatchObject({ status: 'degraded', mode: 'lease-only', unrecordedReads: { reads: 2 } })
  expect((await vault.call('/readyz')).status).toBe(503)
  expect(await refused(vault.call('/v1/credentials', { token }))).toBe('audit.failed')
  expect(await refused(vault.call('/v1/bindings', { method: 'POST', body: ASK }))).toBe('mode.refused')
  const { text } = await vault.call('/metrics')
  expect(text).toContain('countersign_reads_total{outcome="unrecorded"} 2')
  expect(text).toContain('countersign_mode{mode="lease-only"} 1')
})

test('P18 when there is room, all that went by is on record before anything else, once, with what it was', async () => {
  const { vault, id, read, since } = await outage(5 * MINUTE)
  const began = Date.now()
  for (let i = 0; i < 3; i++) expect((await read()).status).toBe(200)
  expect(since()).toEqual([])
  vault.vault.freeDisk()
  const answer = await read()
  expect([answer.status, answer.headers['countersign-mode']]).toEqual([200, 'normal'])
  const [entered, owed, next] = since()
  expect(entered).toMatchObject({ action: 'mode.changed', outcome: 'lease-only' })
  expect(next).toMatchObject({ action: 'credential.read', outcome: 'ok', binding: id })
  const { unrecorded, ...record } = auditRecordSchema.parse(owed)
  expect(record).toMatchObject({ action: 'credential.read_unrecorded', binding: id, count: 3, version: 1 })
  expect(unrecorded?.reads).toEqual([{ item: record.item, version: 1, field: '', count: 3 }])
  expect(unrecorded?.first).toBeGreaterThanOrEqual(began)
  expect(unrecorded?.last).toBe(record.time)
  await expect.poll(() => since().at(-1)).toMatchObject({ action: 'mode.changed', outcome: 'normal' })
  await read()
  expect(since().filter(({ action }) => action === 'credential.read_unrecorded')).toHaveLength(1)
  expect(vault.api.unrecorded()).toBe(null)
})

test('P18 it is on record without another read, shortly after there is room', async () => {
  const { vault, read, since } = await outage(5 * MINUTE)
  expect((await read()).status).toBe(200)
  vault.vault.freeDisk()
  await expect
    .poll(() => since().map(({ action, outcome }) => `${action} ${outcome}`), { timeout: 8000 })
    .toEqual(['mode.changed lease-only', 'credential.read_unrecorded ok', 'mode.changed normal'])
})

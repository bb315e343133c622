import { credentialSchema } from '@countersign/schema/local-api'
import { expect, onTestFinished, test } from 'vitest'
import { until } from './test/event-stream.ts'
import { parsed, problemIn, type ServedVault, serveVault } from './test/served-vault.ts'

const CREDENTIAL = '/v1/credentials/acme/production/openai'

/** A program that has read its credential twice, so that the next read finds everything worked out. */
const warm = async (): Promise<{
  served: ServedVault
  id: string
  token: string
  code: () => Promise<string>
}> => {
  const served = await serveVault()
  onTestFinished(() => served.close())
  const { id, token } = await served.granted()
  const read = () => served.call(CREDENTIAL, { token })
  for (let i = 0; i < 2; i++) {
    expect(parsed(await read(), credentialSchema).value).toBe('sk-proj-canary-0001')
  }
  return { served, id, token, code: async () => problemIn(await read()).code }
}

test('P18 every kept read is on record as the first one is', async () => {
  const { served, token } = await warm()
  await served.call(CREDENTIAL, { token })
  const reads = served.vault.records.filter((each) => each.action === 'credential.read')
  expect(reads).toHaveLength(3)
  expect(reads[2]).toEqual({ ...reads[0], time: reads[2]?.time })
})

test('P18 a disk that takes no record stops a kept read as well', async () => {
  const { served, code } = await warm()
  served.vault.fillDisk()
  expect(await code()).toBe('audit.failed')
})

test('P2 a revocation wins over a kept read at once', async () => {
  const { served, id, code } = await warm()
  served.vault.decide(id, 'revoked')
  expect(await code()).toBe('binding.revoked')
})

test('P2 a grant that is narrowed or runs out wins over a kept read', async () => {
  const { served, id, code } = await warm()
  const [binding] = served.vault.bindings
  if (binding === undefined) throw new Error('one was granted')
  served.vault.decide(id, 'granted', { terms: { ...binding.terms, items: [] } })
  expect(await code()).toBe('scope.refused')
  served.vault.decide(id, 'granted', { terms: binding.terms, expiresAt: Date.now() - 1 })
  expect(await code()).toBe('lease.expired')
})

test('P2 a narrowing wins over a read that waits for the disk, kept or worked out afresh', async () => {
  for (const kept of [true, false]) {
    const { served, id, token } = await warm()
    const [binding] = served.vault.bindings
    if (binding === undefined) throw new Error('one was granted')
    if (!kept) served.vault.put('openai', { api_key: 'sk-proj-canary-0002' })
    const { audit } = served.vault.holds
    audit.hold()
    const late = served.call(CREDENTIAL, { token })
    await until(() => audit.waiting === 1)
    served.vault.decide(id, 'granted', { terms: { ...binding.terms, items: [] } })
    audit.letGo()
    expect(problemIn(await late).code).toBe('scope.refused')
  }
})

test('P17 freshness that ends wins over a kept read', async () => {
  const { served, code } = await warm()
  served.vault.refuseOpen = { ok: false, code: 'freshness.expired' }
  expect(await code()).toBe('freshness.expired')
})

test('a rotated value is the one that is read next, and its tag another', async () => {
  const { served, token } = await warm()
  const before = await served.call(CREDENTIAL, { token })
  served.vault.put('openai', { api_key: 'sk-proj-canary-0002' })
  const after = await served.call(CREDENTIAL, {
    token,
    headers: { 'If-None-Match': before.headers.etag ?? '' },
  })
  expect(parsed(after, credentialSchema)).toMatchObject({ value: 'sk-proj-canary-0002', version: 2 })
  const again = await served.call(CREDENTIAL, {
    token,
    headers: { 'If-None-Match': after.headers.etag ?? '' },
  })
  expect([again.status, again.text]).toEqual([304, ''])
})

test('P13 after a lock nothing is read, and the next session works everything out anew', async () => {
  const { served, token, code } = await warm()
  served.api.lock()
  expect(await code()).toBe('locked')
  served.vault.put('openai', { api_key: 'sk-proj-canary-0003' })
  await served.api.useSource(served.vault.unlocked())
  expect(parsed(await served.call(CREDENTIAL, { token }), credentialSchema).value).toBe('sk-proj-canary-0003')
})

test('P22 a token that was exchanged for another opens no kept read', async () => {
  const served = await serveVault()
  onTestFinished(() => served.close())
  const { id, claim } = await served.bind()
  served.vault.decide(id, 'granted')
  const first = JSON.parse((await served.call(`/v1/bindings/${id}`, { token: claim })).text).token
  const second = JSON.parse((await served.call(`/v1/bindings/${id}`, { token: claim })).text).token
  expect((await served.call(CREDENTIAL, { token: second })).status).toBe(200)
  for (const wrong of [first, `${second.slice(0, -1)}x`]) {
    expect((await served.call(CREDENTIAL, { token: wrong })).status).toBe(401)
  }
})

test('a lease of counted uses is counted at every read', async () => {
  const served = await serveVault()
  onTestFinished(() => served.close())
  const { token } = await served.granted({ lease: { durationMs: 3_600_000, uses: 3 } })
  const left: (number | null)[] = []
  for (let i = 0; i < 3; i++) {
    left.push(parsed(await served.call(CREDENTIAL, { token }), credentialSchema).lease.usesLeft)
  }
  expect(left).toEqual([2, 1, 0])
  expect(problemIn(await served.call(CREDENTIAL, { token })).code).toBe('lease.used_up')
})

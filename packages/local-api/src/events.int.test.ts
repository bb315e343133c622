import { afterAll, beforeAll, expect, test } from 'vitest'
import { listenTo, until } from './test/event-stream.ts'
import { problemIn, type ServedVault, serveVault } from './test/served-vault.ts'

let served: ServedVault
beforeAll(async () => {
  served = await serveVault()
})
afterAll(() => served.close())

const CREDENTIAL = '/v1/credentials/acme/production/openai'

const listen = (token: string) => listenTo(served.api.port, token)

test('P2 a rotation is heard by bindings that cover it, and the next read has the new value', async () => {
  const { token } = await served.granted()
  const other = await served.granted({ application: 'other', items: ['azure'] })
  const mine = await listen(token)
  const theirs = await listen(other.token)
  expect(mine.text).toContain('event: mode\ndata: {"type":"mode","mode":"normal"}')
  served.vault.put('openai', { api_key: 'sk-proj-canary-0002' })
  await until(() => mine.text.includes('event: rotated'))
  expect(mine.text).toContain(
    'data: {"type":"rotated","reference":"cs://acme/production/openai","version":2}',
  )
  expect(mine.text).not.toContain('canary')
  expect(theirs.text).not.toContain('rotated')
  expect((await served.call(CREDENTIAL, { token })).text).toContain('canary-0002')
  expect((await served.call(`${CREDENTIAL}?version=1`, { token })).text).toContain('canary-0001')
  mine.close()
  theirs.close()
})

test('P17 a revocation is heard at once, ends the stream, and is not heard by others', async () => {
  const { id, token } = await served.granted({ application: 'revoked' })
  const other = await served.granted({ application: 'stays' })
  const mine = await listen(token)
  const theirs = await listen(other.token)
  served.vault.decide(id, 'revoked')
  await until(() => mine.ended)
  expect(mine.text).toContain(`data: {"type":"revoked","binding":"${id}","state":"revoked"}`)
  expect(theirs.ended).toBe(false)
  theirs.close()
})

test('P2 an end that comes near is announced', async () => {
  const { id, claim } = await served.bind({ application: 'expiring' })
  served.vault.decide(id, 'granted', { expiresAt: Date.now() + 1500 })
  const { token } = JSON.parse((await served.call(`/v1/bindings/${id}`, { token: claim })).text)
  const stream = await listen(token)
  await until(() => stream.text.includes('event: expiring'))
  stream.close()
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(problemIn(await served.call(CREDENTIAL, { token })).code).toBe('lease.expired')
})

test('P2 streams are limited per binding', async () => {
  const { token } = await served.granted({ application: 'greedy' })
  const streams = []
  for (let i = 0; i < 8; i++) streams.push(await listen(token))
  expect(problemIn(await served.call('/v1/events', { token })).code).toBe('events.too_many')
  for (const stream of streams) stream.close()
})

test('P2 an unchanged credential is 304 without its value, on record as such', async () => {
  const { token, id } = await served.granted({ application: 'caches' })
  const first = await served.call(CREDENTIAL, { token })
  const etag = first.headers.etag ?? ''
  const again = await served.call(CREDENTIAL, { token, headers: { 'If-None-Match': `"other", ${etag}` } })
  expect([again.status, again.text, again.headers.etag]).toEqual([304, '', etag])
  served.vault.put('openai', { api_key: 'sk-proj-canary-0003' })
  expect((await served.call(CREDENTIAL, { token, headers: { 'If-None-Match': etag } })).status).toBe(200)
  const mine = served.vault.records.filter((each) => each.binding === id && each.action === 'credential.read')
  expect(mine.map((each) => each.outcome)).toEqual(['ok', 'not_modified', 'ok'])
})

test('P2 a name two credentials share is refused with both references; each works by its id', async () => {
  served.vault.put('shared', { api_key: 'one' })
  const { token } = await served.granted({ application: 'ambiguous', items: ['shared'] })
  served.vault.duplicate('shared')
  const refused = await served.call('/v1/credentials/acme/production/shared', { token })
  expect([refused.status, problemIn(refused).code]).toEqual([409, 'credential.ambiguous'])
  const [first = '', second = ''] = problemIn(refused).candidates ?? []
  const path = (reference: string): string => `/v1/credentials/${reference.slice('cs://'.length)}`
  expect((await served.call(path(first), { token })).status).toBe(200)
  expect(problemIn(await served.call(path(second), { token })).code).toBe('scope.refused')
})

test('P2 streams are limited per binding also where they are asked for at one moment', async () => {
  const { token } = await served.granted({ application: 'greedy at once' })
  const head = `GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1:${served.api.port}\r\nAuthorization: Bearer ${token}\r\n\r\n`
  const answers = await Promise.all(Array.from({ length: 30 }, () => served.raw(head, 1500)))
  const open = answers.filter((answer) => answer.includes('text/event-stream'))
  expect(open.length).toBe(8)
  for (const answer of answers) if (!open.includes(answer)) expect(answer).toContain('events.too_many')
})

test('P17 a revocation while the stream is being put on record leaves no stream that goes on', async () => {
  const { id, token } = await served.granted({ application: 'revoked early', tokenFor: 'any-program' })
  const asked = served.raw(
    `GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1:${served.api.port}\r\nAuthorization: Bearer ${token}\r\n\r\n`,
  )
  // The use is marked in the turn in which the record is handed to the disk.
  await until(() => served.vault.tokens.get(id)?.used === true)
  served.vault.decide(id, 'revoked')
  served.vault.put('openai', { api_key: 'sk-proj-canary-0009' })
  const answer = await asked
  expect(answer).toMatch(/binding\.revoked|"state":"revoked"/)
  expect(answer).not.toContain('rotated')
})

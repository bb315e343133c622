import { afterAll, beforeAll, expect, test } from 'vitest'
import { problemIn, type ServedVault, serveVault } from './test/served-vault.ts'

let served: ServedVault
let token: string
beforeAll(async () => {
  served = await serveVault()
  token = (await served.granted()).token
})
afterAll(() => served.close())

const CREDENTIAL = '/v1/credentials/acme/production/openai'
const head = (path: string, more = ''): string =>
  `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${served.api.port}\r\nAuthorization: Bearer ${token}\r\n${more}`

test('P23 the three names of this listener are served, any other Host is not', async () => {
  for (const name of ['127.0.0.1', '[::1]', 'localhost']) {
    const ok = await served.call(CREDENTIAL, { token, headers: { Host: `${name}:${served.api.port}` } })
    expect(ok.status).toBe(200)
  }
  const wrong = [
    'attacker.example',
    `attacker.example:${served.api.port}`,
    '127.0.0.1',
    'localhost',
    `127.0.0.1:${served.api.port + 1}`,
    `127.0.0.1.:${served.api.port}`,
    `LOCALHOST:${served.api.port}`,
    `0.0.0.0:${served.api.port}`,
    `127.1:${served.api.port}`,
    `user@127.0.0.1:${served.api.port}`,
  ]
  for (const host of wrong) {
    const refused = await served.call(CREDENTIAL, { token, headers: { Host: host } })
    expect([host, refused.status, problemIn(refused).code]).toEqual([host, 421, 'host.refused'])
    expect(refused.text).not.toContain('canary')
  }
})

test('P23 on the socket the Host is exactly localhost', async () => {
  // What binds over TCP is pinned to this process, which is also the one on the socket.
  expect((await served.call(CREDENTIAL, { token, socket: true })).status).toBe(200)
  for (const host of [`127.0.0.1:${served.api.port}`, 'attacker.example']) {
    const refused = await served.call(CREDENTIAL, { token, socket: true, headers: { Host: host } })
    expect(problemIn(refused).code).toBe('host.refused')
  }
})

test.each([
  ['Origin', 'http://127.0.0.1'],
  ['Origin', 'null'],
  ['Origin', ''],
  ['oRiGiN', 'https://attacker.example'],
  ['Sec-Fetch-Site', 'same-origin'],
  ['Sec-Fetch-Site', 'none'],
  ['Sec-Fetch-Dest', 'empty'],
  ['Sec-Fetch-User', '?1'],
])('P23 a header that only pages send is refused on every path: %s: %s', async (name, value) => {
  for (const path of [CREDENTIAL, '/health', '/livez', '/metrics', '/none']) {
    const refused = await served.call(path, { token, headers: { [name]: value } })
    expect([path, refused.status, problemIn(refused).code]).toEqual([path, 403, 'browser.refused'])
  }
})

test("P23 a lone Sec-Fetch-Mode passes: Node's own fetch sends it", async () => {
  const answer = await fetch(`${served.api.url}${CREDENTIAL}`, {
    headers: { authorization: `Bearer ${token}` },
  })
  expect(answer.status).toBe(200)
  const seen = await served.call(CREDENTIAL, { token, headers: { 'Sec-Fetch-Mode': 'cors' } })
  expect(seen.status).toBe(200)
})

test('P23 pre-flights are refused, and no answer ever has a CORS header', async () => {
  const preflight = await served.call(CREDENTIAL, {
    method: 'OPTIONS',
    headers: { 'Access-Control-Request-Method': 'GET', 'Access-Control-Request-Private-Network': 'true' },
  })
  expect(preflight.status).toBe(403)
  for (const path of [CREDENTIAL, '/health', '/metrics', '/none']) {
    const { headers } = await served.call(path, { token })
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([])
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
  }
})

test('P23 a refusal that a page could read does not say how the installation stands', async () => {
  const refusals = [
    await served.raw(`GET /health HTTP/1.1\r\nHost: rebound.example:${served.api.port}\r\n\r\n`),
    // As large as a page can make them: the parser refuses before anything looks at the Host.
    await served.raw(`GET /health HTTP/1.1\r\nHost: rebound.example\r\nX: ${'a'.repeat(9000)}\r\n\r\n`),
    await served.raw(head('/health', 'Origin: https://attacker.example\r\n\r\n')),
    await served.raw(head('/health', 'Host: rebound.example\r\n\r\n')),
  ]
  expect(refusals.map((each) => /"code":"([^"]+)"/.exec(each)?.[1])).toEqual([
    'host.refused',
    'request.headers_too_large',
    'browser.refused',
    'header.refused',
  ])
  for (const each of refusals) expect(each).not.toMatch(/mode|normal/i)
})

test.each([
  ['Host', () => `Host: attacker.example\r\n`],
  ['Authorization', () => 'Authorization: Bearer other\r\n'],
  ['If-None-Match', () => 'If-None-Match: "a"\r\nIf-None-Match: "b"\r\n'],
])('P23 %s twice is refused', async (_name, more) => {
  const answer = await served.raw(`${head(CREDENTIAL, more())}\r\n`)
  expect(answer).toMatch(/^HTTP\/1\.1 400 /)
  expect(answer).toContain('header.refused')
  expect(answer).not.toContain('canary')
})

test('P23 a request without Host is refused', async () => {
  const answer = await served.raw(`GET ${CREDENTIAL} HTTP/1.1\r\nAuthorization: Bearer ${token}\r\n\r\n`)
  expect(answer).toContain('host.refused')
  const old = await served.raw(`GET ${CREDENTIAL} HTTP/1.0\r\nAuthorization: Bearer ${token}\r\n\r\n`)
  expect(old).toContain('host.refused')
  const empty = await served.raw(
    `GET ${CREDENTIAL} HTTP/1.1\r\nHost:\r\nAuthorization: Bearer ${token}\r\n\r\n`,
  )
  expect(empty).toContain('host.refused')
})

test('P23 a target that names another server is refused', async () => {
  for (const target of ['http://attacker.example/health', '*', '//health', '/./health', 'health']) {
    const answer = await served.raw(head(target, '\r\n'))
    expect(answer).toMatch(/^HTTP\/1\.1 40[034] /)
  }
  const connect = await served.raw(
    `CONNECT attacker.example:443 HTTP/1.1\r\nHost: attacker.example:443\r\n\r\n`,
  )
  expect(connect).toMatch(/^HTTP\/1\.1 405 /)
})

test.each([
  '/v1/credentials/acme/production/%6fpenai',
  '/v1/credentials/acme/production/openai%2fapi_key',
  '/v1/credentials/acme/production/..%2f..%2fhealth',
  '/v1/credentials/acme/production/openai%00',
  '/v1/credentials/acme/production/OPENAI',
  '/v1/credentials/acme/production/op%C3%A9nai',
  '/v1/credentials/acme/production/openai/API_KEY',
])('P23 names are written one way only: %s', async (path) => {
  const refused = await served.call(path, { token })
  expect([refused.status, problemIn(refused).code]).toEqual([400, 'reference.malformed'])
})

test('P23 raw bytes above ASCII in a path are refused', async () => {
  const answer = await served.raw(head('/v1/credentials/acme/production/\u043epenai', '\r\n'))
  expect(answer).toMatch(/^HTTP\/1\.1 400 /)
  expect(answer).not.toContain('canary')
})

test('P23 unknown calls and methods say so', async () => {
  expect((await served.call('/v1/none', { token })).status).toBe(404)
  expect((await served.call('/v1/credentials/', { token })).status).toBe(404)
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'TRACE']) {
    const refused = await served.call(CREDENTIAL, { method, token })
    expect([method, refused.status, refused.headers.allow]).toEqual([method, 405, 'GET'])
  }
  const headRequest = await served.call(CREDENTIAL, { method: 'HEAD', token })
  expect([headRequest.status, headRequest.text]).toEqual([405, ''])
})

test('P23 only the one query of a call is taken', async () => {
  for (const query of [
    '?version=0',
    '?version=1&version=1',
    '?version=01',
    '?v=1',
    '?version=1e3',
    '?token=x',
  ]) {
    expect([query, (await served.call(CREDENTIAL + query, { token })).status]).toEqual([query, 400])
  }
  expect((await served.call(`${CREDENTIAL}?version=1`, { token })).status).toBe(200)
  expect(problemIn(await served.call(`${CREDENTIAL}?version=7`, { token })).code).toBe(
    'credential.version_unknown',
  )
})

test('P23 a token in the address is refused and reported, and not repeated', async () => {
  const refused = await served.call(`${CREDENTIAL}?token=${token}`)
  expect(problemIn(refused).code).toBe('token.in_url')
  expect(refused.text).not.toContain(token)
  expect(served.vault.alerts).toContainEqual(expect.objectContaining({ code: 'token.in_url' }))
})

test('P22 tokens: missing, malformed, wrong, cut short, a claim, another scheme', async () => {
  const { claim } = await served.bind({ application: 'tokens' })
  const flipped = token.slice(0, 20) + (token[20] === 'A' ? 'B' : 'A') + token.slice(21)
  const cases: [string | undefined, string][] = [
    [undefined, 'token.missing'],
    ['', 'token.malformed'],
    ['Bearer ', 'token.malformed'],
    ['Bearer nonsense', 'token.malformed'],
    [`Bearer ${token.slice(0, -1)}`, 'token.malformed'],
    [`Bearer ${flipped}`, 'token.malformed'],
    [`Bearer ${claim}`, 'token.malformed'],
    [`Basic ${token}`, 'token.malformed'],
    [`Bearer ${token} ${token}`, 'token.malformed'],
  ]
  for (const [authorization, code] of cases) {
    const headers = authorization === undefined ? {} : { Authorization: authorization }
    const refused = await served.call(CREDENTIAL, { headers })
    expect([authorization, refused.status, problemIn(refused).code]).toEqual([authorization, 401, code])
    expect(refused.headers['www-authenticate']).toBe('Bearer realm="countersign"')
  }
})

test('P22 many wrong tokens are slowed down on loopback too, while a correct one is served', async () => {
  const statuses: number[] = []
  for (let i = 0; i < 45; i++) statuses.push((await served.call(CREDENTIAL, { token: `wrong-${i}` })).status)
  expect(statuses).toContain(429)
  expect((await served.call(CREDENTIAL, { token })).status).toBe(200)
})

test('P18 denials nobody authenticated for are on record, coalesced by code', async () => {
  await new Promise((resolve) => setTimeout(resolve, 1100))
  const denials = served.vault.records.filter((each) => each.action === 'app.denied')
  const hosts = denials.filter((each) => each.outcome === 'host.refused')
  expect(hosts.reduce((sum, each) => sum + each.count, 0)).toBeGreaterThan(10)
  expect(hosts.length).toBeLessThan(8)
  expect(JSON.stringify(served.vault.records)).not.toContain(token)
})

test('P23 health and metrics name nothing', async () => {
  const text = (await served.call('/metrics')).text + (await served.call('/health')).text
  for (const name of ['acme', 'openai', 'checkout', 'canary', token]) expect(text).not.toContain(name)
  expect(text).toContain('countersign_reads_total{outcome="ok"}')
  expect(text).toContain('countersign_mode{mode="normal"} 1')
})

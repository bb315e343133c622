import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ASK, problemIn, type ServedVault, serveVault } from './test/served-vault.ts'

let served: ServedVault
let token: string
beforeAll(async () => {
  served = await serveVault()
  token = (await served.granted()).token
})
afterAll(() => served.close())

const CREDENTIAL = '/v1/credentials/acme/production/openai'
const start = (method: string, path: string): string =>
  `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1:${served.api.port}\r\nAuthorization: Bearer ${token}\r\n`
const count = (text: string, part: string): number => text.split(part).length - 1

test('P23 both ways to measure a body at once are refused: nothing is smuggled behind them', async () => {
  const hidden = `${start('GET', CREDENTIAL)}\r\n`
  const bodies = [
    `Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
    `Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello${hidden}`,
    `Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n${hidden}`,
    `Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${hidden}`,
    `Content-Length: -1\r\n\r\n${hidden}`,
    `Content-Length: +5\r\n\r\nhello${hidden}`,
    `Content-Length : 5\r\n\r\nhello${hidden}`,
    `Transfer-Encoding:\u000bchunked\r\n\r\n0\r\n\r\n${hidden}`,
  ]
  for (const body of bodies) {
    const answer = await served.raw(
      `${start('POST', '/v1/resolve')}Content-Type: application/json\r\n${body}`,
    )
    expect([body.slice(0, 40), answer.slice(0, 13)]).toEqual([body.slice(0, 40), 'HTTP/1.1 400 '])
    expect(answer).not.toContain('canary')
  }
})

test('P23 a GET with a body is refused', async () => {
  const hidden = `${start('GET', CREDENTIAL)}\r\n`
  const answer = await served.raw(
    `${start('GET', CREDENTIAL)}Content-Length: ${hidden.length}\r\n\r\n${hidden}`,
  )
  expect(answer).toContain('body.unexpected')
  expect(answer).not.toContain('canary')
})

test('P23 line endings, folds and control characters of other servers are refused', async () => {
  const bad = [
    `GET ${CREDENTIAL} HTTP/1.1\nHost: 127.0.0.1:${served.api.port}\nAuthorization: Bearer ${token}\n\n`,
    `${start('GET', CREDENTIAL)}X: a\r\n folded\r\n\r\n`,
    `${start('GET', CREDENTIAL)}X: a\u0000b\r\n\r\n`,
    `${start('GET', CREDENTIAL)}X\r\n\r\n`,
    `GET ${CREDENTIAL} HTTP/9.9\r\n\r\n`,
    'not http at all\r\n\r\n',
    '\u0016\u0003\u0001\u0002\u0000',
  ]
  for (const text of bad) {
    const answer = await served.raw(text)
    expect([text.slice(0, 30), answer.slice(0, 12)]).toEqual([text.slice(0, 30), 'HTTP/1.1 400'])
    expect(answer).not.toContain('canary')
  }
})

test('P23 pipelined requests are answered one by one, in order', async () => {
  const answer = await served.raw(
    `${start('GET', CREDENTIAL)}\r\n${start('GET', '/v1/none')}\r\n${start('GET', '/livez')}\r\n`,
  )
  const order = ['canary-0001', 'path.unknown', '"alive"'].map((each) => answer.indexOf(each))
  expect(order.every((at) => at > 0)).toBe(true)
  expect([...order].sort((a, b) => a - b)).toEqual(order)
  expect(count(answer, 'HTTP/1.1 ')).toBe(3)
})

test('P23 headers over the limit get 431, many small ones too', async () => {
  const huge = await served.raw(`${start('GET', CREDENTIAL)}X: ${'a'.repeat(9000)}\r\n\r\n`)
  expect(huge).toMatch(/^HTTP\/1\.1 431 /)
  const many = await served.raw(`${start('GET', CREDENTIAL)}${'A: b\r\n'.repeat(2000)}\r\n`)
  expect(many).toMatch(/^HTTP\/1\.1 431 /)
  const longPath = await served.raw(`${start('GET', `/${'a'.repeat(2000)}`)}\r\n`)
  expect(longPath).toMatch(/^HTTP\/1\.1 400 /)
})

test('P23 bodies over the limit get 413, announced or not', async () => {
  const announced = await served.raw(
    `${start('POST', '/v1/resolve')}Content-Type: application/json\r\nContent-Length: 10000000\r\n\r\n{`,
  )
  expect(announced).toMatch(/^HTTP\/1\.1 413 /)
  const chunk = `${(40_000).toString(16)}\r\n${' '.repeat(40_000)}\r\n`
  const endless = await served.raw([
    `${start('POST', '/v1/resolve')}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
    chunk,
    chunk,
  ])
  expect(endless).toMatch(/^HTTP\/1\.1 413 /)
})

test('P23 bodies that are no JSON of the expected form are refused', async () => {
  const post = (body: string, type = 'application/json'): Promise<string> =>
    served.raw(
      `${start('POST', '/v1/resolve')}Content-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    )
  expect(await post('{"references":["cs://a/b/c"]}', 'text/plain')).toMatch(/^HTTP\/1\.1 415 /)
  expect(await post('{"references":["cs://a/b/c"]}', 'application/x-www-form-urlencoded')).toMatch(/ 415 /)
  for (const body of [
    '',
    '{',
    '[]',
    'null',
    '{"references":[]}',
    '{"references":[1]}',
    '{"references":["a"],"b":1}',
  ]) {
    expect(await post(body)).toMatch(/^HTTP\/1\.1 400 /)
  }
  const polluted = await post(
    '{"__proto__":{"references":["a"]},"references":["cs://acme/production/openai"]}',
  )
  expect(polluted).toMatch(/^HTTP\/1\.1 400 /)
  const deep = await post(`{"references":${'['.repeat(20_000)}${']'.repeat(20_000)}}`)
  expect(deep).toMatch(/^HTTP\/1\.1 400 /)
  const tooMany = await post(JSON.stringify({ references: Array(101).fill('cs://a/b/c') }))
  expect(tooMany).toMatch(/^HTTP\/1\.1 400 /)
})

test('P23 Expect and Upgrade get no special treatment', async () => {
  const expectation = await served.raw(
    `${start('POST', '/v1/resolve')}Expect: nothing\r\nContent-Length: 2\r\n\r\n{}`,
  )
  expect(expectation).toMatch(/^HTTP\/1\.1 417 /)
  const upgrade = await served.raw(
    `${start('GET', CREDENTIAL)}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
  )
  expect(upgrade).not.toMatch(/^HTTP\/1\.1 101 /)
})

test('P23 a slow writer is cut off, and others are served meanwhile', async () => {
  const closed = new Promise<string>((resolve) => {
    const slow = connect(served.api.port, '127.0.0.1')
    let got = ''
    slow.setEncoding('utf8')
    const drip = setInterval(() => slow.write('a'), 500)
    slow.on('data', (chunk: string) => {
      got += chunk
    })
    slow.on('close', () => {
      clearInterval(drip)
      resolve(got)
    })
    slow.on('error', () => undefined)
    slow.write(`GET ${CREDENTIAL} HTTP/1.1\r\nX: `)
  })
  expect((await served.call(CREDENTIAL, { token })).status).toBe(200)
  expect(await closed).toMatch(/^HTTP\/1\.1 408 /)
}, 15_000)

test('P18 a disk that takes no audit record stops every value', async () => {
  const waiting = await served.bind()
  served.vault.decide(waiting.id, 'granted')
  served.vault.fillDisk()
  const poll = await served.call(`/v1/bindings/${waiting.id}`, { token: waiting.claim })
  expect([poll.status, problemIn(poll).code]).toEqual([503, 'audit.failed'])
  const back = await served.call('/v1/bindings/self', { method: 'DELETE', token: waiting.claim })
  expect([back.status, problemIn(back).code]).toEqual([503, 'audit.failed'])
  const read = await served.call(CREDENTIAL, { token })
  expect([read.status, problemIn(read).code]).toEqual([503, 'audit.failed'])
  expect(read.text).not.toContain('canary')
  const references = ['cs://acme/production/openai']
  const resolved = await served.call('/v1/resolve', { method: 'POST', token, body: { references } })
  expect(problemIn(resolved).code).toBe('audit.failed')
  const asked = await served.call('/v1/bindings', { method: 'POST', body: ASK })
  expect(problemIn(asked).code).toBe('audit.failed')
  expect((await served.call('/metrics')).text).toMatch(/countersign_audit_failures [1-9]/)
})

test('P23 a caller that leaves in the middle of a body is no defect', async () => {
  const broken = `POST /v1/bindings HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{`
  await new Promise<void>((resolve) => {
    const socket = connect(served.api.socket, () => socket.end(broken))
    socket.on('close', () => resolve())
    socket.resume()
  })
  expect(served.defects).toEqual([])
  expect((await served.call('/livez')).status).toBe(200)
})

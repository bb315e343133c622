import { once } from 'node:events'
import { connect } from 'node:net'
import { cryptoReady } from '@countersign/crypto/ready'
import { randomBytes } from '@countersign/crypto/verify'
import { encodeCanonical } from '@countersign/schema/canonical'
import { LEDGER, newId } from '@countersign/schema/ids'
import { encodeMessage, MAX_FRAME_BYTES } from '@countersign/schema/wire'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { DEFAULT_RATES } from './core/limits.ts'
import { TestClient } from './test/test-client.ts'
import { foundTeam, startTestServer, type TestServer } from './test/test-server.ts'
import type { TestTeam } from './test/test-team.ts'

let server: TestServer
let team: TestTeam
const clients: TestClient[] = []
beforeAll(async () => {
  await cryptoReady()
  server = await startTestServer()
  team = await foundTeam(server.url)
})
afterAll(() => server.dispose())
afterEach(() => {
  for (const client of clients.splice(0)) client.ws.terminate()
})
const open = async () => {
  const client = await TestClient.open(server.url)
  clients.push(client)
  await client.next('challenge')
  return client
}
const login = async (of: TestServer = server) => {
  const client = await TestClient.login(of.url, team, team.founder)
  clients.push(client)
  return client
}
const expectEnd = async (client: TestClient, code: string) => {
  expect(await client.wait((m) => m.type === 'refused' && m.ref === null)).toMatchObject({ code })
  expect(await client.closed).toBe(1008)
}
const stillServes = async () => {
  const client = await login()
  expect(await client.append(team.audit(team.founder))).toMatchObject({ type: 'appended' })
}

describe('hostile frames', () => {
  test('a text frame, noise, an unknown message and a truncated one end the connection with a code', async () => {
    const hello = encodeMessage({ type: 'ping', ref: 1 })
    const frames: (Uint8Array | string)[] = [
      new Uint8Array(0),
      new Uint8Array([0xff]),
      randomBytes(300),
      hello.slice(0, -1),
      encodeCanonical({ type: 'give-me-everything', ref: 1 }),
      encodeCanonical({ type: 'ping', ref: 1, extra: true }),
      encodeCanonical({ type: 'ping', ref: -1 }),
      // Not the canonical encoding of { type: 'ping', ref: 1 }: the integer is two bytes long.
      Buffer.from('a263726566180164747970656470696e67', 'hex'),
    ]
    for (const frame of frames) {
      const client = await open()
      client.ws.send(frame)
      await expectEnd(client, 'frame.malformed')
    }
    const text = await open()
    text.ws.send('{"type":"ping","ref":1}')
    await expectEnd(text, 'frame.malformed')
    await stillServes()
  })

  test('another protocol version is told so', async () => {
    const client = await open()
    client.ws.send(encodeCanonical({ type: 'hello', protocol: 2, team: team.id }))
    await expectEnd(client, 'protocol.unsupported')
  })

  test('a frame that is too large is refused; a far larger one ends at the socket', async () => {
    const client = await open()
    client.ws.send(new Uint8Array(MAX_FRAME_BYTES + 1))
    await expectEnd(client, 'frame.too_large')
    const larger = await open()
    larger.ws.send(new Uint8Array(MAX_FRAME_BYTES * 2))
    expect(await larger.closed).toBe(1009)
    await stillServes()
  })

  test('messages out of order end the connection', async () => {
    const early = await open()
    early.send({
      type: 'append',
      ref: 1,
      parts: [{ stream: LEDGER, expected: null, entries: [team.genesis] }],
    })
    await expectEnd(early, 'state.unexpected')
    const twice = await login()
    twice.send({
      type: 'hello',
      protocol: 1,
      team: team.id,
      device: team.founder.device,
      clientNonce: randomBytes(32),
      signature: randomBytes(64),
      cursors: [],
    })
    await expectEnd(twice, 'state.unexpected')
  })

  test('deep nesting and endless claims of length are refused without reading on', async () => {
    for (const frame of [
      new Uint8Array(100_000).fill(0x81),
      new Uint8Array([0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
      new Uint8Array([0x5b, 0, 0, 0, 1, 0, 0, 0, 0]),
      new Uint8Array([0x9f, ...new Uint8Array(50)]),
    ]) {
      const client = await open()
      client.ws.send(frame)
      await expectEnd(client, 'frame.malformed')
    }
    await stillServes()
  })

  test('whatever is changed in good frames, the server answers with a code or not at all, and goes on', async () => {
    const part = { stream: LEDGER, expected: team.head(LEDGER), entries: [team.genesis] }
    const good = [
      encodeMessage({ type: 'append', ref: 1, parts: [part] }),
      encodeMessage({ type: 'fetch', ref: 2, stream: LEDGER, after: null, limit: 5 }),
      encodeMessage({ type: 'ping', ref: 3 }),
    ]
    const mutation = fc.record({
      frame: fc.nat(good.length - 1),
      at: fc.nat(2000),
      value: fc.nat(255),
      cut: fc.option(fc.nat(2000)),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 5 }), async (mutations) => {
        const client = await login()
        for (const { frame, at, value, cut } of mutations) {
          const bytes = new Uint8Array(good[frame] ?? [])
          bytes[at % bytes.length] = value
          client.ws.send(cut === null ? bytes : bytes.slice(0, cut % bytes.length))
        }
        client.send({ type: 'ping', ref: 99 })
        const end = await Promise.race([client.wait((m) => m.type === 'pong' && m.ref === 99), client.closed])
        for (const message of client.received) expect(['refused', 'entries', 'pong']).toContain(message.type)
        expect(end === 1008 || typeof end === 'object').toBe(true)
        client.ws.terminate()
      }),
      { numRuns: 40, seed: 20261124 },
    )
    await stillServes()
  })
})

describe('hostile connections', () => {
  test('a browser is refused whatever it asks for, and other paths do not upgrade', async () => {
    const upgrade = async (path: string, extra: string) => {
      const socket = connect(server.port, '127.0.0.1')
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${extra}\r\n`,
      )
      const [chunk] = await once(socket, 'data')
      socket.destroy()
      return String(chunk).split('\r\n')[0]
    }
    expect(await upgrade('/v1/sync', '')).toContain('101')
    expect(await upgrade('/v1/sync', 'Origin: https://example.org\r\n')).toContain('403')
    expect(await upgrade('/v1/sync', 'Origin: null\r\n')).toContain('403')
    expect(await upgrade('/v2/sync', '')).toContain('404')
  })

  test('headers that are too large are refused', async () => {
    const response = await fetch(`${server.url}/livez`, { headers: { 'x-large': 'x'.repeat(20_000) } })
    expect(response.status).toBe(431)
  })

  test('who sends too much is told to wait and what was accepted stands', async () => {
    const strict = await startTestServer({
      rates: { ...DEFAULT_RATES, messagesPerConnection: { perSecond: 1, burst: 20 } },
    })
    const own = await foundTeam(strict.url)
    const client = await TestClient.login(strict.url, own, own.founder)
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => client.request((ref) => ({ type: 'ping', ref }))),
    )
    const refused = answers.filter((each) => each.type === 'refused')
    expect(refused.length).toBeGreaterThan(10)
    expect(refused.every((each) => each.type === 'refused' && each.code === 'rate.limited')).toBe(true)
    client.ws.terminate()
    await strict.dispose()
  })

  test('a team that writes too much is told to wait; another team is not', async () => {
    const strict = await startTestServer({
      rates: { ...DEFAULT_RATES, entriesPerTeam: { perSecond: 0.1, burst: 5 } },
    })
    const [mine, other] = [
      await foundTeam(strict.url, strict.freshToken()),
      await foundTeam(strict.url, strict.freshToken()),
    ]
    const writer = await TestClient.login(strict.url, mine, mine.founder)
    const outcomes: string[] = []
    for (let i = 0; i < 7; i++) {
      const answer = await writer.append(mine.audit(mine.founder))
      outcomes.push(answer.type === 'refused' ? answer.code : answer.type)
    }
    expect(outcomes).toEqual([...Array(5).fill('appended'), 'rate.limited', 'rate.limited'])
    const neighbour = await TestClient.login(strict.url, other, other.founder)
    expect(await neighbour.append(other.audit(other.founder))).toMatchObject({ type: 'appended' })
    for (const each of [writer, neighbour]) each.ws.terminate()
    await strict.dispose()
  })

  test('a team has so many connections and no more; so has a server', async () => {
    const strict = await startTestServer({ connectionLimits: { perTeam: 2, perServer: 3 } })
    const own = await foundTeam(strict.url)
    const held = [
      await TestClient.login(strict.url, own, own.founder),
      await TestClient.login(strict.url, own, own.founder),
    ]
    const third = await TestClient.open(strict.url)
    await third.hello(own.id, own.founder.device, own.founder.deviceSign)
    expect(await third.next('refused')).toMatchObject({ code: 'rate.limited' })
    await third.closed
    held.push(await TestClient.open(strict.url))
    await expect(TestClient.open(strict.url)).rejects.toThrow('503')
    for (const each of held) each.ws.terminate()
    await strict.dispose()
  })

  test('a slow reader is caught up from the store and misses nothing', async () => {
    const reader = await login()
    const writer = await login()
    const environment = newId()
    await writer.append(team.environment(environment, [team.founder]))
    reader.ws.pause()
    const stream = `c/${environment}`
    for (let i = 0; i < 30; i++) {
      const part = team.item(team.founder, environment, { bodyBytes: 200_000 })
      expect(await writer.append(part)).toMatchObject({ type: 'appended' })
    }
    reader.ws.resume()
    const seqs: number[] = []
    while (seqs.length < 30) {
      const message = await reader.wait((m) => m.type === 'entries' && m.stream === stream)
      if (message.type === 'entries') seqs.push(...message.entries.map((_, i) => message.from + i))
    }
    expect(seqs).toEqual(Array.from({ length: 30 }, (_, i) => i))
  })
})

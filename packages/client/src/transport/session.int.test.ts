import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { randomBytes } from '@countersign/crypto/random'
import { encodeCanonical } from '@countersign/schema/canonical'
import { encodeMessage, MAX_FRAME_BYTES, PROTOCOL } from '@countersign/schema/wire'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { ClientError } from '../client-error.ts'
import { openSession, type Session } from './session.ts'
import { wsConnector } from './ws-connector.ts'

/** A busy machine is slow to answer; where silence is what is tested, less of it will do. */
const PATIENT = { heartbeatMs: 100, silenceMs: 20_000 }
const IMPATIENT = { heartbeatMs: 100, silenceMs: 1_000 }
const server = randomBytes(32)
const challenge = encodeMessage({
  type: 'challenge',
  protocol: PROTOCOL,
  server,
  serverNonce: randomBytes(32),
})

let http: Server
let sockets: WebSocketServer
let onSocket: (socket: WebSocket) => void
let url: string
const sessions: Session[] = []

beforeEach(async () => {
  http = createServer()
  sockets = new WebSocketServer({ server: http })
  sockets.on('connection', (socket) => onSocket(socket))
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
})
afterEach(async () => {
  for (const session of sessions.splice(0)) session.close()
  for (const socket of sockets.clients) socket.terminate()
  sockets.close()
  http.close()
})

const open = async (
  pinned: Uint8Array | null = server,
  timing = PATIENT,
): Promise<{ session: Session; closed: Promise<ClientError> }> => {
  let close: (error: ClientError) => void = () => {}
  const closed = new Promise<ClientError>((resolve) => {
    close = resolve
  })
  const session = await openSession({
    connect: wsConnector,
    url,
    server: pinned,
    timing,
    events: { onMessage: () => {}, onClose: (error) => close(error) },
  })
  sessions.push(session)
  return { session, closed }
}

const first = (frame: Uint8Array | string): void => {
  onSocket = (socket) => socket.send(frame)
}
const codeOfOpen = (pinned?: Uint8Array | null, timing?: typeof PATIENT): Promise<string> =>
  open(pinned, timing).then(
    () => 'opened',
    (error: unknown) => (error instanceof ClientError ? error.code : String(error)),
  )

describe('a session with a hostile or broken server', () => {
  it('P9 refuses a server that is not the pinned one', async () => {
    first(challenge)
    expect(await codeOfOpen(randomBytes(32))).toBe('server.changed')
    expect(await codeOfOpen(null)).toBe('opened')
  })

  it('refuses what is no challenge: text, junk, another message, another protocol, too much', async () => {
    first('hello')
    expect(await codeOfOpen()).toBe('server.closed')
    first(randomBytes(40))
    expect(await codeOfOpen()).toBe('server.protocol')
    first(encodeMessage({ type: 'caught_up' }))
    expect(await codeOfOpen()).toBe('server.malformed')
    first(encodeCanonical({ type: 'challenge', protocol: 2, server, serverNonce: randomBytes(32) }))
    expect(await codeOfOpen()).toBe('server.protocol')
    first(new Uint8Array(MAX_FRAME_BYTES + 1))
    expect(await codeOfOpen()).toBe('server.closed')
  })

  it('gives up a server that never says anything, and an address where none is', async () => {
    onSocket = () => {}
    expect(await codeOfOpen(server, IMPATIENT)).toBe('server.silent')
    http.close()
    for (const socket of sockets.clients) socket.terminate()
    await once(http, 'close')
    expect(await codeOfOpen()).toBe('server.unreachable')
  })

  it('follows no redirect', async () => {
    const elsewhere = createServer((_, response) => response.end())
    elsewhere.on('upgrade', (_, socket) => socket.end(`HTTP/1.1 302 Found\r\nLocation: ${url}\r\n\r\n`))
    elsewhere.listen(0, '127.0.0.1')
    await once(elsewhere, 'listening')
    first(challenge)
    url = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`
    expect(await codeOfOpen()).toBe('server.unreachable')
    elsewhere.close()
  })

  it('ends at a second challenge and at junk later on, and at silence', async () => {
    for (const [frame, code] of [
      [challenge, 'server.malformed'],
      [randomBytes(40), 'server.malformed'],
      [null, 'server.silent'],
    ] as const) {
      let say: (frame: Uint8Array) => void = () => {}
      onSocket = (socket) => {
        socket.send(challenge)
        say = (later) => socket.send(later)
      }
      const { closed } = await open(server, frame === null ? IMPATIENT : PATIENT)
      if (frame !== null) say(frame)
      expect((await closed).code).toBe(code)
    }
  })

  it('takes no silence for the server’s while it does not read itself', async () => {
    onSocket = (socket) => {
      socket.send(challenge)
      socket.on('message', () => socket.send(encodeMessage({ type: 'pong', ref: 0, time: 1 })))
    }
    const { session, closed } = await open(server, IMPATIENT)
    session.pause()
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    session.resume()
    const state = await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 150, 'open'))])
    expect(state).toBe('open')
  })

  it('refuses addresses that are none', async () => {
    for (const bad of ['nonsense', 'ftp://127.0.0.1', 'http://user@127.0.0.1', 'http://127.0.0.1/?q=1']) {
      url = bad
      expect(await codeOfOpen()).toBe('server.bad_address')
    }
  })
})

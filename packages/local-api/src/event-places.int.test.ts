import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { listenTo, until } from './test/event-stream.ts'
import { type ServedVault, serveVault } from './test/served-vault.ts'

const fresh = async (now?: () => number): Promise<ServedVault> => {
  const served = await serveVault(now === undefined ? {} : { now })
  onTestFinished(() => served.close())
  return served
}

interface Listener {
  readonly socket: Socket
  text: string
}

/** Asks for events over a connection of its own; `text` is all that came. */
const ask = async ({ api }: ServedVault, token: string): Promise<Listener> => {
  const socket = connect(api.port, '127.0.0.1')
  onTestFinished(() => {
    socket.destroy()
  })
  await once(socket, 'connect')
  const listener = { socket, text: '' }
  socket.setEncoding('utf8').on('data', (text: string) => {
    listener.text += text
  })
  socket.write(
    `GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1:${api.port}\r\nAuthorization: Bearer ${token}\r\n\r\n`,
  )
  return listener
}

const gauge = async (served: ServedVault, name: string): Promise<number> => {
  const { text } = await served.call('/metrics')
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1])
}

test('P2 many streams asked for at once find only as much room as there is, and leave others theirs', async () => {
  const served = await fresh()
  const greedy = await served.granted({ application: 'greedy' })
  const other = await served.granted({ application: 'other' })
  const { audit } = served.vault.holds
  audit.hold()
  const asked = await Promise.all(Array.from({ length: 100 }, () => ask(served, greedy.token)))
  const containing = (part: string): number => asked.filter(({ text }) => text.includes(part)).length
  // Those are refused before the records of the first are on disk.
  await until(() => containing('events.too_many') === 92)
  audit.letGo()
  await until(() => containing('text/event-stream') === 8)
  const stream = await listenTo(served.api.port, other.token)
  expect(stream.text).toContain('event: mode')
  stream.close()
})

test('P2 whoever leaves before its stream opens takes no room with it', async () => {
  const served = await fresh()
  const { token } = await served.granted()
  const { audit } = served.vault.holds
  for (let round = 0; round < 2; round++) {
    audit.hold()
    const asked = await Promise.all(Array.from({ length: 9 }, () => ask(served, token)))
    // Eight have their places once the ninth was told that there is none.
    await until(() => asked.some(({ text }) => text.includes('events.too_many')))
    for (const { socket } of asked) socket.destroy()
    // Only the one that asks.
    await until(async () => (await gauge(served, 'countersign_connections')) === 1)
    audit.letGo()
    // On record after all of them.
    expect((await served.call('/v1/credentials', { token })).status).toBe(200)
    expect(await gauge(served, 'countersign_event_streams')).toBe(0)
  }
  const streams = []
  for (let i = 0; i < 8; i++) streams.push(await listenTo(served.api.port, token))
  for (const stream of streams) stream.close()
})

test('P2 P17 a binding that ends before its stream opens hears nothing', async () => {
  for (const [way, code] of [
    ['revoke', 'binding.revoked'],
    ['give back', 'token.unknown'],
    ['lock', 'locked'],
  ] as const) {
    const served = await fresh()
    const { id, token } = await served.granted()
    const { audit } = served.vault.holds
    audit.hold()
    const late = await ask(served, token)
    await until(() => audit.waiting === 1)
    if (way === 'revoke') served.vault.decide(id, 'revoked')
    if (way === 'lock') served.api.lock()
    if (way === 'give back') {
      served.call('/v1/bindings/self', { method: 'DELETE', token }).catch(() => undefined)
      await until(() => served.vault.bindings[0]?.state === 'revoked')
      // The ledger does not know of it yet.
      served.vault.decide(id, 'granted')
    }
    audit.letGo()
    await until(() => late.text.includes(`"code":"${code}"`))
    served.vault.put('openai', { api_key: 'sk-proj-canary-0002' })
    expect([way, late.text.includes('event:')]).toEqual([way, false])
  }
})

test('P2 P17 a stream tells nothing of what its binding covered once the grant is over', async () => {
  let later = 0
  const served = await fresh(() => Date.now() + later)
  const ending = await served.granted({ application: 'ending' })
  const other = await served.granted({
    application: 'other',
    lease: { durationMs: 7_200_000 },
  })
  const theirs = await listenTo(served.api.port, other.token)
  const mine = await listenTo(served.api.port, ending.token)
  // Past the end of one grant, of which nothing has told yet.
  later = 3_600_001
  served.vault.put('openai', { api_key: 'sk-proj-canary-0002' })
  await until(() => theirs.text.includes('event: rotated'))
  served.vault.setMode('read-only')
  await until(() => mine.text.includes('read-only'))
  expect(mine.text).not.toContain('rotated')
  mine.close()
  theirs.close()
})

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { bindingCreatedSchema, bindingPollSchema, credentialSchema } from '@countersign/schema/local-api'
import { problemSchema } from '@countersign/schema/problem'
import { expect, onTestFinished, test } from 'vitest'
import type { SeenExecutable } from './caller/caller-finder.ts'
import { linuxCallerFinder } from './caller/linux-caller.ts'
import { CALLER_FRESH_MS, ProgramLooks } from './caller/program-looks.ts'
import { until } from './test/event-stream.ts'
import { lendConnection } from './test/lend-connection.ts'
import { copyOfBash, type Relay, startRelay } from './test/relay.ts'
import { ASK, serveVault } from './test/served-vault.ts'

const get = (port: number, path: string, token: string): string =>
  `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\n\r\n`

/** The relay asks for a binding itself, so that it is the program approvers were shown, and fetches its token. */
const boundRelay = async (): Promise<{
  served: Awaited<ReturnType<typeof serveVault>>
  relay: Relay
  read: () => Promise<string>
}> => {
  const served = await serveVault()
  onTestFinished(() => served.close())
  const { port } = served.api
  const relay = startRelay(await copyOfBash(served.folder, 'approved'), port)
  onTestFinished(() => relay.stop())
  const ask = JSON.stringify(ASK)
  const asked = await relay.send(
    `POST /v1/bindings HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\nContent-Length: ${ask.length}\r\n\r\n${ask}`,
  )
  const { id, claim } = bindingCreatedSchema.parse(JSON.parse(asked))
  served.vault.decide(id, 'granted')
  const polled = bindingPollSchema.parse(JSON.parse(await relay.send(get(port, `/v1/bindings/${id}`, claim))))
  const request = get(port, '/v1/credentials/acme/production/openai', polled.token ?? '')
  return { served, relay, read: () => relay.send(request) }
}

test('P2 a program that becomes another one on its open connection is refused, however often it was served before', async () => {
  const { served, relay, read } = await boundRelay()
  for (let i = 0; i < 3; i++) {
    expect(credentialSchema.parse(JSON.parse(await read())).value).toBe('sk-proj-canary-0001')
  }
  const other = await copyOfBash(served.folder, 'another')
  relay.become(other)
  // Reads go on; what was seen of a caller holds for a moment only.
  await until(async () => !(await read()).includes('sk-proj-canary'))
  const problem = problemSchema.parse(JSON.parse(await read()))
  expect(problem).toMatchObject({ code: 'caller.changed', detail: expect.stringContaining('another') })
  expect(served.vault.alerts).toContainEqual(expect.objectContaining({ code: 'caller.changed' }))
  await until(() =>
    served.vault.records.some(
      ({ action, outcome }) => action === 'credential.denied' && outcome === 'caller.changed',
    ),
  )
})

/** What the finder sees of a relay at the other end of a connection. */
const seenRelay = async (): Promise<{
  seen: SeenExecutable
  relay: Relay
  program: string
  folder: string
}> => {
  const served = await serveVault()
  onTestFinished(() => served.close())
  const connections: Socket[] = []
  const server = createServer((socket) => connections.push(socket)).listen(0, '127.0.0.1')
  onTestFinished(() => {
    for (const socket of connections) socket.destroy()
    server.close()
  })
  await until(() => server.listening)
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const program = await copyOfBash(served.folder, 'seen')
  const relay = startRelay(program, port)
  await until(() => connections.length === 1)
  const [connection] = connections
  const seen = connection === undefined ? null : await linuxCallerFinder().executableOf(connection)
  if (seen === null) throw new Error('the relay was not found')
  return { seen, relay, program, folder: served.folder }
}

test('P2 a caller is taken for the one that was seen only while process, file and socket are those', async () => {
  const finder = linuxCallerFinder()
  const { seen, relay, program } = await seenRelay()
  expect([seen.process.pid, seen.path]).toEqual([relay.pid, program])
  expect([finder.runsSameFile(seen), finder.holdsSocket(seen.socket)]).toEqual([true, true])
  expect(finder.runsSameFile({ ...seen, process: { ...seen.process, startTime: '1' } })).toBe(false)
  expect(finder.holdsSocket({ ...seen.socket, inode: '1' })).toBe(false)
  expect(finder.holdsSocket({ ...seen.socket, fd: '9' })).toBe(false)
  // The file was written to or replaced: its change time cannot stay.
  await chmod(program, 0o700)
  expect(finder.runsSameFile(seen)).toBe(false)
  await relay.stop()
})

test('P2 a caller that ended is not taken for whoever has its pid', async () => {
  const finder = linuxCallerFinder()
  const { seen, relay } = await seenRelay()
  expect([finder.runsSameFile(seen), finder.holdsSocket(seen.socket)]).toEqual([true, true])
  await relay.stop()
  expect([finder.runsSameFile(seen), finder.holdsSocket(seen.socket)]).toEqual([false, false])
})

test('P2 a caller that became another program is another caller', async () => {
  const finder = linuxCallerFinder()
  const { seen, relay, folder } = await seenRelay()
  relay.become(await copyOfBash(folder, 'later'))
  await until(() => !finder.runsSameFile(seen))
  expect(finder.isAlive(seen.process)).toBe(true)
  await relay.stop()
})

test('P2 what was seen of a program holds for a moment, for all its connections, and no longer', async () => {
  const looks = new ProgramLooks(linuxCallerFinder())
  const { seen, relay, program } = await seenRelay()
  const now = Date.now()
  expect(looks.lookedAt(seen, now)).toBe(now)
  await chmod(program, 0o700)
  const another = { ...seen, socket: { ...seen.socket, fd: '9' } }
  expect(looks.lookedAt(another, now + CALLER_FRESH_MS - 1)).toBe(now)
  expect(looks.lookedAt({ ...seen, file: 'another' }, now)).toBeUndefined()
  // A clock that went back proves nothing.
  expect(looks.lookedAt(seen, now - 1)).toBeUndefined()
  expect(looks.lookedAt(seen, now)).toBeUndefined()
  await relay.stop()
})

test('T14 approvers are not shown a trusted program where another has the connection open too', async () => {
  const served = await serveVault()
  onTestFinished(() => served.close())
  const { port } = served.api
  const trusted = await copyOfBash(served.folder, 'trusted')
  const ask = JSON.stringify(ASK)
  const request = `POST /v1/bindings HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\nContent-Length: ${ask.length}\r\n\r\n${ask}`
  await lendConnection(port, trusted, request)
  const [binding] = served.vault.bindings
  expect(binding?.caller).toMatchObject({ executable: null, executableHash: null, pid: null, parents: [] })
})

test('T14 a program that forked is one program still: its processes run the same file', async () => {
  const served = await serveVault()
  onTestFinished(() => served.close())
  const { port } = served.api
  const bash = await copyOfBash(served.folder, 'forks')
  const ask = JSON.stringify(ASK)
  const request = `POST /v1/bindings HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\nContent-Length: ${ask.length}\r\nConnection: close\r\n\r\n${ask}`
  const script = 'exec 3<>"/dev/tcp/127.0.0.1/$1"; (read -t 9 x <&3) & printf %s "$2" >&3; wait'
  const child = spawn(bash, ['-c', script, 'forks', String(port), request], { stdio: 'inherit' })
  await once(child, 'close')
  expect(served.vault.bindings[0]?.caller.executable).toBe(bash)
})

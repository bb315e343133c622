import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { cryptoReady } from '@countersign/crypto/ready'
import { toHex } from '@countersign/schema/hex'
import { newId } from '@countersign/schema/ids'
import type { AppendPart } from '@countersign/schema/wire'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { newDataFolder, runProcess, type ServerProcess, startProcess } from './test/server-process.ts'
import { TestClient } from './test/test-client.ts'
import { foundTeam } from './test/test-server.ts'
import type { TestTeam } from './test/test-team.ts'

const TOKEN = 'a set-up token for the process'
let data: ReturnType<typeof newDataFolder>
let running: ServerProcess | undefined
const start = async (environment: Record<string, string> = {}, args: string[] = []) => {
  running = await startProcess(data.file, environment, args)
  return running
}

beforeAll(() => cryptoReady())
beforeEach(() => {
  data = newDataFolder()
})
afterEach(async () => {
  await running?.end('SIGKILL')
  running = undefined
  data.remove()
})

describe('the process', () => {
  test('the first start leaves a token for one team that only its user can read; using it removes it', async () => {
    const server = await start({}, ['--print-setup-token'])
    const file = join(data.folder, 'setup-token')
    const token = readFileSync(file, 'utf8').trim()
    expect(server.ready.setupToken).toBe(token)
    expect(statSync(file).mode & 0o077).toBe(0)
    for (const each of [data.file, `${data.file}-wal`]) expect(statSync(each).mode & 0o077).toBe(0)
    await foundTeam(server.url, token)
    expect(existsSync(file)).toBe(false)
    expect(server.log()).not.toContain(token)
    expect(await server.end('SIGTERM')).toBe(0)
    const again = await start({}, ['--print-setup-token'])
    expect(again.ready).toEqual({ url: again.url })
    await expect(foundTeam(again.url, token)).rejects.toThrow('setup.refused')
  })

  test('a token is printed only when asked for', async () => {
    const server = await start()
    expect(server.ready).toEqual({ url: server.url })
  })

  test('SIGTERM tells clients, finishes what was accepted and ends with 0', async () => {
    const server = await start({ COUNTERSIGN_SETUP_TOKEN: TOKEN })
    const team = await foundTeam(server.url, TOKEN)
    const environment = newId()
    const client = await TestClient.login(server.url, team, team.founder)
    expect(await client.append(team.environment(environment, [team.founder]))).toMatchObject({
      type: 'appended',
    })
    const exit = server.end('SIGTERM')
    await client.next('draining')
    expect(await client.closed).toBe(1001)
    expect(await exit).toBe(0)
    const again = await start()
    const back = await TestClient.login(again.url, team, team.founder)
    expect(back.received.find((m) => m.type === 'entries')).toMatchObject({ stream: 'ledger', from: 0 })
    await back.close()
  })

  test('the log names nobody and carries no blob', async () => {
    const server = await start({ COUNTERSIGN_SETUP_TOKEN: TOKEN, COUNTERSIGN_LOG_LEVEL: 'debug' })
    const team = await foundTeam(server.url, TOKEN)
    const client = await TestClient.login(server.url, team, team.founder)
    await client.append(team.environment(newId(), [team.founder]))
    client.ws.send(new Uint8Array([1, 2, 3]))
    await client.closed
    await server.end('SIGTERM')
    const log = server.log()
    expect(log).toContain('team created')
    for (const secret of [TOKEN, team.id, team.founder.id, team.founder.device])
      expect(log).not.toContain(secret)
  })
})

describe('C9 the libsodium that verifies', () => {
  test.each([
    { sodium: 'native', environment: {} },
    // As on a platform for which no library is there: Node loads none.
    { sodium: 'wasm', environment: { NODE_OPTIONS: '--no-addons' } },
  ])(
    '$sodium: the log says so, good signatures are taken and forged ones refused',
    async ({ sodium, environment }) => {
      const server = await start({ COUNTERSIGN_SETUP_TOKEN: TOKEN, ...environment })
      expect(server.log()).toContain(`"sodium":"${sodium}"`)
      const team = await foundTeam(server.url, TOKEN)
      const client = await TestClient.login(server.url, team, team.founder)
      const vault = () => team.ledger(team.founder, 'vault.create', { teamKeyEpoch: 0, vault: newId() })
      const good = await Promise.all([vault(), vault(), vault()].map((part) => client.append(part)))
      expect(good.map((each) => each.type)).toEqual(['appended', 'appended', 'appended'])
      const forged = vault()
      const [entry] = forged.entries
      if (entry !== undefined) entry[entry.length - 1] = (entry.at(-1) ?? 0) ^ 1
      expect(await client.append(forged)).toMatchObject({ type: 'refused', code: 'append.refused' })
      await client.close()
    },
  )
})

describe('starting where one should not', () => {
  test('a setting that is wrong is named, its value is not repeated', async () => {
    const wrong: [string[], Record<string, string>, string][] = [
      [[], { COUNTERSIGN_PORT: 'eighty' }, 'COUNTERSIGN_PORT'],
      [['--port', '70000'], {}, 'COUNTERSIGN_PORT'],
      [[], { COUNTERSIGN_SETUP_TOKEN: 'short-secret' }, 'COUNTERSIGN_SETUP_TOKEN'],
      [['--setup-token', 'a-secret-in-the-arguments'], {}, 'unknown flag'],
    ]
    for (const [args, environment, name] of wrong) {
      const { status, stderr, stdout } = await runProcess(args, {
        COUNTERSIGN_DATA: data.file,
        ...environment,
      })
      expect(status).toBe(1)
      expect(stderr).toContain(name)
      expect(stdout).toBe('')
      for (const value of ['eighty', 'short-secret', 'a-secret-in-the-arguments'])
        expect(stderr).not.toContain(value)
    }
    expect(existsSync(data.file)).toBe(false)
  })

  test('a damaged data file is refused by name with what to do, and is left as it is', async () => {
    const first = await start({ COUNTERSIGN_SETUP_TOKEN: TOKEN })
    await foundTeam(first.url, TOKEN)
    await first.end('SIGTERM')
    truncateSync(data.file, statSync(data.file).size - 4096 * 3)
    const before = readFileSync(data.file)
    const { status, stderr } = await runProcess([], { COUNTERSIGN_DATA: data.file })
    expect(status).toBe(1)
    expect(stderr).toContain(data.file)
    expect(stderr).toContain('backup')
    expect(readFileSync(data.file)).toEqual(before)
    writeFileSync(data.file, '')
    expect((await runProcess([], { COUNTERSIGN_DATA: data.file })).stderr).toContain('empty')
  })

  test('a second server on the same data file is refused', async () => {
    await start()
    const { status, stderr } = await runProcess([], { COUNTERSIGN_DATA: data.file })
    expect(status).toBe(1)
    expect(stderr).toContain('in use by another server')
  })

  test('an address that is taken is said to be taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    const address = other.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const { status, stderr } = await runProcess(['--port', String(port)], { COUNTERSIGN_DATA: data.file })
    other.close()
    expect(status).toBe(1)
    expect(stderr).toContain('EADDRINUSE')
  })
})

/** Appends one item after the other, keeping what was acknowledged, until the connection breaks. */
const storm = async (client: TestClient, team: TestTeam, environment: string, acknowledged: Uint8Array[]) => {
  let open = true
  void client.closed.then(() => {
    open = false
  })
  while (open) {
    const part: AppendPart = team.item(team.founder, environment)
    const answer = await Promise.race([client.append(part), client.closed.then(() => null)])
    if (answer?.type !== 'appended') return
    acknowledged.push(...part.entries)
  }
}

describe('kill -9', () => {
  const ROUNDS = 5

  test('nothing acknowledged is lost, whenever the process is killed', async () => {
    const seed = Date.now() % 100_000
    let server = await start({ COUNTERSIGN_SETUP_TOKEN: TOKEN })
    const team = await foundTeam(server.url, TOKEN)
    const environments = Array.from({ length: 4 }, () => newId())
    const setUp = await TestClient.login(server.url, team, team.founder)
    for (const each of environments) await setUp.append(team.environment(each, [team.founder]))
    const acknowledged = environments.map((): Uint8Array[] => [])
    for (let round = 0; round < ROUNDS; round++) {
      const clients = await Promise.all(
        environments.map(() => TestClient.login(server.url, team, team.founder)),
      )
      const storms = environments.map((environment, i) =>
        storm(clients[i] as TestClient, team, environment, acknowledged[i] as Uint8Array[]),
      )
      await new Promise((resolve) => setTimeout(resolve, 40 + ((seed * (round + 7)) % 161)))
      await server.end('SIGKILL')
      await Promise.all(storms)
      server = await start()
      const reader = await TestClient.login(server.url, team, team.founder)
      for (const [i, environment] of environments.entries()) {
        const stream = `c/${environment}`
        const stored = reader.received.flatMap((m) =>
          m.type === 'entries' && m.stream === stream ? m.entries : [],
        )
        const kept = acknowledged[i] ?? []
        expect(stored.slice(0, kept.length).map(toHex), `seed ${seed}, round ${round}`).toEqual(
          kept.map(toHex),
        )
        // An entry may have become durable without its answer: the storm goes on from what the server has.
        expect(stored.length - kept.length).toBeLessThanOrEqual(1)
        acknowledged[i] = stored
        team.heads.delete(stream)
        for (const entry of stored) team.advance(stream, entry)
      }
      await reader.close()
    }
    expect(acknowledged.flat().length).toBeGreaterThan(ROUNDS)
  })
})

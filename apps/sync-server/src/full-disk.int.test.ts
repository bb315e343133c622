import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cryptoReady } from '@countersign/crypto/ready'
import { toHex } from '@countersign/schema/hex'
import { newId } from '@countersign/schema/ids'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { newDataFolder, type ServerProcess, startProcess } from './test/server-process.ts'
import { TestClient } from './test/test-client.ts'
import { foundTeam } from './test/test-server.ts'

const TOKEN = 'a set-up token for a full disk'
const MEGABYTE = 1024 * 1024

let data: ReturnType<typeof newDataFolder>
let server: ServerProcess | undefined
let unmount: (() => void) | undefined
beforeAll(() => cryptoReady())
beforeEach(() => {
  data = newDataFolder()
})
afterEach(async () => {
  await server?.end('SIGKILL')
  unmount?.()
  unmount = undefined
  data.remove()
})

/** A disk of a few megabytes: a real one where this user may mount it, else the server's own quota. */
const smallDisk = (): {
  environment: Record<string, string>
  fill: () => void
  makeSpace: () => Promise<void>
} => {
  if (process.getuid?.() !== 0) {
    const makeSpace = async () => {
      await server?.end('SIGTERM')
      server = await startProcess(data.file)
    }
    return { environment: { COUNTERSIGN_MAX_DATA_BYTES: String(3 * MEGABYTE) }, fill: () => {}, makeSpace }
  }
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', data.folder])
  unmount = () => execFileSync('umount', [data.folder])
  const filler = join(data.folder, 'filler')
  return {
    environment: {},
    fill: () => writeFileSync(filler, new Uint8Array(5 * MEGABYTE)),
    makeSpace: async () => rmSync(filler),
  }
}

const healthSchema = z.object({ mode: z.string(), store: z.object({ mode: z.string() }) })
const modeOf = async (url: string) => {
  const health = healthSchema.parse(await (await fetch(`${url}/health`)).json())
  return { ready: (await fetch(`${url}/readyz`)).status, mode: health.mode, store: health.store.mode }
}

describe('a full disk', () => {
  test('writes are refused with store.full, reads go on, nothing acknowledged is lost, space brings it back', async () => {
    const disk = smallDisk()
    server = await startProcess(data.file, { COUNTERSIGN_SETUP_TOKEN: TOKEN, ...disk.environment })
    const team = await foundTeam(server.url, TOKEN)
    const environment = newId()
    const client = await TestClient.login(server.url, team, team.founder)
    expect(await client.append(team.environment(environment, [team.founder]))).toMatchObject({
      type: 'appended',
    })
    disk.fill()
    const acknowledged: Uint8Array[] = []
    const stream = `c/${environment}`
    let refused: Awaited<ReturnType<TestClient['append']>> | undefined
    while (refused === undefined && acknowledged.length < 100) {
      const head = team.head(stream)
      const part = team.item(team.founder, environment, { bodyBytes: 200_000 })
      const answer = await client.append(part)
      if (answer.type === 'appended') acknowledged.push(...part.entries)
      else {
        refused = answer
        if (head === null) team.heads.delete(stream)
        else team.heads.set(stream, head)
      }
    }
    expect(refused).toMatchObject({ type: 'refused', code: 'store.full' })
    expect(acknowledged.length).toBeGreaterThan(0)
    expect(await modeOf(server.url)).toEqual({ ready: 503, mode: 'read_only', store: 'full' })
    expect((await fetch(`${server.url}/livez`)).status).toBe(200)

    const reader = await TestClient.login(server.url, team, team.founder)
    const read = () =>
      reader.received
        .flatMap((m) => (m.type === 'entries' && m.stream === stream ? m.entries : []))
        .map(toHex)
    expect(read()).toEqual(acknowledged.map(toHex))

    await disk.makeSpace()
    // A store without space is tried once a second.
    await new Promise((resolve) => setTimeout(resolve, 1050))
    expect(await modeOf(server.url)).toEqual({ ready: 200, mode: 'normal', store: 'normal' })
    const again = await TestClient.login(server.url, team, team.founder)
    expect(await again.append(team.item(team.founder, environment))).toMatchObject({ type: 'appended' })
  })
})

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { repository } from './repository.ts'

const readySchema = z.strictObject({
  localApi: z.url(),
  socket: z.string(),
  token: z.string().regex(/^cs_app_/),
  reference: z.string(),
  value: z.string(),
  server: z.url(),
  serverData: z.string(),
  profiles: z.array(z.string()).length(4),
  pids: z.array(z.number().int()),
})

let demo: ChildProcess
let ready: z.infer<typeof readySchema>
let exited: Promise<number | null>
const lines: string[] = []
const waiting: ((line: string) => void)[] = []

const nextLine = (): Promise<string> => {
  const line = lines.shift()
  return line === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(line)
}
const command = async (what: Record<string, string>): Promise<Record<string, unknown>> => {
  demo.stdin?.write(`${JSON.stringify(what)}\n`)
  const reply: unknown = JSON.parse(await nextLine())
  return z.record(z.string(), z.unknown()).parse(reply)
}
const path = (): string => `/v1/credentials/${ready.reference.slice('cs://'.length)}`
const read = async (token = ready.token): Promise<{ status: number; value: unknown; code: unknown }> => {
  const response = await fetch(new URL(path(), ready.localApi), {
    headers: { authorization: `Bearer ${token}` },
  })
  const body = z.record(z.string(), z.unknown()).parse(await response.json())
  return { status: response.status, value: body.value, code: body.code }
}
const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

beforeAll(async () => {
  demo = spawn(process.execPath, [join(repository, 'tools', 'src', 'demo.ts'), '--json'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  exited = new Promise((resolve) => demo.once('exit', resolve))
  if (demo.stdout === null) throw new Error('no stdout')
  createInterface({ input: demo.stdout }).on('line', (line) => {
    const reader = waiting.shift()
    if (reader === undefined) lines.push(line)
    else reader(line)
  })
  ready = readySchema.parse(JSON.parse(await nextLine()))
}, 60_000)
afterAll(() => {
  demo.kill('SIGKILL')
})

describe('the demo, as a program sees it', () => {
  it('D1 its first line says where everything is, in folders of this user only', () => {
    for (const profile of ready.profiles) expect(statSync(profile).mode & 0o777).toBe(0o700)
    expect(statSync(dirname(ready.serverData)).mode & 0o777).toBe(0o700)
    expect(ready.pids.length).toBe(5)
    expect(ready.pids.every(alive)).toBe(true)
  })

  it('D2 the token reads the value, over TCP and over the socket; another does not', async () => {
    expect(await read()).toMatchObject({ status: 200, value: ready.value })
    const overSocket = await new Promise<string>((resolve, reject) => {
      httpRequest(
        {
          socketPath: ready.socket,
          path: path(),
          headers: { host: 'localhost', authorization: `Bearer ${ready.token}` },
        },
        (response) => {
          let text = ''
          response.on('data', (chunk) => {
            text += String(chunk)
          })
          response.once('end', () => resolve(text))
        },
      )
        .once('error', reject)
        .end()
    })
    expect(overSocket).toContain(ready.value)
    expect(await read(`${ready.token.slice(0, -1)}x`)).toMatchObject({ status: 401 })
  })

  it('D3 what is no command is answered and changes nothing', async () => {
    expect(await command({ do: 'explode' })).toMatchObject({ error: { code: 'demo.unknown_command' } })
    demo.stdin?.write('not json\n')
    expect(JSON.parse(await nextLine())).toMatchObject({ error: { code: 'demo.not_json' } })
    expect(await read()).toMatchObject({ status: 200 })
  })

  it('P2 rotate: the new value is read when the reply comes', async () => {
    const value = 'sk-proj-a-new-value-for-this-test'
    expect(await command({ do: 'rotate', value })).toMatchObject({ done: 'rotate', localApi: ready.localApi })
    expect(await read()).toMatchObject({ status: 200, value })
  })

  it('P13 lock and unlock: 423 from a core without keys, on the same address; then the binding goes on', async () => {
    expect(await command({ do: 'lock' })).toMatchObject({ done: 'lock', localApi: ready.localApi })
    expect(await read()).toMatchObject({ status: 423 })
    expect(await command({ do: 'unlock' })).toMatchObject({ done: 'unlock', localApi: ready.localApi })
    expect(await read()).toMatchObject({ status: 200 })
  })

  it('P17 the server stops: reads go on; it comes back on its address', async () => {
    expect(await command({ do: 'stopServer' })).toMatchObject({ done: 'stopServer' })
    await expect(fetch(new URL('/livez', ready.server))).rejects.toThrow()
    expect(await read()).toMatchObject({ status: 200 })
    expect(await command({ do: 'startServer' })).toMatchObject({ done: 'startServer' })
    expect((await fetch(new URL('/livez', ready.server))).status).toBe(200)
  }, 90_000)

  it('P2 revoke: the next read is refused', async () => {
    expect(await command({ do: 'revoke' })).toMatchObject({ done: 'revoke' })
    expect((await read()).status).toBeGreaterThanOrEqual(400)
  })

  it('P5 removeMember: the installation is refused from then on', async () => {
    expect(await command({ do: 'removeMember' })).toMatchObject({ done: 'removeMember' })
    expect((await read()).status).toBeGreaterThanOrEqual(400)
  })

  it('D4 SIGTERM ends it cleanly: no process, no folder is left', async () => {
    demo.kill('SIGTERM')
    expect(await exited).toBe(0)
    await expect.poll(() => ready.pids.filter(alive)).toEqual([])
    for (const folder of [...ready.profiles, ready.serverData]) expect(existsSync(folder)).toBe(false)
  })
})

import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DemoProcess } from './test/demo-process.ts'

let demo: DemoProcess
let removal: DemoProcess

const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const isGone = async ({ ready }: DemoProcess): Promise<void> => {
  await expect.poll(() => ready.pids.filter(alive), { timeout: 30_000 }).toEqual([])
  for (const folder of [...ready.profiles, ready.serverData, dirname(dirname(ready.serverData))])
    await expect.poll(() => existsSync(folder), { timeout: 30_000 }).toBe(false)
}

beforeAll(async () => {
  ;[demo, removal] = await Promise.all([DemoProcess.start(), DemoProcess.start()])
}, 90_000)
afterAll(() => {
  demo?.child.kill('SIGKILL')
  removal?.child.kill('SIGKILL')
})

describe('the demo, as a program sees it', () => {
  it('D1 its first line says where everything is, in folders of this user only', () => {
    for (const profile of demo.ready.profiles) expect(statSync(profile).mode & 0o777).toBe(0o700)
    expect(statSync(dirname(demo.ready.serverData)).mode & 0o777).toBe(0o700)
    expect(demo.ready.pids.length).toBe(5)
    expect(demo.ready.pids.every(alive)).toBe(true)
  })

  it('D2 the token reads the value, over TCP and over the socket; another does not', async () => {
    expect(await demo.read()).toMatchObject({ status: 200, value: demo.ready.value })
    const overSocket = await new Promise<string>((resolve, reject) => {
      httpRequest(
        {
          socketPath: demo.ready.socket,
          path: demo.path,
          headers: { host: 'localhost', authorization: `Bearer ${demo.ready.token}` },
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
    expect(overSocket).toContain(demo.ready.value)
    expect(await demo.read(`${demo.ready.token.slice(0, -1)}x`)).toMatchObject({ status: 401 })
  })

  it('D3 what is no command is answered and changes nothing', async () => {
    expect(await demo.command({ do: 'explode' })).toMatchObject({ error: { code: 'demo.unknown_command' } })
    expect(await demo.say('not json')).toMatchObject({ error: { code: 'demo.not_json' } })
    expect(await demo.read()).toMatchObject({ status: 200 })
  })

  it('P2 rotate: the new value is read when the reply comes', async () => {
    const value = 'sk-proj-a-new-value-for-this-test'
    expect(await demo.command({ do: 'rotate', value })).toMatchObject({
      done: 'rotate',
      localApi: demo.ready.localApi,
    })
    expect(await demo.read()).toMatchObject({ status: 200, value })
  })

  it('P13 lock and unlock: 423 from a core without keys, on the same address; then the binding goes on', async () => {
    expect(await demo.command({ do: 'lock' })).toMatchObject({ done: 'lock', localApi: demo.ready.localApi })
    expect(await demo.read()).toMatchObject({ status: 423 })
    expect(await demo.command({ do: 'unlock' })).toMatchObject({
      done: 'unlock',
      localApi: demo.ready.localApi,
    })
    expect(await demo.read()).toMatchObject({ status: 200 })
  })

  it('D3 while it is locked nothing is done that no program could see, and the reply says what to do', async () => {
    await demo.command({ do: 'lock' })
    for (const command of [
      { do: 'rotate', value: 'sk-proj-not-taken' },
      { do: 'revoke' },
      { do: 'removeMember' },
    ])
      expect(await demo.command(command)).toMatchObject({
        error: { code: 'demo.failed', message: expect.stringContaining('send unlock first') },
      })
    await demo.command({ do: 'unlock' })
    expect(await demo.read()).toMatchObject({ status: 200, value: 'sk-proj-a-new-value-for-this-test' })
  })

  it('P19 rotated without the server: replied once it runs again and the program reads the new value', async () => {
    await demo.command({ do: 'stopServer' })
    const value = 'sk-proj-rotated-while-the-server-was-down'
    const rotated = demo.command({ do: 'rotate', value })
    expect(await demo.read()).toMatchObject({ status: 200, value: 'sk-proj-a-new-value-for-this-test' })
    // Two commands, two replies, whichever comes first.
    const replies = await Promise.all([rotated, demo.command({ do: 'startServer' })])
    expect(replies.map(({ done }) => done).sort()).toEqual(['rotate', 'startServer'])
    expect(await demo.read()).toMatchObject({ status: 200, value })
  }, 120_000)

  it('P17 the server stops: reads go on; it comes back on its address', async () => {
    expect(await demo.command({ do: 'stopServer' })).toMatchObject({ done: 'stopServer' })
    expect(await demo.command({ do: 'stopServer' })).toMatchObject({ done: 'stopServer' })
    await expect(fetch(new URL('/livez', demo.ready.server))).rejects.toThrow()
    expect(await demo.read()).toMatchObject({ status: 200 })
    expect(await demo.command({ do: 'startServer' })).toMatchObject({ done: 'startServer' })
    expect((await fetch(new URL('/livez', demo.ready.server))).status).toBe(200)
    // Asked for again there is no second one, and this one still stops when it is told to.
    expect(await demo.command({ do: 'startServer' })).toMatchObject({ done: 'startServer' })
    expect(await demo.command({ do: 'stopServer' })).toMatchObject({ done: 'stopServer' })
    await expect(fetch(new URL('/livez', demo.ready.server))).rejects.toThrow()
    expect(await demo.command({ do: 'startServer' })).toMatchObject({ done: 'startServer' })
  }, 120_000)

  it('P2 revoke: the next read is refused', async () => {
    expect(await demo.command({ do: 'revoke' })).toMatchObject({ done: 'revoke' })
    expect(await demo.read()).toMatchObject({ status: 403, code: 'binding.revoked' })
  })

  it('P5 removeMember: the installation is refused from then on', async () => {
    expect(await removal.command({ do: 'removeMember' })).toMatchObject({ done: 'removeMember' })
    // Which of the two it hears of first: that it was turned away, or the entry that removed it.
    const refused = await removal.read()
    expect(refused.status).toBe(403)
    expect(['device.turned_away', 'binding.revoked']).toContain(refused.code)
  })

  it('D4 stdin that ends is no signal: it goes on; Ctrl+C reaches the whole group, more than once, and ends it cleanly', async () => {
    removal.child.stdin?.end()
    await expect.poll(() => removal.child.stdin?.closed).toBe(true)
    expect((await removal.read()).status).toBe(403)
    const group = -(removal.child.pid ?? 0)
    process.kill(group, 'SIGINT')
    process.kill(group, 'SIGINT')
    expect(await removal.exited).toBe(0)
    await isGone(removal)
  })

  it('D4 SIGTERM ends it cleanly: no process, no folder is left', async () => {
    demo.child.kill('SIGTERM')
    expect(await demo.exited).toBe(0)
    await isGone(demo)
  })
})

describe('the demo, as it is ended', () => {
  it('D4 it ends with the npx above it, which passes no signal on', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-npx-'))
    const npx = join(folder, 'npx')
    // The shape in which npx runs pnpm: a shell that waits for it.
    writeFileSync(npx, '#!/bin/sh\n"$@"\nexit $?\n', { mode: 0o700 })
    try {
      const under = await DemoProcess.start([npx, process.execPath])
      under.child.kill('SIGTERM')
      await under.exited
      await isGone(under)
    } finally {
      rmSync(folder, { recursive: true })
    }
  }, 120_000)

  it('D4 ended while the team is still being made, it leaves nothing either', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-early-'))
    try {
      const { child, exited } = DemoProcess.spawn([process.execPath], { TMPDIR: folder })
      await expect.poll(() => readdirSync(folder).length, { timeout: 30_000, interval: 5 }).toBe(1)
      child.kill('SIGTERM')
      expect(await exited).toBe(0)
      expect(readdirSync(folder)).toEqual([])
      const group = child.pid ?? 0
      expect(() => process.kill(-group, 0)).toThrow('ESRCH')
    } finally {
      rmSync(folder, { recursive: true })
    }
  }, 120_000)
})

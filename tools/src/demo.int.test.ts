import { existsSync, statSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { dirname } from 'node:path'
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

  it('P17 the server stops: reads go on; it comes back on its address', async () => {
    expect(await demo.command({ do: 'stopServer' })).toMatchObject({ done: 'stopServer' })
    await expect(fetch(new URL('/livez', demo.ready.server))).rejects.toThrow()
    expect(await demo.read()).toMatchObject({ status: 200 })
    expect(await demo.command({ do: 'startServer' })).toMatchObject({ done: 'startServer' })
    expect((await fetch(new URL('/livez', demo.ready.server))).status).toBe(200)
  }, 90_000)

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
    removal.child.kill('SIGTERM')
    expect(await removal.exited).toBe(0)
  })

  it('D4 SIGTERM ends it cleanly: no process, no folder is left', async () => {
    demo.child.kill('SIGTERM')
    expect(await demo.exited).toBe(0)
    await expect.poll(() => demo.ready.pids.filter(alive)).toEqual([])
    for (const folder of [...demo.ready.profiles, demo.ready.serverData])
      expect(existsSync(folder)).toBe(false)
  })
})

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Installation, startInstallation } from '@countersign/desktop/headless/installation'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { enrolTwoKeys, environmentId } from './people.ts'
import { SyncServerProcess } from './sync-server-process.ts'
import { until } from './until.ts'

const ROUNDS = 4

describe('the core killed at random points', () => {
  let folder: string
  let server: SyncServerProcess
  let admin: Installation
  let item: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-crash-'))
    server = new SyncServerProcess({ dataFile: join(folder, 'server.db') })
    await server.start()
    admin = await startInstallation(join(folder, 'admin'))
    await enrolTwoKeys(admin)
    await admin.must('team.create', {
      server: server.url,
      setupToken: server.setupToken,
      team: 'Crash team',
      name: 'Ada',
      device: 'laptop',
    })
    const vault = await admin.must('vault.create', { name: 'llm', environments: ['production'] })
    const made = await admin.must('item.create', {
      environment: environmentId(vault, 'production'),
      name: 'openai',
      provider: 'openai',
      value: { api_key: 'value-1' },
      note: '',
      models: [],
    })
    item = made.row.item
  })
  afterAll(async () => {
    await admin?.stop()
    await server?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  it('P19 nothing acknowledged is lost or written twice, and a crash is a lock', async () => {
    let acknowledged = 1
    for (let round = 0; round < ROUNDS; round++) {
      const { pid } = admin
      if (pid === undefined) throw new Error('no core runs')
      let killed = false
      const killing = sleep(20 + Math.random() * 150).then(() => {
        process.kill(pid, 'SIGKILL')
        killed = true
      })
      let base = acknowledged
      for (;;) {
        const written = await admin.call('item.update', {
          item,
          base,
          value: { api_key: `value-${base + 1}` },
        })
        if (!written.ok) break
        base = written.value.row.version
        acknowledged = base
        if (killed) break
      }
      await killing
      await until(async () => (await admin.call('status.get', {})).ok, { what: 'the core is started again' })
      expect((await admin.must('status.get', {})).phase).toBe('locked')
      await admin.must('vault.unlock', {})
      const detail = await until(
        async () => {
          const status = await admin.must('status.get', {})
          const found = await admin.call('item.get', { item })
          return status.server?.connection === 'live' && found.ok ? found.value : null
        },
        { what: 'the item is there again' },
      )
      // The one in flight may have landed without its acknowledgement, no more than that.
      expect(detail.row.version - acknowledged).toBeGreaterThanOrEqual(0)
      expect(detail.row.version - acknowledged).toBeLessThanOrEqual(1)
      const versions = detail.history.map((step) => step.version)
      expect(versions).toEqual(versions.map((_, index) => index + 1))
      const shown = await admin.must('item.reveal', { item, field: 'api_key' })
      expect(shown.value).toBe(`value-${detail.row.version}`)
      acknowledged = detail.row.version
    }
  })
})

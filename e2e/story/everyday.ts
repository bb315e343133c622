import { until } from '@countersign/tools/try-out/until'
import { expect } from '@playwright/test'
import { REFERENCE, readsNow } from './program.ts'
import type { StoryStep } from './step.ts'

/** A new value, locks, no server, a restart, a lost key. */
export const everyday: readonly StoryStep[] = [
  {
    title: 'Ada rotates the key: the program hears of it and reads the new value',
    run: async (stage) => {
      const { props } = stage
      const listening = await stage.localApi()
      if (props.binding === null) throw new Error('no program is bound')
      const events = await listening.events(props.binding.token)
      props.pastValues.push(props.value)
      props.value = `sk-proj-canary${crypto.randomUUID().replaceAll('-', '')}`
      await stage.person('admin').rotate('openai', { 'API key': props.value })
      const rotated = await until(() => events.heard.find((event) => event.type === 'rotated') ?? null, {
        what: 'the program hears of the rotation',
      })
      events.close()
      expect(rotated).toMatchObject({ reference: REFERENCE, version: 2 })
      await readsNow(stage, 'the program reads the new value', (read) => read.value === props.value)
    },
  },
  {
    title: 'Dana locks: programs get 423 from a core without keys; she unlocks and they read on',
    run: async (stage) => {
      const developer = stage.person('developer')
      await developer.lock()
      await readsNow(stage, 'a locked vault answers 423', (read) => read.status === 423)
      await stage.shoot('locked', 'developer')
      await developer.unlock()
      await readsNow(stage, 'the program reads again', (read) => read.value === stage.props.value)
    },
  },
  {
    title: 'Suspend and the screen lock do the same',
    run: async (stage) => {
      const developer = stage.person('developer')
      for (const event of ['suspend', 'lock-screen']) {
        await developer.app.electron.evaluate(({ powerMonitor }, event) => {
          powerMonitor.emit(event)
        }, event)
        await developer.isLocked()
        await readsNow(stage, `423 after ${event}`, (read) => read.status === 423)
        await developer.unlock()
      }
      await readsNow(stage, 'the program reads again', (read) => read.value === stage.props.value)
    },
  },
  {
    title:
      'The server is down: Dana unlocks and her program reads on; an offline change of Ada waits and lands later',
    run: async (stage) => {
      const { props } = stage
      await stage.server.stop()
      const developer = stage.person('developer')
      await developer.lock()
      await developer.unlock()
      await readsNow(stage, 'reading without the server', (read) => read.value === props.value)
      await stage.shoot('offline', 'developer')
      const admin = stage.person('admin')
      await admin.rotate('anthropic', { 'API key': 'sk-ant-api03-made-up-while-offline' })
      await expect(admin.window.getByText('1 change waits to be sent')).toBeVisible({ timeout: 20_000 })
      await stage.server.start()
      await expect(admin.window.getByText('1 change waits to be sent')).toBeHidden({ timeout: 60_000 })
      const approver = stage.person('approver')
      await approver.go('Credentials')
      await expect(approver.window.locator('.item-row', { hasText: 'anthropic' })).toContainText('v2', {
        timeout: 60_000,
      })
      await until(
        async () => {
          const health = await (await stage.localApi()).health()
          return health.ok && health.value.server.connection === 'live'
        },
        { what: 'the server is reached again', timeoutMs: 60_000 },
      )
    },
  },
  {
    title: 'Everything is restarted: state is there, each unlocks with a key again',
    softwareOnly: true,
    run: async (stage) => {
      await stage.server.stop()
      await stage.server.start()
      for (const person of stage.everybody()) {
        await person.restart()
        await person.isLocked()
        await person.unlock()
      }
      await readsNow(stage, 'the binding survived the restart', (read) => read.value === stage.props.value)
    },
  },
  {
    title: 'Ada lost her key: the recovery code opens her vault',
    run: async (stage) => {
      const admin = stage.person('admin')
      await admin.lock()
      await admin.unlockWithCode(stage.props.recoveryCode ?? '')
    },
  },
]

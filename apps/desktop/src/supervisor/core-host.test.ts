import { describe, expect, it, vi } from 'vitest'
import type { CoreEvent } from '../shared/contract.ts'
import type { CoreMessage, HostMessage } from '../shared/host-protocol.ts'
import { CoreHost, type HostServices } from './core-host.ts'
import type { CoreProcess } from './core-process.ts'

/** A process one can look at: what it was sent, and its end by hand. */
class ProcessInMemory implements CoreProcess<string> {
  readonly pid = 1
  readonly got: HostMessage[] = []
  readonly ports: (string | undefined)[] = []
  killed = false
  #message: (raw: unknown) => void = () => undefined
  #exit: () => void = () => undefined
  send(message: HostMessage, port?: string): void {
    this.got.push(message)
    this.ports.push(port)
  }
  kill(): void {
    this.killed = true
  }
  onMessage(listener: (raw: unknown) => void): void {
    this.#message = listener
  }
  onExit(listener: () => void): void {
    this.#exit = listener
  }
  says(message: CoreMessage | unknown): void {
    this.#message(message)
  }
  exits(): void {
    this.#exit()
  }
  calls() {
    return this.got.filter((message) => message.type === 'call')
  }
}

const setUp = (services: Partial<HostServices<string>> = {}) => {
  const processes: ProcessInMemory[] = []
  const events: CoreEvent[] = []
  const host = new CoreHost<string>({
    spawn: () => {
      const process = new ProcessInMemory()
      processes.push(process)
      return process
    },
    start: {
      profileDir: '/p',
      runtimeDir: '/p/run',
      authenticator: 'ceremony',
      tryOut: false,
      canWrap: false,
    },
    services: {
      onEvent: (event) => events.push(event),
      onIdleLock: () => undefined,
      openSigning: () => undefined,
      copyToClipboard: () => undefined,
      openCeremony: () => undefined,
      saveAs: async () => null,
      openFile: async () => null,
      closeCeremony: () => undefined,
      wrap: () => null,
      unwrap: () => null,
      ...services,
    },
  })
  const process = (index: number): ProcessInMemory => {
    const found = processes[index]
    if (found === undefined) throw new Error(`there is no process ${index}`)
    return found
  }
  const ready = (index: number): void => process(index).says({ type: 'ready', idleLockMs: 600_000 })
  return { host, processes, process, ready, events }
}

const REPLY = { keys: [], recovery: 'none', ready: false }

describe('core host', () => {
  it('P13 a call made while the core starts waits for it', async () => {
    const { host, process, ready } = setUp()
    const answer = host.call('setup.state', {})
    await Promise.resolve()
    expect(process(0).calls()).toEqual([])
    ready(0)
    const [call] = process(0).calls()
    expect(call).toMatchObject({ name: 'setup.state', window: 'app', signing: null })
    process(0).says({ type: 'reply', id: call?.id, result: { ok: true, value: REPLY } })
    expect(await answer).toEqual({ ok: true, value: REPLY })
  })

  it('P13 a lock kills the process, refuses the calls under way and starts another only after the exit', async () => {
    const { host, process, processes, ready } = setUp()
    ready(0)
    const unlocking = host.call('vault.unlock', {})
    await Promise.resolve()
    const locked = host.lock('suspend')
    expect(process(0).killed).toBe(true)
    expect(await unlocking).toMatchObject({ ok: false, error: { code: 'core.locked' } })
    expect(processes).toHaveLength(1)
    process(0).exits()
    await locked
    expect(process(1).got[0]).toMatchObject({ type: 'start', cause: 'suspend' })
  })

  it('P13 a core that does not end by itself when it is locked is killed', async () => {
    const { host, process, ready } = setUp()
    ready(0)
    const states: string[] = []
    host.onState(({ state }) => states.push(state))
    const locked = host.lock('lock')
    expect(process(0).got.at(-1)).toEqual({ type: 'lock' })
    await vi.waitFor(() => expect(process(0).killed).toBe(true))
    process(0).exits()
    await locked
    // The window is emptied and its process ended at each of these: once for a lock.
    expect(states).toEqual(['killing', 'starting'])
  })

  it('P13 an unlock asked for before the lock does not reach the process after it', async () => {
    const { host, process, ready } = setUp()
    const unlocking = host.call('vault.unlock', {})
    await host.lock('lock')
    expect(await unlocking).toMatchObject({ ok: false, error: { code: 'core.locked' } })
    ready(0)
    expect(process(0).calls()).toEqual([])
  })

  it('P13 what a killed process still says is not heard', async () => {
    const { host, process, ready, events } = setUp()
    ready(0)
    void host.lock('lock')
    process(0).says({ type: 'event', event: { type: 'changed', areas: ['items'] } })
    expect(events).toEqual([])
  })

  it.each([
    ['nothing', null],
    ['an unknown message', { type: 'keys', root: 'secret' }],
    ['a message with more in it', { type: 'ready', idleLockMs: 600_000, extra: 1 }],
  ])('P13 a core that says %s is killed', (_what, message) => {
    const { process } = setUp()
    process(0).says(message)
    expect(process(0).killed).toBe(true)
  })

  it('P13 an answer of the wrong form is refused and not passed on', async () => {
    const { host, process, ready } = setUp()
    ready(0)
    const answer = host.call('setup.state', {})
    await Promise.resolve()
    const value = { ...REPLY, root: 'secret' }
    process(0).says({ type: 'reply', id: process(0).calls()[0]?.id, result: { ok: true, value } })
    const result = await answer
    expect(result).toMatchObject({ ok: false, error: { code: 'core.bad_reply' } })
    expect(JSON.stringify(result)).not.toContain('secret')
  })

  it("P13 another window's call and a malformed one never reach the core", async () => {
    const { host, process, ready } = setUp()
    ready(0)
    expect(await host.call('signing.get', {})).toMatchObject({ error: { code: 'call.wrong_window' } })
    expect(await host.call('item.get', { item: '../x' })).toMatchObject({ error: { code: 'call.malformed' } })
    expect(process(0).calls()).toEqual([])
  })

  it('P13 a core that cannot start says why to every call', async () => {
    const { host, process } = setUp()
    const waiting = host.call('status.get', {})
    process(0).says({ type: 'fatal', code: 'profile.busy', message: 'In use.', fix: 'Close the other one.' })
    expect(await waiting).toMatchObject({ error: { code: 'profile.busy' } })
    process(0).exits()
    expect(await host.call('status.get', {})).toMatchObject({ error: { code: 'profile.busy' } })
    await host.stop()
  })

  it('P9 a ceremony that opens after its core is gone gives nobody its port', () => {
    let answer: (port: string | null) => void = () => undefined
    const { host, process, ready } = setUp({
      openCeremony: (_id, _purpose, given) => {
        answer = given
      },
    })
    ready(0)
    process(0).says({ type: 'ceremony', id: 1, purpose: 'Unlock' })
    void host.lock('lock')
    process(0).exits()
    answer('port')
    expect([...process(0).ports, ...process(1).ports].filter((port) => port !== undefined)).toEqual([])
  })

  it('P9 the port goes to the core with the id it asked under', () => {
    const { process, ready } = setUp({ openCeremony: (_id, _purpose, answer) => answer('port') })
    ready(0)
    process(0).says({ type: 'ceremony', id: 7, purpose: 'Unlock' })
    expect(process(0).got.at(-1)).toEqual({ type: 'ceremonyPort', id: 7 })
    expect(process(0).ports.at(-1)).toBe('port')
  })

  it('P13 closing asks the core to finish and answers what waits', async () => {
    const { host, process, ready } = setUp()
    ready(0)
    const waiting = host.call('items.list', {})
    await Promise.resolve()
    const stopped = host.stop()
    expect(process(0).got.at(-1)).toEqual({ type: 'stop' })
    expect(await waiting).toMatchObject({ error: { code: 'core.stopped' } })
    process(0).exits()
    await stopped
    expect(await host.call('status.get', {})).toMatchObject({ error: { code: 'core.stopped' } })
  })
})

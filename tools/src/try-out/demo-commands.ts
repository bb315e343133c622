import { z } from 'zod'
import type { LocalApiClient } from './local-api-client.ts'
import { type ProductionBinding, ROLES, type TryOutTeam } from './team.ts'
import { until } from './until.ts'

export const demoCommandSchema = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('rotate'), value: z.string().min(1).max(10_000) }),
  z.strictObject({ do: z.literal('revoke') }),
  z.strictObject({ do: z.literal('lock') }),
  z.strictObject({ do: z.literal('unlock') }),
  z.strictObject({ do: z.literal('stopServer') }),
  z.strictObject({ do: z.literal('startServer') }),
  z.strictObject({ do: z.literal('removeMember') }),
])
export type DemoCommand = z.infer<typeof demoCommandSchema>

/** Commands whose effect is what a read answers. */
const AS_READ: ReadonlySet<DemoCommand['do']> = new Set(['rotate', 'revoke', 'removeMember'])
const OFFLINE_TIMEOUT_MS = 10 * 60_000

/** Does what people would do in their apps, and waits until a program at the local API can tell. */
export class DemoCommands {
  readonly #team: TryOutTeam
  readonly #binding: ProductionBinding
  readonly #item: string

  constructor(team: TryOutTeam, binding: ProductionBinding, item: string) {
    this.#team = team
    this.#binding = binding
    this.#item = item
  }

  /** What is done now is seen when the server runs again. */
  get serverStopped(): boolean {
    return this.#team.server.pid === undefined
  }

  /** Milliseconds until the effect was seen over the local API, and where that is now. */
  async run(command: DemoCommand): Promise<{ ms: number; localApi: string }> {
    const started = performance.now()
    const timeoutMs = this.serverStopped ? OFFLINE_TIMEOUT_MS : 60_000
    if (AS_READ.has(command.do) && (await this.#read(await this.#localApi())).status === 423)
      throw new Error('The developer’s app is locked, no program could see the effect: send unlock first.')
    await this.#do(command)
    const api = await this.#localApi()
    await until(() => this.#visible(command, api), {
      what: `the effect of ${command.do} at the local API`,
      everyMs: 10,
      timeoutMs,
    })
    return { ms: Math.round(performance.now() - started), localApi: api.url }
  }

  async #do(command: DemoCommand): Promise<void> {
    const { admin, developer } = this.#team.people
    switch (command.do) {
      case 'rotate': {
        const { row } = await admin.must('item.get', { item: this.#item })
        await admin.must('item.update', {
          item: this.#item,
          base: row.version,
          value: { api_key: command.value },
        })
        break
      }
      case 'revoke':
        await admin.must('binding.revoke', { binding: this.#binding.id, reason: 'Revoked in the try-out' })
        break
      case 'removeMember': {
        const me = (await developer.must('status.get', {})).me
        const member = me?.member ?? (await this.#memberNamed('Dana Developer'))
        await admin.must('member.remove', { member, reason: 'Removed in the try-out' })
        break
      }
      case 'lock':
        await developer.lock('lock')
        break
      case 'unlock':
        await developer.must('vault.unlock', {})
        break
      case 'stopServer':
        await this.#team.server.stop()
        break
      case 'startServer':
        await this.#team.server.start()
        break
    }
  }

  async #visible(command: DemoCommand, api: LocalApiClient): Promise<boolean> {
    switch (command.do) {
      case 'rotate': {
        const read = await this.#read(api)
        return read.ok && read.value.value === command.value
      }
      case 'revoke':
      case 'removeMember': {
        const read = await this.#read(api)
        return read.status === 403
      }
      case 'lock':
        return (await this.#read(api)).status === 423
      case 'unlock': {
        const { status } = await this.#read(api)
        return status !== 423 && status !== 503
      }
      case 'stopServer':
      case 'startServer': {
        const health = await api.health()
        const live = health.ok && health.value.server.connection === 'live'
        return live === (command.do === 'startServer')
      }
    }
  }

  #read(api: LocalApiClient): ReturnType<LocalApiClient['read']> {
    return api.read(this.#binding.reference, this.#binding.token)
  }

  async #localApi(): Promise<LocalApiClient> {
    return until(() => this.#team.localApi().catch(() => null), { what: 'the local API is served again' })
  }

  async #memberNamed(name: string): Promise<string> {
    const found = (await this.#team.people.admin.must('members.list', {})).find((each) => each.name === name)
    if (found === undefined) throw new Error(`there is no member ${name}`)
    return found.member
  }
}

export const corePids = (team: TryOutTeam): number[] =>
  [team.server.pid, ...ROLES.map((role) => team.people[role].pid)].filter((pid) => pid !== undefined)

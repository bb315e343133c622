import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Installation, startInstallation } from '@countersign/desktop/headless/installation'
import type { CallReply } from '@countersign/desktop/shared/contract'
import type { Policy } from '@countersign/schema/policy'
import { LocalApiClient } from './local-api-client.ts'
import { approve, enrolTwoKeys, environmentId, inviteAndJoin, type Vault } from './people.ts'
import { SyncServerProcess } from './sync-server-process.ts'
import { until } from './until.ts'

const HOUR = 3_600_000

export const ROLES = ['admin', 'approver', 'developer', 'auditor'] as const
export type PersonRole = (typeof ROLES)[number]

export interface ProductionBinding {
  id: string
  token: string
  reference: string
  value: string
}

/** A whole try-out team on this machine: a server, four installations with software keys. Everything lies in `folder`. */
export class TryOutTeam {
  readonly server: SyncServerProcess
  readonly people: Readonly<Record<PersonRole, Installation>>
  /** Where the team is told that its server is. */
  address: string
  readonly #onStep: (step: string) => void

  private constructor(
    server: SyncServerProcess,
    people: Readonly<Record<PersonRole, Installation>>,
    onStep: (step: string) => void,
  ) {
    this.server = server
    this.people = people
    this.address = server.url
    this.#onStep = onStep
  }

  /** `folder` must be empty; it and everything in it belong to this user only. */
  static async start(folder: string, onStep: (step: string) => void): Promise<TryOutTeam> {
    const serverFolder = join(folder, 'server')
    await mkdir(serverFolder, { mode: 0o700 })
    const server = new SyncServerProcess({ dataFile: join(serverFolder, 'countersign.db') })
    await server.start()
    onStep(`Server on ${server.url}, data in ${server.dataFile}`)
    const started: Installation[] = []
    try {
      const open = async (role: PersonRole): Promise<Installation> => {
        const installation = await startInstallation(join(folder, role))
        started.push(installation)
        return installation
      }
      const people = {
        admin: await open('admin'),
        approver: await open('approver'),
        developer: await open('developer'),
        auditor: await open('auditor'),
      }
      return new TryOutTeam(server, people, onStep)
    } catch (cause) {
      await Promise.all(started.map((installation) => installation.stop()))
      await server.stop()
      throw cause
    }
  }

  /** The people, the vault, the policy: production needs two approvals by others (`more`: what else it says), the bootstrap is closed. */
  async found(more: Partial<Policy> = {}): Promise<Vault> {
    const { admin, approver, developer, auditor } = this.people
    await enrolTwoKeys(admin)
    await admin.must('team.create', {
      server: this.address,
      setupToken: this.server.setupToken,
      team: 'Try-out team',
      name: 'Ada Admin',
      device: "Ada's laptop",
    })
    this.#onStep('Ada created the team with two software keys')
    const vault = await admin.must('vault.create', {
      name: 'llm',
      environments: ['development', 'staging', 'production'],
    })
    const production = environmentId(vault, 'production')
    const development = environmentId(vault, 'development')
    await inviteAndJoin(admin, approver, {
      name: 'Abel Approver',
      device: "Abel's laptop",
      roles: [],
      access: [{ environment: production, level: 'hold', approve: true }],
    })
    this.#onStep('Abel joined: he holds production and may approve')
    await inviteAndJoin(admin, developer, {
      name: 'Dana Developer',
      device: "Dana's laptop",
      roles: ['developer'],
      access: [
        { environment: development, level: 'hold', approve: false },
        { environment: production, level: 'request', approve: false },
      ],
    })
    this.#onStep('Dana joined: she may only request production')
    await inviteAndJoin(admin, auditor, {
      name: 'Otto Auditor',
      device: "Otto's laptop",
      roles: ['auditor'],
      // Without it the log says “a credential”, and not which.
      access: vault.environments.map(({ environment }) => ({ environment, level: 'view', approve: false })),
    })
    this.#onStep('Otto joined as auditor')
    const { me } = await admin.must('status.get', {})
    if (me === null) throw new Error('the admin is nobody')
    await admin.must('member.access', {
      member: me.member,
      access: [{ environment: production, level: 'hold', approve: true }],
    })
    await admin.must('policy.set', {
      environment: production,
      policy: {
        rule: { op: 'quorum', k: 2, of: { kind: 'approvers' } },
        selfApproval: false,
        deadlineMs: 24 * HOUR,
        maxLeaseMs: 30 * 24 * HOUR,
        maxOfflineMs: 72 * HOUR,
        maxUnwitnessedMs: 72 * HOUR,
        ...more,
      },
    })
    await admin.must('bootstrap.close', {})
    this.#onStep('Production needs two approvals by people other than the requester')
    return vault
  }

  async addProductionKey(vault: Vault, value: string): Promise<CallReply<'item.create'>> {
    return this.people.admin.must('item.create', {
      environment: environmentId(vault, 'production'),
      name: 'openai',
      provider: 'openai',
      value: { api_key: value },
      note: 'Made up: for trying things out.',
      models: [],
    })
  }

  /** A program on the developer's machine asks, Ada and Abel approve with a touch each, the program gets its token. */
  async bind(reference: string, value: string): Promise<ProductionBinding> {
    const [vault = '', environment = '', item = ''] = reference.slice('cs://'.length).split('/')
    const api = await this.localApi()
    const asked = await until(
      async () => {
        const answer = await api.bind({
          application: 'Try-out program',
          vault,
          environment,
          items: [item],
          lease: { durationMs: 7 * 24 * HOUR },
          reason: 'Trying Countersign out',
          tokenFor: 'any-program',
        })
        if (answer.ok) return answer.value
        // The new credential's name may still be on its way to the developer's machine.
        if (answer.status === 404) return null
        throw new Error(`the request was refused: ${answer.code} ${answer.detail}`)
      },
      { what: 'the program asks for production' },
    )
    this.#onStep(`A program asked for ${reference}; code ${asked.code}`)
    for (const role of ['admin', 'approver'] as const) {
      await approve(this.people[role], asked.id)
      this.#onStep(`${role === 'admin' ? 'Ada' : 'Abel'} approved`)
    }
    const token = await until(
      async () => {
        const poll = await api.poll(asked.id, asked.claim, 5)
        if (!poll.ok) throw new Error(`polling was refused: ${poll.code} ${poll.detail}`)
        if (poll.value.state === 'granted') return poll.value.token ?? null
        if (poll.value.state === 'pending' || poll.value.state === 'awaiting_release') return null
        throw new Error(`the request ended as ${poll.value.state}`)
      },
      { what: 'the token' },
    )
    return { id: asked.id, token, reference, value }
  }

  /** A program on the developer's machine asks for the production key, once; nobody has decided yet. */
  async ask(reason: string) {
    const api = await this.localApi()
    const asked = await api.bind({
      application: 'Another program',
      vault: 'llm',
      environment: 'production',
      items: ['openai'],
      lease: { durationMs: HOUR },
      reason,
      tokenFor: 'any-program',
    })
    if (!asked.ok) throw new Error(`${asked.code} ${asked.detail}`)
    return { api, ...asked.value }
  }

  /** Of the developer's installation: where programs ask. */
  async localApi(): Promise<LocalApiClient> {
    const { localApi } = await this.people.developer.must('status.get', {})
    if (localApi === null) throw new Error("the developer's local API is not served")
    return new LocalApiClient(localApi.url)
  }

  async stop(): Promise<void> {
    await Promise.all(ROLES.map((role) => this.people[role].stop()))
    await this.server.stop()
  }
}

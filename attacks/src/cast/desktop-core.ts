import { join } from 'node:path'
import { askForBinding } from '@countersign/client/requests/request-actions'
import type { UnlockedSession } from '@countersign/client/session/unlocked-session'
import { Core } from '@countersign/desktop/core/core-state'
import { type CallAnswer, dispatch } from '@countersign/desktop/core/dispatch'
import { handlers } from '@countersign/desktop/core/handlers/all'
import { Host } from '@countersign/desktop/core/host'
import type { CallName, CallRequest } from '@countersign/desktop/shared/contract'
import { HostileServer } from '../double/hostile-server.ts'
import type { Stage } from '../stage.ts'
import { must } from './company.ts'

const HOUR = 3_600_000

/** What a window is to the core: which of the two kinds, and the request it was opened to sign. */
export interface CallingWindow {
  readonly window: 'app' | 'signing'
  readonly signing: string | null
}
export const APP_WINDOW: CallingWindow = { window: 'app', signing: null }

/** The desktop's core program in this process, unlocked, with one credential; software keys touch at once when asked. */
export class DesktopCore {
  readonly #core: Core
  readonly vault: string
  readonly environment: string
  readonly item: string

  private constructor(core: Core, place: { vault: string; environment: string; item: string }) {
    this.#core = core
    this.vault = place.vault
    this.environment = place.environment
    this.item = place.item
  }

  static async start(stage: Stage, value: string): Promise<DesktopCore> {
    const server = await HostileServer.start(stage)
    const host = new Host({ send: () => undefined, onMessage: () => undefined, onClosed: () => undefined })
    const core = await Core.open(host, {
      type: 'start',
      profileDir: join(stage.folder, 'profile'),
      runtimeDir: join(stage.folder, 'run'),
      cause: 'start',
      authenticator: 'software',
      tryOut: true,
      canWrap: false,
    })
    stage.later(() => core.close())
    const call = async <N extends CallName>(name: N, request: CallRequest<N>): Promise<unknown> => {
      const answer = await dispatch(core, handlers, { type: 'call', id: 1, ...APP_WINDOW, name, request })
      if (!answer.ok) throw new Error(`${name}: ${answer.error.code} ${answer.error.message}`)
      return answer.value
    }
    await call('setup.enrolKey', { label: 'one' })
    await call('setup.enrolKey', { label: 'two' })
    const names = { team: 'Company', name: 'Ada', device: 'laptop' }
    await call('team.create', { server: server.url, setupToken: 'x'.repeat(20), ...names })
    await call('vault.create', { name: 'llm', environments: ['production'] })
    const [[vault = ''] = [], [environment = ''] = []] = [
      [...(core.session?.ledger.projection.vaults.keys() ?? [])],
      [...(core.session?.ledger.projection.environments.keys() ?? [])],
    ]
    await call('policy.set', {
      environment,
      policy: {
        rule: { op: 'quorum', k: 1, of: { kind: 'admins' } },
        selfApproval: true,
        deadlineMs: 24 * HOUR,
        maxLeaseMs: 24 * HOUR,
        maxOfflineMs: 72 * HOUR,
        maxUnwitnessedMs: 72 * HOUR,
      },
    })
    const detail = await call('item.create', {
      environment,
      name: 'openai',
      provider: 'openai',
      value: { api_key: value },
      note: '',
      models: [],
    })
    const item = /"item":"([0-9a-f]{32})"/.exec(JSON.stringify(detail))?.[1] ?? ''
    return new DesktopCore(core, { vault, environment, item })
  }

  get session(): UnlockedSession {
    if (this.#core.session === null) throw new Error('the core is locked')
    return this.#core.session
  }

  /** What the core answers to a window that says anything it likes. */
  call(from: CallingWindow, name: CallName, request: unknown): Promise<CallAnswer> {
    return dispatch(this.#core, handlers, { type: 'call', id: 1, ...from, name, request })
  }

  /** A program's request that waits for a touch. */
  async ask(application: string): Promise<string> {
    const asked = await askForBinding(this.session, {
      terms: {
        vault: this.vault,
        environment: this.environment,
        items: [this.item],
        models: [],
        mode: 'reveal',
        lease: { durationMs: HOUR, uses: null, untilLock: false, untilProcessEnds: false },
      },
      application,
      caller: {
        executable: null,
        executableHash: null,
        pid: null,
        parents: [],
        workingDirectory: null,
        container: null,
        user: 'somebody',
        via: 'tcp',
      },
      reason: 'to see',
    })
    return must(asked).request
  }
}

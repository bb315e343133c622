import { createItem } from '@countersign/client/items/item-actions'
import { newcomerRecords } from '@countersign/client/members/new-member'
import type { Outcome } from '@countersign/client/refusal'
import { changeTeam } from '@countersign/client/requests/change-actions'
import { approveRequest, askForBinding, releaseGrant } from '@countersign/client/requests/request-actions'
import { foundTeam, genesisOf, joinedTeam } from '@countersign/client/team/found-team'
import { wsConnector } from '@countersign/client/transport/ws-connector'
import { closeBootstrap, createVault } from '@countersign/client/vaults/vault-actions'
import { memberKeys } from '@countersign/crypto/derive'
import { randomBytes } from '@countersign/crypto/random'
import { teamIdOf } from '@countersign/ledger/plain-membership'
import { LEDGER } from '@countersign/schema/ids'
import type { Level, Role } from '@countersign/schema/policy'
import { HostileServer } from '../double/hostile-server.ts'
import type { Stage } from '../stage.ts'
import { Actor } from './actor.ts'

const HOUR = 3_600_000

export const must = <T>(outcome: Outcome<T>): T => {
  if (!outcome.ok) throw new Error(`${outcome.code}: ${outcome.message}`)
  return outcome.value
}

export interface Access {
  readonly environment: string
  readonly level: Level
  readonly approve: boolean
}

/** A team on a hostile server: Ada founded it. Everything that people do here they do with the shipped client. */
export class Company {
  readonly stage: Stage
  readonly server: HostileServer
  readonly ada: Actor
  readonly vault: string
  readonly production: string
  readonly development: string

  private constructor(stage: Stage, server: HostileServer, ada: Actor, vault: string) {
    this.stage = stage
    this.server = server
    this.ada = ada
    this.vault = vault
    const named = [...ada.session.ledger.names.environments]
    const environment = (name: string): string => {
      const found = named.find(([, each]) => each === name)
      if (found === undefined) throw new Error(`no environment ${name}`)
      return found[0]
    }
    this.production = environment('production')
    this.development = environment('development')
  }

  static async found(stage: Stage): Promise<Company> {
    const server = await HostileServer.start(stage)
    const nonce = randomBytes(32)
    const ada = new Actor(stage, 'Ada', (root) => teamIdOf(nonce, memberKeys(root).sign.publicKey))
    await ada.enrolTwoKeys()
    const { device, deviceSecret, enrolment } = ada
    const plan = {
      enrolment,
      nonce,
      device: { device, deviceSecret },
      name: 'Ada',
      deviceName: "Ada's laptop",
      teamName: 'Company',
      server: server.url,
      setupToken: 'anything',
      connect: wsConnector,
      now: Date.now(),
    }
    ada.join(must(await foundTeam(plan, genesisOf(plan))))
    await ada.open()
    const { vault } = must(await createVault(ada.session, 'llm', ['development', 'production']))
    return new Company(stage, server, ada, vault)
  }

  get team(): string {
    return this.ada.session.team
  }

  /** A newcomer whose keys both sides compared; Ada adds them. */
  async add(name: string, roles: Role[] = [], access: Access[] = [], by = this.ada): Promise<Actor> {
    const actor = new Actor(this.stage, name, () => this.team)
    await actor.enrolTwoKeys()
    const newcomer = actor.newMember()
    const { names } = { names: { name, device: newcomer.deviceName, credentials: [...newcomer.labels] } }
    must(
      await changeTeam(
        by.session,
        {
          type: 'member.add',
          newcomer: newcomerRecords(this.team, newcomer, roles),
          names,
          access,
          transcript: randomBytes(32),
        },
        `Add ${name}`,
      ),
    )
    await this.enter(actor)
    return actor
  }

  /** Opens the installation of somebody the ledger knows, with the head it has now as its floor. */
  async enter(actor: Actor): Promise<void> {
    const head = this.ada.replica.head(LEDGER)
    if (head === null) throw new Error('there is no ledger')
    const { genesisHash } = this.ada.membership
    actor.join(
      joinedTeam(actor.enrolment, {
        genesisHash,
        head,
        server: { url: this.server.url, id: this.server.id },
      }),
    )
    await actor.open()
    await actor.inStepWith(this.ada)
  }

  /** Abel holds production and approves there. */
  approver(name = 'Abel'): Promise<Actor> {
    return this.add(name, [], [{ environment: this.production, level: 'hold', approve: true }])
  }

  /** Dana may only request production, and holds development. */
  developer(name = 'Dana'): Promise<Actor> {
    return this.add(
      name,
      ['developer'],
      [
        { environment: this.production, level: 'request', approve: false },
        { environment: this.development, level: 'hold', approve: false },
      ],
    )
  }

  /** Production needs `k` approvers; the bootstrap is closed. */
  async requireApprovals(k: number, by = this.ada): Promise<void> {
    must(
      await changeTeam(
        by.session,
        {
          type: 'policy.set',
          environment: this.production,
          version: 1,
          policy: {
            rule: { op: 'quorum', k, of: { kind: 'approvers' } },
            selfApproval: false,
            deadlineMs: 24 * HOUR,
            maxLeaseMs: 30 * 24 * HOUR,
            maxOfflineMs: 72 * HOUR,
            maxUnwitnessedMs: 72 * HOUR,
          },
        },
        'Approvals',
      ),
    )
    must(await closeBootstrap(by.session))
  }

  /** A credential with this value; by Ada, in production, unless said otherwise. */
  async item(name: string, value: string, environment = this.production, by = this.ada): Promise<string> {
    const made = await createItem(by.session, {
      environment,
      name,
      provider: 'openai',
      note: '',
      models: [],
      value: { api_key: value },
    })
    return must(made).item
  }

  /** Somebody's program asks for an item in production. */
  async ask(by: Actor, item: string): Promise<string> {
    const asked = await askForBinding(by.session, {
      terms: {
        vault: this.vault,
        environment: this.production,
        items: [item],
        models: [],
        mode: 'reveal',
        lease: { durationMs: HOUR, uses: null, untilLock: false, untilProcessEnds: false },
      },
      application: 'a program',
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

  /** A touch over exactly this request, as this person's app shows it. */
  async approve(by: Actor, request: string): Promise<Outcome<null>> {
    await by.inStepWith(this.ada)
    const record = by.session.ledger.requests.get(request)
    if (record === undefined) throw new Error(`${by.name} does not see the request`)
    return approveRequest(by.session, by.keys, {
      request,
      requestHash: record.requestHash,
      terms: null,
      purpose: 'approve',
    })
  }

  release(by: Actor, request: string): Promise<Outcome<null>> {
    return releaseGrant(by.session, request)
  }
}

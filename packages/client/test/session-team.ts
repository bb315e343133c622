import { join } from 'node:path'
import { deviceKem, deviceSign, memberKeys } from '@countersign/crypto/derive'
import { randomBytes } from '@countersign/crypto/random'
import { Secret } from '@countersign/crypto/secret'
import { sign } from '@countersign/crypto/sign'
import { teamIdOf } from '@countersign/ledger/plain-membership'
import { ENTRY_PURPOSE } from '@countersign/schema/entry'
import { newId } from '@countersign/schema/ids'
import { SoftwareKeys } from '../src/authenticator/software.ts'
import { sealItemVersion } from '../src/items/item-blobs.ts'
import { Enrolment } from '../src/keys/enrolment.ts'
import type { Membership } from '../src/keys/installation.ts'
import { certifyDevice } from '../src/members/new-member.ts'
import { systemClock } from '../src/replica/clock.ts'
import type { Draft, Signer } from '../src/replica/draft.ts'
import { DeviceSession } from '../src/session/device-session.ts'
import { UnlockedSession } from '../src/session/unlocked-session.ts'
import type { LocalStore } from '../src/store/local-store.ts'
import { holderKeys, itemDraft, ledgerDraft } from '../src/team/author.ts'
import { foundTeam, genesisOf } from '../src/team/found-team.ts'
import type { Connector } from '../src/transport/connector.ts'
import { wsConnector } from '../src/transport/ws-connector.ts'
import { createVault } from '../src/vaults/vault-actions.ts'
import type { ServerProcess } from './server-process.ts'
import { QUICK } from './team.ts'

export interface Machine {
  readonly device: string
  readonly deviceSecret: Secret
}

export interface Opened {
  readonly device: DeviceSession
  readonly session: UnlockedSession
  stop(): Promise<void>
}

const must = <T>(outcome: { ok: true; value: T } | { ok: false; code: string }): T => {
  if (!outcome.ok) throw new Error(outcome.code)
  return outcome.value
}

/** A team of one on a real server, whose sessions have real keys and open what they hold. */
export class SessionTeam {
  readonly membership: Membership
  readonly first: Machine
  readonly root: Secret

  private constructor(membership: Membership, first: Machine, root: Secret) {
    this.membership = membership
    this.first = first
    this.root = root
  }

  static async found(server: ServerProcess): Promise<SessionTeam> {
    const nonce = randomBytes(32)
    const keys = new SoftwareKeys(join(server.folder, 'keys'))
    const enrolment = new Enrolment(keys, (root) => teamIdOf(nonce, memberKeys(root).sign.publicKey))
    await enrolment.enrol('one')
    await enrolment.enrol('two')
    const first = { device: newId(), deviceSecret: Secret.random() }
    const root = enrolment.root.copy()
    const plan = {
      enrolment,
      nonce,
      device: first,
      name: 'Ada',
      deviceName: 'Laptop',
      teamName: 'Team',
      server: server.url,
      setupToken: server.setupToken,
      connect: wsConnector,
      now: Date.now(),
    }
    const membership = must(await foundTeam(plan, genesisOf(plan)))
    return new SessionTeam(membership, first, root)
  }

  /** Opens an installation once the ledger says it belongs to the team. */
  async open(machine: Machine, store: LocalStore, connect: Connector = wsConnector): Promise<Opened> {
    const { device, deviceSecret } = machine
    const { membership } = this
    const log = (): void => undefined
    const options = {
      store,
      membership,
      device,
      deviceSecret,
      connect,
      clock: systemClock,
      log,
      timing: QUICK,
    }
    const opened = await DeviceSession.open(options)
    while (!opened.replica.projection.devices.has(device)) {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    const session = await UnlockedSession.open(opened, deviceSecret, this.root.copy())
    const stop = async (): Promise<void> => {
      session.stop()
      await opened.stop()
    }
    return { device: opened, session, stop }
  }

  async makeEnvironment(session: UnlockedSession): Promise<string> {
    must(await createVault(session, 'llm', ['production']))
    return [...session.ledger.projection.environments.keys()].at(-1) ?? ''
  }

  async addMachine(session: UnlockedSession): Promise<Machine> {
    const machine = { device: newId(), deviceSecret: Secret.random() }
    const { device, deviceSecret } = machine
    const record = certifyDevice(session.team, session.member, session.memberSign, {
      device,
      signKey: deviceSign(deviceSecret).publicKey,
      kemKey: deviceKem(this.root, deviceSecret).publicKey,
    })
    must(
      await session.append((author) => [
        ledgerDraft(author, 'device.add', { device: record }, { name: 'second' }),
      ]),
    )
    return machine
  }

  /** New items, sealed as the session would. */
  items(session: UnlockedSession, environment: string, names: readonly string[]): Draft[] {
    const { team, ring, ledger, member, memberSign, device } = session
    const author = {
      team,
      member,
      device: device.device,
      ring,
      projection: ledger.projection,
      sign: memberSign,
    }
    const { epoch, meta, value } = holderKeys(author, environment)
    return names.map((name) => {
      const place = { team, environment, item: newId(), version: 1 }
      const described = { name, provider: 'openai', fields: ['api_key'], note: '', models: [] }
      const fields = { api_key: `sk-proj-${name}` }
      const { put } = sealItemVersion(place, epoch, { meta, value }, described, fields)
      return itemDraft(environment, { type: 'item.put', plain: put })
    })
  }

  /** Signs as the member does. */
  signer(session: UnlockedSession): Signer {
    return { sign: (_stream, bytes) => sign(session.memberSign.secretKey, ENTRY_PURPOSE, bytes) }
  }
}

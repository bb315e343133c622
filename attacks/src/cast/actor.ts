import { join } from 'node:path'
import { Enrolment } from '@countersign/client/keys/enrolment'
import type { Membership } from '@countersign/client/keys/installation'
import type { NewMember } from '@countersign/client/members/new-member'
import type { ReplicaTiming } from '@countersign/client/replica/replica-options'
import { DeviceSession } from '@countersign/client/session/device-session'
import { UnlockedSession } from '@countersign/client/session/unlocked-session'
import { openLevelStore } from '@countersign/client/store/level-store'
import { type Joined, newMemberOf } from '@countersign/client/team/found-team'
import { wsConnector } from '@countersign/client/transport/ws-connector'
import { deviceKem, deviceSign, memberKeys } from '@countersign/crypto/derive'
import { Secret } from '@countersign/crypto/secret'
import type { Head } from '@countersign/schema/entry'
import { LEDGER, newId } from '@countersign/schema/ids'
import type { Stage } from '../stage.ts'
import { TouchKeys } from './touch-keys.ts'
import { until } from './until.ts'

/** Short waits, so that breaks and silence do not take long. */
const QUICK: Partial<ReplicaTiming> = {
  firstRetryMs: 20,
  longestRetryMs: 200,
  refusedRetryMs: 300,
  patienceMs: 4000,
  seenAfterMs: 20,
}

/** A person with an installation: everything they have, for attacks that steal part of it. */
export class Actor {
  readonly name: string
  readonly keys = new TouchKeys()
  readonly device: string
  readonly deviceSecret = Secret.random()
  readonly enrolment: Enrolment
  readonly root: Secret
  /** Added to their clock. */
  skewMs = 0
  readonly #stage: Stage
  #joined: Joined | null = null
  #running: { device: DeviceSession; session: UnlockedSession; close: () => Promise<void> } | null = null

  constructor(stage: Stage, name: string, team: (root: Secret) => string, same?: Actor) {
    this.#stage = stage
    this.name = name
    this.device = newId()
    this.enrolment = same?.enrolment ?? new Enrolment(this.keys, team)
    if (same !== undefined) this.keys = same.keys
    this.root = same?.root ?? this.enrolment.root.copy()
    stage.plant(`root key of ${name}`, this.root.expose())
    stage.plant(`device secret of ${name}`, this.deviceSecret.expose())
  }

  get member(): string {
    return this.enrolment.member
  }

  get signKeys() {
    return memberKeys(this.root).sign
  }

  get kem() {
    return memberKeys(this.root).kem
  }

  get deviceSignKeys() {
    return deviceSign(this.deviceSecret)
  }

  get deviceKem() {
    return deviceKem(this.root, this.deviceSecret)
  }

  get joined(): Joined {
    if (this.#joined === null) throw new Error(`${this.name} is in no team`)
    return this.#joined
  }

  get membership(): Membership {
    return this.joined.membership
  }

  get session(): UnlockedSession {
    if (this.#running === null) throw new Error(`${this.name}'s installation does not run`)
    return this.#running.session
  }

  get replica() {
    return this.session.device.replica
  }

  newMember(): NewMember {
    const { device, deviceSecret } = this
    return newMemberOf(
      this.enrolment,
      { device, deviceSecret },
      { name: this.name, deviceName: `${this.name}'s laptop` },
    )
  }

  /** Two security keys: the floor before anything secret is accepted. */
  async enrolTwoKeys(): Promise<void> {
    for (const label of ['Key 1', 'Key 2']) {
      const enrolled = await this.enrolment.enrol(label)
      if (!enrolled.ok) throw new Error(enrolled.code)
    }
  }

  join(joined: Joined): void {
    this.#joined = joined
  }

  /** Starts their installation, unlocked. `folder` of an earlier start: it goes on from there. */
  async open(
    options: { floor?: Head; folder?: string; timing?: Partial<ReplicaTiming> } = {},
  ): Promise<void> {
    const store = await openLevelStore(
      join(this.#stage.folder, options.folder ?? `${this.name}-${this.device.slice(0, 8)}`),
    )
    const device = await DeviceSession.open({
      store,
      membership: this.membership,
      device: this.device,
      deviceSecret: this.deviceSecret.copy(),
      connect: wsConnector,
      clock: () => Date.now() + this.skewMs,
      log: () => undefined,
      timing: { ...QUICK, ...options.timing },
      ...(options.floor === undefined ? {} : { floor: options.floor }),
    })
    const session = await UnlockedSession.open(device, this.deviceSecret.copy(), this.root.copy())
    this.#running = {
      device,
      session,
      close: async () => {
        session.stop()
        await device.stop()
        await store.close()
      },
    }
    this.#stage.later(() => this.close())
  }

  async close(): Promise<void> {
    const running = this.#running
    this.#running = null
    await running?.close()
  }

  get alarm() {
    return this.replica.status().alarm
  }

  /** Waits for the connection to be live, or for an alarm. */
  async settled(): Promise<void> {
    await until(`${this.name} is live or alarmed`, () =>
      ['live', 'alarm', 'refused'].includes(this.replica.status().connection),
    )
  }

  async live(): Promise<void> {
    await until(`${this.name} is live`, () => this.replica.status().connection === 'live')
  }

  /** Waits until their copy of a stream goes as far as `seq`, or an alarm sounds. */
  async reached(seq: number, stream = LEDGER): Promise<void> {
    await until(
      `${this.name} has ${stream} up to ${seq}`,
      () => (this.replica.head(stream)?.seq ?? -1) >= seq || this.alarm !== null,
    )
  }

  /** Waits until they have what another has, in both directions of time: same ledger head. */
  async inStepWith(other: Actor): Promise<void> {
    await this.reached(other.replica.head(LEDGER)?.seq ?? -1)
  }
}

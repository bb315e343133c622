import { join } from 'node:path'
import { Enrolment } from '@countersign/client/keys/enrolment'
import type { Membership } from '@countersign/client/keys/installation'
import type { NewMember } from '@countersign/client/members/new-member'
import { systemClock } from '@countersign/client/replica/clock'
import type { ReplicaTiming } from '@countersign/client/replica/replica-options'
import { DeviceSession } from '@countersign/client/session/device-session'
import { UnlockedSession } from '@countersign/client/session/unlocked-session'
import { openLevelStore } from '@countersign/client/store/level-store'
import { newMemberOf } from '@countersign/client/team/found-team'
import { wsConnector } from '@countersign/client/transport/ws-connector'
import { deviceKem, deviceSign, memberKeys } from '@countersign/crypto/derive'
import { Secret } from '@countersign/crypto/secret'
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
  /** Added to the time their machine says. */
  skewMs = 0
  /** Added to what has passed on their machine, whatever it says. */
  passedMs = 0
  readonly #stage: Stage
  #membership: Membership | null = null
  #device: DeviceSession | null = null
  #session: UnlockedSession | null = null
  #close: () => Promise<void> = async () => undefined

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

  get membership(): Membership {
    if (this.#membership === null) throw new Error(`${this.name} is in no team`)
    return this.#membership
  }

  /** What their installation does with their keys. Throws where it never got so far. */
  get session(): UnlockedSession {
    if (this.#session === null) throw new Error(`${this.name}'s installation is not unlocked`)
    return this.#session
  }

  get replica() {
    if (this.#device === null) throw new Error(`${this.name}'s installation does not run`)
    return this.#device.replica
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

  join(membership: Membership): void {
    this.#membership = membership
  }

  /**
   * Starts their installation and unlocks it, once it has fetched the ledger as far as it has them in it; where it sounds an alarm
   * before, it stays locked.
   */
  async open(options: { timing?: Partial<ReplicaTiming> } = {}): Promise<void> {
    const store = await openLevelStore(join(this.#stage.folder, `${this.name}-${this.device.slice(0, 8)}`))
    const device = await DeviceSession.open({
      store,
      membership: this.membership,
      device: this.device,
      deviceSecret: this.deviceSecret.copy(),
      connect: wsConnector,
      clock: {
        wall: () => systemClock.wall() + this.skewMs,
        monotonic: () => systemClock.monotonic() + this.passedMs,
      },
      log: () => undefined,
      timing: { ...QUICK, ...options.timing },
    })
    this.#device = device
    this.#close = async () => {
      this.#session?.stop()
      this.#session = null
      await device.stop()
      await store.close()
    }
    this.#stage.later(() => this.close())
    await this.settled()
    if (this.alarm === null && device.replica.projection.members.has(this.member))
      this.#session = await UnlockedSession.open(device, this.deviceSecret.copy(), this.root.copy())
  }

  async close(): Promise<void> {
    const close = this.#close
    this.#close = async () => undefined
    await close()
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

  /** Waits until they have judged the ledger as far as `seq`, or an alarm sounds. */
  async reached(seq: number): Promise<void> {
    await until(
      `${this.name} has the ledger up to ${seq}`,
      () => (this.session.ledger.projection.head?.seq ?? -1) >= seq || this.alarm !== null,
    )
  }

  /** Waits until they have judged what another has. */
  async inStepWith(other: Actor): Promise<void> {
    await this.reached(other.replica.head(LEDGER)?.seq ?? -1)
  }
}

import type { Authenticator } from '@countersign/client/authenticator/authenticator'
import { SoftwareKeys } from '@countersign/client/authenticator/software'
import { ClientError } from '@countersign/client/client-error'
import type { Enrolment } from '@countersign/client/keys/enrolment'
import {
  DEFAULT_SETTINGS,
  type Installation,
  InstallationFolder,
  type Membership,
  type WayIn,
} from '@countersign/client/keys/installation'
import { standingWays, wrapsToUpload } from '@countersign/client/keys/ways-in'
import { WrapDuty } from '@countersign/client/keys/wrap-duty'
import type { Invite } from '@countersign/client/mailbox/invite-link'
import { type Outcome, refuse } from '@countersign/client/refusal'
import { systemClock } from '@countersign/client/replica/clock'
import { DeviceSession } from '@countersign/client/session/device-session'
import type { UnlockedSession } from '@countersign/client/session/unlocked-session'
import { openLevelStore } from '@countersign/client/store/level-store'
import type { LocalStore } from '@countersign/client/store/local-store'
import type { Genesis } from '@countersign/client/team/genesis'
import { wsConnector } from '@countersign/client/transport/ws-connector'
import { equalBytes } from '@countersign/crypto/hash'
import type { KeyPair } from '@countersign/crypto/key-pair'
import { Secret } from '@countersign/crypto/secret'
import type { LocalApi } from '@countersign/local-api/local-api'
import type { AuditAction, AuditRecord } from '@countersign/schema/audit'
import { LEDGER, newId } from '@countersign/schema/ids'
import type { Level } from '@countersign/schema/policy'
import type { Area } from '../shared/contract.ts'
import type { StartMessage } from '../shared/host-protocol.ts'
import type { InviteView, JoinView, StatusView } from '../shared/views.ts'
import { CeremonyAuthenticator } from './ceremony-authenticator.ts'
import type { ExportJob } from './export-job.ts'
import type { Host } from './host.ts'
import type { ImportJob } from './import-job.ts'

/** First start: keys enrolled and not yet of any team. In memory only. */
export interface Setup {
  readonly enrolment: Enrolment
  readonly nonce: Uint8Array
  /** Kept so that asking the server again asks for the same team. */
  genesis: Genesis | null
}

/** Invites this installation made (`invite-book.ts`). */
export interface MadeInvites {
  list(): InviteView[]
  create(plan: InvitePlan): Promise<Outcome<InviteView>>
  confirm(invite: string, same: boolean): Promise<Outcome<InviteView>>
  cancel(invite: string): Promise<Outcome<Record<string, never>>>
  close(): Promise<void>
}
export type InvitePlan = Pick<InviteView, 'name' | 'roles'> & {
  readonly access: readonly { environment: string; level: Level; approve: boolean }[]
  readonly expiresInMs: number
}

/** An invite being taken up here (`joining.ts`). */
export interface TakenInvite {
  readonly invite: Invite
  view(): JoinView
  start(name: string, deviceName: string): Promise<Outcome<JoinView>>
  confirm(same: boolean): Promise<Outcome<JoinView>>
  close(): Promise<void>
}

/** Everything the core program has. Locking ends the process, so nothing here is ever locked again. */
export class Core {
  readonly host: Host
  readonly start: StartMessage
  readonly folder: InstallationFolder
  readonly authenticator: Authenticator
  readonly deviceSecret: Secret
  installation: Installation
  setup: Setup | null = null
  joining: TakenInvite | null = null
  device: DeviceSession | null = null
  /** Gives the server the ways in that it does not have yet. */
  uploads: WrapDuty | null = null
  session: UnlockedSession | null = null
  invites: MadeInvites | null = null
  localApi: LocalApi | null = null
  /** The export that is being written, or the last one since this process started. */
  exporting: ExportJob | null = null
  /** The import under way, or the last one since this process started. */
  importing: ImportJob | null = null
  /** When the last alarm was sounded that a person set aside. */
  setAsideAt: number | null = null
  /** Requests that wait, as a locked app may know: how many. */
  lockedRequests = 0
  /** Something a person should see at once that is no alarm of the server's. */
  alert: StatusView['alarm'] = null
  /** Set by the program; called when there is something new to show. */
  onStatus: () => void = () => undefined
  readonly #cleanups: (() => void)[] = []
  readonly #areas = new Set<Area>()
  readonly #reads = new Map<string, { reads: number; lastRead: number }>()
  #store: LocalStore | null = null
  #setAside = false
  #announcing: ReturnType<typeof setTimeout> | null = null

  private constructor(
    host: Host,
    start: StartMessage,
    parts: { folder: InstallationFolder; installation: Installation; deviceSecret: Secret },
  ) {
    this.host = host
    this.start = start
    this.folder = parts.folder
    this.installation = parts.installation
    this.deviceSecret = parts.deviceSecret
    this.authenticator =
      start.authenticator === 'software'
        ? new SoftwareKeys(parts.folder.softwareKeysPath)
        : new CeremonyAuthenticator(host)
  }

  static async open(host: Host, start: StartMessage): Promise<Core> {
    const folder = new InstallationFolder(start.profileDir)
    const known = folder.read()
    if (known !== null) {
      const deviceSecret = await unwrapDeviceSecret(host, known)
      const core = new Core(host, start, { folder, installation: known, deviceSecret })
      // The system has a key store since: an update brought one, or its key ring is unlocked this time.
      if (!known.deviceSecret.wrapped && start.canWrap)
        core.save({ deviceSecret: await wrapDeviceSecret(host, start, deviceSecret) })
      return core
    }
    const deviceSecret = Secret.random()
    const installation: Installation = {
      version: 1,
      device: newId(),
      deviceSecret: await wrapDeviceSecret(host, start, deviceSecret),
      localApiPort: null,
      tryOut: start.tryOut,
      settings: DEFAULT_SETTINGS,
      membership: null,
    }
    folder.write(installation)
    return new Core(host, start, { folder, installation, deviceSecret })
  }

  /** Writes the installation file, whole or not at all. */
  save(change: Partial<Installation>): void {
    if (this.#setAside) return
    this.installation = { ...this.installation, ...change }
    this.folder.write(this.installation)
  }

  /** Opens the local store and begins to sync, with the device key alone. */
  async openDevice(membership: Membership, memberSign?: KeyPair): Promise<DeviceSession> {
    this.#store ??= await openLevelStore(this.folder.storePath)
    const device = await DeviceSession.open({
      store: this.#store,
      membership,
      device: this.installation.device,
      deviceSecret: this.deviceSecret,
      connect: wsConnector,
      clock: systemClock,
      log: () => undefined,
      ...(memberSign === undefined ? {} : { memberSign }),
    })
    this.device = device
    device.replica.onStatus(() => this.announce())
    device.replica.onEntries(({ stream }) => {
      if (stream === LEDGER) this.dropRetiredWays()
    })
    this.dropRetiredWays()
    await this.noteSetAside()
    device.confirmation.onConfirmed(() => this.#keepMembership({ unconfirmedSince: null }))
    this.uploads = new WrapDuty({
      replica: device.replica,
      device: device.device,
      pending: () =>
        this.installation.membership === null ? [] : wrapsToUpload(this.installation.membership),
      stored: ({ record }) => this.#uploaded(record.credential),
    })
    return device
  }

  /** A security key that was retired anywhere opens nothing here from then on; it is not kept for a next time either. */
  dropRetiredWays(): void {
    const { membership } = this.installation
    if (membership === null || this.device === null) return
    const waysIn = standingWays(this.device.replica.projection, membership.waysIn)
    if (waysIn.length < membership.waysIn.length) this.#keepMembership({ waysIn })
  }

  /** One more way into this computer, beside those that stand by now. */
  addWayIn(way: WayIn): void {
    const { membership } = this.installation
    if (membership !== null) this.#keepMembership({ waysIn: [...membership.waysIn, way] })
  }

  /** Gives up a device session that led nowhere; the store stays. */
  async closeDevice(): Promise<void> {
    this.uploads?.stop()
    this.uploads = null
    await this.device?.stop()
    this.device = null
  }

  /** Makes room for another installation in this folder; this process is of no use afterwards and ends. */
  async setAside(): Promise<void> {
    await this.closeDevice()
    await this.#store?.close()
    this.#store = null
    this.#setAside = true
    this.folder.setAside(Date.now())
  }

  #uploaded(credential: Uint8Array): void {
    const { membership } = this.installation
    if (membership === null) return
    const waysIn = membership.waysIn.map((way) =>
      equalBytes(way.credential, credential) ? { ...way, upload: null } : way,
    )
    this.#keepMembership({ waysIn })
  }

  /** An alarm that stands no more is not forgotten: when the last one was sounded that a person set aside. */
  async noteSetAside(): Promise<void> {
    this.setAsideAt = (await this.device?.replica.setAsideAlarm())?.time ?? null
    this.announce()
  }

  #keepMembership(change: Partial<Membership>): void {
    const { membership } = this.installation
    if (membership !== null) this.save({ membership: { ...membership, ...change } })
    this.announce('settings')
  }

  /** Tells the windows that the status, and perhaps lists, changed. Many changes at once are one message. */
  announce(...areas: Area[]): void {
    for (const area of areas) this.#areas.add(area)
    this.#announcing ??= setTimeout(() => {
      this.#announcing = null
      const changed = [...this.#areas]
      this.#areas.clear()
      if (changed.length > 0) this.host.event({ type: 'changed', areas: changed })
      this.onStatus()
    }, 30)
  }

  /** Shows something that a person should see at once. */
  raise(code: string, message: string): void {
    this.alert = { code, message, fix: 'Look at “Apps” and at the audit log.' }
    this.announce()
  }

  /** Counts reads of bindings for the list of apps, since the unlock. */
  countReads(records: readonly AuditRecord[]): void {
    for (const { action, outcome, binding, count, time } of records) {
      if (binding === null || action !== 'credential.read' || outcome !== 'ok') continue
      const before = this.#reads.get(binding)?.reads ?? 0
      this.#reads.set(binding, { reads: before + count, lastRead: time })
    }
  }

  readsOf(binding: string): { reads: number; lastRead: number | null } {
    return this.#reads.get(binding) ?? { reads: 0, lastRead: null }
  }

  /** One audit record of something a person or this program did here. */
  async audit(
    action: AuditAction,
    outcome: string,
    detail = '',
    more: Partial<AuditTarget> = {},
  ): Promise<void> {
    await this.device?.audit([
      {
        time: this.device.replica.now(),
        action,
        outcome,
        count: 1,
        binding: null,
        environment: more.environment ?? null,
        item: more.item ?? null,
        version: more.version ?? null,
        application: null,
        caller: null,
        detail,
      },
    ])
  }

  /** Runs when the program ends. */
  onClose(cleanup: () => void): void {
    this.#cleanups.push(cleanup)
  }

  async close(): Promise<void> {
    // Begins nothing more, at once: the next credential would wait on the disk for the next start.
    void this.importing?.cancel()
    for (const cleanup of this.#cleanups) cleanup()
    if (this.#announcing !== null) clearTimeout(this.#announcing)
    await this.exporting?.cancel()
    await this.localApi?.close()
    await this.joining?.close()
    await this.invites?.close()
    this.session?.stop()
    await this.closeDevice()
    await this.#store?.close()
  }
}

interface AuditTarget {
  readonly environment: string
  readonly item: string
  readonly version: number
}

/** As it is kept: wrapped by the system's key store where there is one. */
const wrapDeviceSecret = async (
  host: Host,
  start: StartMessage,
  secret: Secret,
): Promise<Installation['deviceSecret']> => {
  const wrapped = start.canWrap ? await host.wrap(Uint8Array.from(secret.expose())) : null
  return { wrapped: wrapped !== null, bytes: Uint8Array.from(wrapped ?? secret.expose()) }
}

const unwrapDeviceSecret = async (host: Host, { deviceSecret }: Installation): Promise<Secret> => {
  if (!deviceSecret.wrapped) return Secret.take(Uint8Array.from(deviceSecret.bytes))
  const bytes = await host.unwrap(deviceSecret.bytes)
  if (bytes?.length === 32) return Secret.take(Uint8Array.from(bytes))
  throw new ClientError(
    'installation.key_store',
    'The system’s key store does not give back this installation’s device key.',
    { fix: 'Unlock the system’s key ring and start Countersign again.' },
  )
}

/** The unlocked session, or why there is none. */
export const unlocked = (core: Core): Outcome<UnlockedSession> => {
  if (core.session !== null) return { ok: true, value: core.session }
  return core.installation.membership === null
    ? refuse('team.none', 'This installation is in no team yet.', 'Create a team or join one with an invite.')
    : refuse('vault.locked', 'Countersign is locked.', 'Unlock it with your security key.')
}

import type { Membership } from '@countersign/client/keys/installation'
import { unlockWithKey } from '@countersign/client/keys/ways-in'
import type { EntryBatch } from '@countersign/client/replica/replica'
import { DeviceSession } from '@countersign/client/session/device-session'
import { UnlockedSession } from '@countersign/client/session/unlocked-session'
import type { StoreWrite } from '@countersign/client/store/local-store'
import { Secret } from '@countersign/crypto/secret'
import { startDuties } from '@countersign/desktop/core/duties'
import { VaultSource } from '@countersign/desktop/core/vault-source'
import { DiskLocalStore } from '../disk/disk-local-store.ts'
import type { SimDisk } from '../disk/sim-disk.ts'
import type { SimNetwork } from '../network/sim-network.ts'
import type { Scheduler } from '../runtime/scheduler.ts'
import type { SeededRandom } from '../runtime/seeded-random.ts'
import { SimProcess } from '../runtime/sim-process.ts'
import type { Trace } from '../runtime/trace.ts'
import { EPOCH_MS } from '../runtime/virtual-timers.ts'
import { LocalPrograms } from './local-programs.ts'
import { MemoryKeys } from './memory-keys.ts'

/** What `installation.json` and a pocket hold: survives everything. */
export interface MachineFile {
  readonly name: string
  readonly device: string
  readonly deviceSecret: Uint8Array
  membership: Membership | null
  keys: Uint8Array[]
}

export interface MachineWatch {
  booted(machine: Machine): void
  entries(machine: Machine, batch: EntryBatch): void
  durable(machine: Machine, write: StoreWrite): void
  /** A start found this on the disk. */
  found(machine: Machine, pairs: ReadonlyMap<string, Uint8Array>): void
  /** Something threw where nothing may. */
  defect(machine: Machine, where: string, error: unknown): void
}

export interface MachineParts {
  readonly scheduler: Scheduler
  readonly network: SimNetwork
  readonly random: SeededRandom
  readonly trace: Trace
  readonly watch: MachineWatch
}

const UNLOCK_PATIENCE_MS = 60_000
const BOOT_AGAIN_MS = 3_000

/** Somebody's installation: a disk, security keys, and the shipped core that runs on it until it is killed. */
export class Machine {
  readonly file: MachineFile
  readonly disk: SimDisk
  /** How far its clock is off, in ms. */
  skewMs = 0
  #floor = 0
  /** When `latest` was asked last, in virtual time. */
  #looked = 0
  process: SimProcess | null = null
  device: DeviceSession | null = null
  session: UnlockedSession | null = null
  source: VaultSource | null = null
  programs: LocalPrograms | null = null
  wantsUnlocked = false
  readonly #parts: MachineParts

  constructor(file: MachineFile, disk: SimDisk, parts: MachineParts) {
    this.file = file
    this.disk = disk
    this.#parts = parts
  }

  get name(): string {
    return this.file.name
  }

  get running(): boolean {
    return this.process?.alive === true
  }

  now(): number {
    return EPOCH_MS + Math.floor(this.#parts.scheduler.now) + this.skewMs
  }

  /**
   * Its clock as it counts for the product: set back, it goes on (P16). What a program that ended had seen is left out: how much of it the next
   * one still knows depends on its disk.
   */
  latest(): number {
    const { now } = this.#parts.scheduler
    this.#floor = Math.max(this.#floor + now - this.#looked, this.now())
    this.#looked = now
    return this.#floor
  }

  /** Starts the core, locked; it unlocks by itself where somebody wants that. */
  boot(): void {
    if (this.running || this.file.membership === null) return
    const process = new SimProcess(this.name)
    this.process = process
    this.#floor = this.now()
    this.#looked = this.#parts.scheduler.now
    process.run(() => {
      this.#open(process)
        .then(() => (this.wantsUnlocked ? this.unlock() : undefined))
        .catch((error: unknown) => {
          this.#parts.watch.defect(this, 'boot', error)
          if (this.device === null && this.process === process) this.#bootLater()
        })
    })
  }

  /** The program ends as a lock or a crash ends it; with the power also what its disk had not taken. */
  stop(how: 'program' | 'power'): void {
    this.process?.kill()
    this.process = null
    this.device = null
    this.session = null
    this.source = null
    this.programs = null
    if (how === 'power') this.disk.powerLost()
    else this.disk.programCrashed()
  }

  /** An orderly end: what can be written is written. */
  quit(): void {
    const { process, device, source } = this
    if (process === null) return
    process.run(() => {
      source?.stop()
      this.session?.stop()
      const stopping = device === null ? Promise.resolve() : device.stop()
      stopping
        .catch((error: unknown) => this.#parts.watch.defect(this, 'quit', error))
        .finally(() => {
          if (this.process === process) this.stop('program')
        })
    })
  }

  /** Does something in the machine's own process; what it says goes to the trace. */
  act(what: string, work: () => Promise<string>): void {
    const { process } = this
    const { trace, watch } = this.#parts
    if (process === null || !process.alive) {
      trace.note(this.name, `${what}: not running`)
      return
    }
    process.run(() => {
      work().then(
        (said) => trace.note(this.name, `${what}: ${said}`),
        (error: unknown) => watch.defect(this, what, error),
      )
    })
  }

  async unlock(): Promise<void> {
    const { device, process } = this
    const { membership } = this.file
    if (device === null || membership === null || this.session !== null || process === null) return
    if (!(await this.#untilMember(device))) {
      this.#parts.trace.note(this.name, 'unlock: the ledger is not here yet')
      return
    }
    const keys = new MemoryKeys(this.file.keys)
    const root = await unlockWithKey(membership, this.file.device, keys)
    if (!root.ok) throw new Error(root.code)
    if (this.session !== null) return
    const session = await UnlockedSession.open(device, this.#deviceSecret(), root.value.root)
    const source = new VaultSource(
      {
        health: () => {
          throw new Error('nobody asks for the health of a simulated machine')
        },
        countReads: () => undefined,
        raise: (code) => this.#parts.trace.note(this.name, `alert ${code}`),
      },
      session,
    )
    this.programs = await LocalPrograms.open(source, () => device.replica.now())
    startDuties(session)
    this.source = source
    this.session = session
    this.#parts.trace.note(this.name, 'unlocked')
  }

  authenticator(): MemoryKeys {
    return new MemoryKeys(this.file.keys)
  }

  /** A core that could not start (its disk refused) is started again, as its main process does. */
  #bootLater(): void {
    this.stop('program')
    this.#parts.scheduler.after(BOOT_AGAIN_MS, () => this.boot(), null)
  }

  #deviceSecret(): Secret {
    return Secret.take(Uint8Array.from(this.file.deviceSecret))
  }

  async #open(process: SimProcess): Promise<void> {
    const { network, trace, watch, random, scheduler } = this.#parts
    const { membership } = this.file
    if (membership === null) return
    const store = new DiskLocalStore(this.disk, {
      onDurable: (write) => watch.durable(this, write),
      onFound: (pairs) => watch.found(this, pairs),
      hop: async () => {
        if (random.chance(0.08)) await scheduler.delay(1)
      },
    })
    const device = await DeviceSession.open({
      store,
      membership,
      device: this.file.device,
      deviceSecret: this.#deviceSecret(),
      connect: network.connector(this.name),
      clock: { wall: () => this.now(), monotonic: () => scheduler.now },
      log: (event, fields = {}) => {
        if (event === 'replica.failed') trace.note(this.name, `${event} ${fields.code ?? ''}`)
        if (event === 'replica.alarm') {
          trace.note(this.name, `ALARM ${fields.code} in ${fields.stream} at ${fields.seq}`)
        }
      },
    })
    if (!process.alive) return
    this.device = device
    let connection = ''
    device.replica.onStatus((status) => {
      if (status.connection === connection) return
      connection = status.connection
      const why = status.problem === null ? '' : ` (${status.problem.code})`
      trace.note(this.name, `${connection}${why}`)
    })
    watch.booted(this)
    device.replica.onEntries((batch) => watch.entries(this, batch))
  }

  #untilMember(device: DeviceSession): Promise<boolean> {
    const { replica, membership } = device
    const known = (): boolean => replica.projection.members.has(membership.member)
    if (known()) return Promise.resolve(true)
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        stop()
        resolve(known())
      }
      const timer = setTimeout(done, UNLOCK_PATIENCE_MS)
      const stop = replica.onEntries(() => {
        if (known()) done()
      })
    })
  }
}

import { open, seal } from '@countersign/crypto/aead'
import { cryptoReady } from '@countersign/crypto/ready'
import { Secret } from '@countersign/crypto/secret'
import type { AuditRecord } from '@countersign/schema/audit'
import { newId } from '@countersign/schema/ids'
import type { BindingAsk } from '@countersign/schema/local-api'
import type { Mode } from '@countersign/schema/mode'
import type { Caller, Terms } from '@countersign/schema/request'
import type {
  Alert,
  BindingSnapshot,
  Decision,
  LocatedItem,
  LockedSource,
  Refusal,
  SourceEvent,
  SourceHealth,
  TokenRecord,
  UnlockedSource,
} from '../source.ts'
import { type AuditFile, openAuditFile } from './audit-file.ts'
import { Hold } from './hold.ts'

interface StoredVersion {
  readonly key: Secret
  readonly blob: Uint8Array
}

interface StoredItem {
  located: LocatedItem
  readonly versions: Map<number, StoredVersion>
}

const TEAM = newId()
const ENVIRONMENTS: Readonly<Record<string, string>> = { production: newId(), development: newId() }
const VAULT = newId()

/**
 * For tests and benches: a vault of one process whose values are really sealed and opened, whose audit is really sealed, signed and
 * synced to a file. Decisions are made by the test, which plays the team.
 */
export class MemoryVault {
  readonly alerts: Alert[] = []
  readonly records: AuditRecord[] = []
  readonly tokens = new Map<string, TokenRecord>()
  mode: Mode = 'normal'
  ageMs = 0
  refuseOpen: Refusal | null = null
  refuseAsk: Refusal | null = null
  /** What a test holds back: values that are opened, audit records and token records on their way to the disk. */
  readonly holds = { open: new Hold(), audit: new Hold(), tokens: new Hold() }
  readonly #waitForLook: (() => void)[] = []
  readonly #items = new Map<string, StoredItem>()
  readonly #names = new Map<string, string[]>()
  readonly #bindings = new Map<string, BindingSnapshot>()
  readonly #listeners = new Set<(event: SourceEvent) => void>()
  #stamp = 1
  #stamped: { mode: Mode; ageMs: number; refuseOpen: Refusal | null } = {
    mode: 'normal',
    ageMs: 0,
    refuseOpen: null,
  }
  readonly #audit: AuditFile
  readonly #keepRecords: boolean
  #full = false

  private constructor(audit: AuditFile, keepRecords: boolean) {
    this.#audit = audit
    this.#keepRecords = keepRecords
  }

  static async open(auditPath: string, keepRecords = true): Promise<MemoryVault> {
    await cryptoReady()
    return new MemoryVault(await openAuditFile(auditPath), keepRecords)
  }

  /** Vault `acme`, environment `production` or `development`. */
  put(name: string, fields: Record<string, string>, provider = 'openai', environment = 'production'): string {
    const where = `acme/${environment}/${name}`
    const known = this.#names.get(where)?.[0]
    const id = known ?? newId()
    const environmentId = ENVIRONMENTS[environment] ?? newId()
    const stored = this.#items.get(id)
    const version = (stored?.located.version ?? 0) + 1
    const located: LocatedItem = {
      vaultName: 'acme',
      environmentName: environment,
      name,
      environment: environmentId,
      item: id,
      provider,
      fields: Object.keys(fields),
      version,
      updatedAt: Date.now(),
    }
    const key = Secret.random()
    const context = { type: 'item-value', team: TEAM, environment: environmentId, item: id, version }
    const blob = seal(key, context, new TextEncoder().encode(JSON.stringify(fields)))
    this.#stamp += 1
    if (stored === undefined) {
      this.#items.set(id, { located, versions: new Map([[version, { key, blob }]]) })
      this.#names.set(where, [id])
    } else {
      stored.located = located
      stored.versions.set(version, { key, blob })
      this.#emit({ type: 'rotated', environment: environmentId, item: id, version })
    }
    return id
  }

  /** A second item of the same name, as two people offline make one. */
  duplicate(name: string, environment = 'production'): string {
    const where = `acme/${environment}/${name}`
    const ids = this.#names.get(where) ?? []
    this.#names.delete(where)
    const id = this.put(name, { api_key: 'other' }, 'openai', environment)
    this.#names.set(where, [...ids, id])
    return id
  }

  fillDisk(): void {
    this.#audit.fill()
    this.#full = true
  }

  freeDisk(): void {
    this.#audit.free()
    this.#full = false
  }

  #mustHaveSpace(): void {
    if (this.#full) throw new Error('the disk is full')
  }

  get bindings(): readonly BindingSnapshot[] {
    return [...this.#bindings.values()]
  }

  /** What the team decided. */
  decide(
    id: string,
    state: BindingSnapshot['state'],
    change: Partial<
      Pick<BindingSnapshot, 'terms' | 'narrowed' | 'missing' | 'expiresAt' | 'maxUnrecordedMs'>
    > & {
      decisions?: readonly Decision[]
    } = {},
  ): void {
    const before = this.#bindings.get(id)
    if (before === undefined) throw new Error('the test decides about an unknown request')
    const expiresAt = state === 'granted' ? Date.now() + before.terms.lease.durationMs : before.expiresAt
    this.#bindings.set(id, { ...before, state, missing: 0, expiresAt, ...change })
    this.#emit({ type: 'binding', id })
  }

  setMode(mode: Mode): void {
    this.mode = mode
    this.#emit({ type: 'mode', mode })
  }

  #emit(event: SourceEvent): void {
    this.#stamp += 1
    for (const listener of [...this.#listeners]) listener(event)
  }

  health(phase: SourceHealth['phase']): SourceHealth {
    return {
      phase,
      tryOut: false,
      connection: 'live',
      lastServerContact: 1,
      lastWitness: null,
      servesUntil: null,
      pendingChanges: 0,
    }
  }

  async #record(records: readonly AuditRecord[]): Promise<void> {
    const held = this.holds.audit.pass()
    if (held !== null) await held
    await this.#audit.writer.append(records)
    if (this.#keepRecords) this.records.push(...records)
  }

  #ask(ask: BindingAsk, caller: Caller): ReturnType<UnlockedSource['requestBinding']> {
    if (this.refuseAsk !== null) return Promise.resolve(this.refuseAsk)
    const asked = ask.items ?? this.#namesOf(ask)
    const items = asked.map((name) => this.#names.get(`${ask.vault}/${ask.environment}/${name}`)?.[0])
    const environment = ENVIRONMENTS[ask.environment]
    if (environment === undefined || items.some((each) => each === undefined)) {
      return Promise.resolve({ ok: false, code: 'target.unknown' })
    }
    const terms: Terms = {
      vault: VAULT,
      environment,
      items: items.filter((each) => each !== undefined),
      models: ask.models,
      mode: ask.mode,
      lease: ask.lease,
    }
    const id = newId()
    const expiresAt = Date.now() + 3_600_000
    this.#bindings.set(id, {
      id,
      state: 'pending',
      application: ask.application,
      code: '042137',
      terms,
      narrowed: false,
      caller,
      decisions: [],
      missing: 2,
      expiresAt,
      maxUnrecordedMs: 0,
    })
    const located = terms.items.flatMap((item) => this.#items.get(item)?.located ?? [])
    return Promise.resolve({ ok: true, id, code: '042137', expiresAt, items: located })
  }

  #namesOf({ environment, provider }: BindingAsk): string[] {
    const all = [...this.#items.values()].map(({ located }) => located)
    return all
      .filter((each) => each.environmentName === environment && each.provider === provider)
      .map(({ name }) => name)
  }

  #locate(vault: string, environment: string, name: string): ReturnType<UnlockedSource['locate']> {
    const ids = this.#names.get(`${vault}/${environment}/${name}`)
    if (ids !== undefined && ids.length > 1) {
      const candidates = ids.map((id) => `cs://${vault}/${environment}/${id}`)
      return { ok: false, code: 'credential.ambiguous', candidates }
    }
    const stored = this.#items.get(ids?.[0] ?? name)
    return stored === undefined
      ? { ok: false, code: 'credential.unknown' }
      : { ok: true, item: stored.located }
  }

  #open(item: LocatedItem, asked: number | null): Awaited<ReturnType<UnlockedSource['open']>> {
    if (this.refuseOpen !== null) return this.refuseOpen
    const version = asked ?? item.version
    const stored = this.#items.get(item.item)?.versions.get(version)
    if (stored === undefined) return { ok: false, code: 'credential.version_unknown' }
    const context = {
      type: 'item-value',
      team: TEAM,
      environment: item.environment,
      item: item.item,
      version,
    }
    const fields: Record<string, string> = JSON.parse(
      new TextDecoder().decode(open(stored.key, context, stored.blob)),
    )
    return { ok: true, credential: { version, fields, ageMs: this.ageMs } }
  }

  /** Tests set some of it directly, so it is compared too. */
  #stampNow(): number {
    const { mode, ageMs, refuseOpen } = this
    const was = this.#stamped
    if (was.mode !== mode || was.ageMs !== ageMs || was.refuseOpen !== refuseOpen) {
      this.#stamped = { mode, ageMs, refuseOpen }
      this.#stamp += 1
    }
    return this.#stamp
  }

  /** Resolves when the API next looks at a binding, as it does when it lets a request in. */
  nextLook(): Promise<void> {
    return new Promise((resolve) => this.#waitForLook.push(resolve))
  }

  unlocked(): UnlockedSource {
    return {
      state: 'unlocked',
      mode: () => this.mode,
      stamp: () => this.#stampNow(),
      health: () => this.health('unlocked'),
      audit: (records) => this.#record(records),
      alert: (alert) => this.alerts.push(alert),
      requestBinding: (ask, caller) => this.#ask(ask, caller),
      binding: (id) => {
        for (const looked of this.#waitForLook.splice(0)) looked()
        return this.#bindings.get(id)
      },
      giveBack: async (id) => {
        this.decide(id, this.#bindings.get(id)?.state === 'pending' ? 'cancelled' : 'revoked')
        return { ok: true }
      },
      locate: (vault, environment, name) => this.#locate(vault, environment, name),
      item: (_environment, item) => this.#items.get(item)?.located,
      open: (_binding, item, version) => {
        const held = this.holds.open.pass()
        return held === null ? this.#open(item, version) : held.then(() => this.#open(item, version))
      },
      onEvent: (listener) => {
        this.#listeners.add(listener)
        return () => this.#listeners.delete(listener)
      },
      tokens: {
        load: async () => [...this.tokens.values()],
        put: async (record) => {
          await this.holds.tokens.pass()
          this.#mustHaveSpace()
          this.tokens.set(record.binding, record)
        },
        remove: async (binding) => {
          this.#mustHaveSpace()
          this.tokens.delete(binding)
        },
      },
    }
  }

  locked(phase: SourceHealth['phase'] = 'locked'): LockedSource {
    return {
      state: 'locked',
      health: () => this.health(phase),
      audit: (records) => this.#record(records),
      alert: (alert) => this.alerts.push(alert),
    }
  }

  async close(): Promise<void> {
    await this.#audit.writer.settled()
    await this.#audit.close()
  }
}

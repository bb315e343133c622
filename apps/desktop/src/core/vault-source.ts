import type { SealedVersion } from '@countersign/client/items/item-values'
import { openByGrant, openedValue } from '@countersign/client/items/item-values'
import { askForBinding, cancelRequest, revokeGrant } from '@countersign/client/requests/request-actions'
import type { UnlockedSession } from '@countersign/client/session/unlocked-session'
import { accessOf, atLeast } from '@countersign/ledger/projection-lookup'
import { requestStatus } from '@countersign/ledger/quorum'
import type {
  BindingRequested,
  BindingSnapshot,
  LocatedItem,
  OpenedCredential,
  Refusal,
  Result,
  SourceEvent,
  SourceHealth,
  TokenStore,
  UnlockedSource,
} from '@countersign/local-api/source'
import { type BindingAsk, MAX_ITEMS } from '@countersign/schema/local-api'
import type { Mode } from '@countersign/schema/mode'
import type { ProblemCode } from '@countersign/schema/problem'
import { itemReference } from '@countersign/schema/reference'
import type { Caller } from '@countersign/schema/request'
import { bindingSnapshot } from './binding-snapshot.ts'
import { ServingState } from './serving-state.ts'
import { tokenStore } from './token-records.ts'

const no = (code: ProblemCode, detail?: string): Refusal =>
  detail === undefined ? { ok: false, code } : { ok: false, code, detail }

/** What the source tells the program it is part of, and asks it. */
export interface SourceHost {
  health(): SourceHealth
  countReads(records: Parameters<UnlockedSource['audit']>[0]): void
  /** Something a person should see at once. */
  raise(code: string, message: string): void
}

/** What the ledger says no to, as programs are told; the rest is a matter of the connection. */
const ASK_REFUSED: Readonly<Record<string, ProblemCode>> = {
  'request.level': 'target.refused',
  'request.lease': 'lease.too_long',
  'request.too_many': 'binding.too_many',
}

/** Opened item keys kept for programs that read often: sealed values and keys. Plaintext is kept for moments only, by the local API. */
const MAX_OPENED = 2000

/** The local API over an unlocked session: this installation's bindings, opened through the keys released to it. */
export class VaultSource implements UnlockedSource {
  readonly state = 'unlocked'
  readonly tokens: TokenStore
  readonly #host: SourceHost
  readonly #session: UnlockedSession
  readonly #serving: ServingState
  readonly #listeners = new Set<(event: SourceEvent) => void>()
  readonly #snapshots = new Map<string, { snapshot: BindingSnapshot; until: number }>()
  readonly #shown = new Map<string, string>()
  /** How many requests the ledger had when it was looked at last. */
  #looked: number
  readonly #versions = new Map<string, number>()
  readonly #opened = new Map<string, SealedVersion>()
  readonly #stops: (() => void)[] = []
  #mode: Mode

  constructor(host: SourceHost, session: UnlockedSession) {
    this.#host = host
    this.#session = session
    this.#serving = new ServingState(session)
    this.tokens = tokenStore(session.records('token'))
    this.#mode = this.#serving.mode()
    this.#looked = session.ledger.requests.size
    this.#look(false)
    this.#stops.push(session.onChanges(() => this.#look(true)))
    this.#stops.push(session.device.replica.onStatus(() => this.#lookAtMode()))
    const clock = setInterval(() => this.#look(true), 1000)
    this.#stops.push(() => clearInterval(clock))
  }

  health() {
    return this.#host.health()
  }

  mode(): Mode {
    return this.#serving.mode()
  }

  stamp(): number {
    return this.#serving.stamp()
  }

  audit(records: Parameters<UnlockedSource['audit']>[0]): Promise<void> {
    this.#host.countReads(records)
    return this.#session.device.audit(records)
  }

  alert(alert: Parameters<UnlockedSource['alert']>[0]): void {
    this.#host.raise(alert.code, alert.message)
  }

  async requestBinding(ask: BindingAsk, caller: Caller): Promise<Result<BindingRequested>> {
    const { ledger, member } = this.#session
    const environment = this.#environmentNamed(ask.vault, ask.environment)
    if (environment === undefined) return no('target.unknown')
    if (!atLeast(accessOf(ledger.projection, environment, member).level, 'request')) {
      return no('target.refused')
    }
    const wanted = this.#itemsAsked(ask, environment)
    if (!wanted.ok) return wanted
    const { items } = wanted
    const policy = ledger.policies.get(environment)?.policy
    if (policy !== undefined && ask.lease.durationMs > policy.maxLeaseMs) {
      return no('lease.too_long', `At most ${policy.maxLeaseMs} ms.`)
    }
    const asked = await askForBinding(this.#session, {
      terms: {
        vault: ledger.projection.environments.get(environment)?.vault ?? '',
        environment,
        items: items.map((each) => each.item),
        models: ask.models,
        mode: ask.mode,
        lease: ask.lease,
      },
      application: ask.application,
      caller,
      reason: ask.reason,
    })
    if (!asked.ok) return no(ASK_REFUSED[asked.code] ?? 'mode.refused', asked.message)
    const { request, code, expiresAt } = asked.value
    return { ok: true, id: request, code, expiresAt, items }
  }

  /** By name, each once; or all of a provider that are there now, since people approve what they see and nothing that comes later. */
  #itemsAsked(ask: BindingAsk, environment: string): Result<{ items: readonly LocatedItem[] }> {
    const items = new Map<string, LocatedItem>()
    for (const name of ask.items ?? []) {
      const found = this.locate(ask.vault, ask.environment, name)
      if (!found.ok) return found.code === 'credential.unknown' ? no('target.unknown', name) : found
      items.set(found.item.item, found.item)
    }
    const all = ask.provider === undefined ? [] : (this.#session.index(environment)?.list() ?? [])
    for (const { item, meta } of all) {
      const located = meta.provider === ask.provider ? this.item(environment, item) : undefined
      if (located !== undefined) items.set(item, located)
    }
    if (items.size === 0) return no('target.unknown', `No credential here is of “${ask.provider}”.`)
    if (items.size > MAX_ITEMS) {
      const detail = `${items.size} credentials here are of “${ask.provider}”; one binding has at most ${MAX_ITEMS}.`
      return no('body.invalid', detail)
    }
    return { ok: true, items: [...items.values()] }
  }

  binding(id: string): BindingSnapshot | undefined {
    const known = this.#snapshots.get(id)
    if (known !== undefined && this.#session.now() <= known.until) return known.snapshot
    const snapshot = bindingSnapshot(this.#session, id)
    if (snapshot === undefined) return undefined
    const ends = snapshot.state === 'pending' || snapshot.state === 'granted'
    this.#snapshots.set(id, { snapshot, until: ends ? snapshot.expiresAt : this.#session.now() + 1000 })
    return snapshot
  }

  async giveBack(id: string): Promise<Result<object>> {
    const status = requestStatus(this.#session.ledger, id, this.#session.now())
    if (status === undefined) return no('binding.unknown')
    const granted = status.state === 'granted' || status.state === 'grant_expired'
    const done = granted
      ? await revokeGrant(this.#session, id, 'Given back by the program.')
      : await cancelRequest(this.#session, id, 'Taken back by the program.')
    return done.ok || !granted ? { ok: true } : no('mode.refused', done.message)
  }

  locate(vault: string, environment: string, item: string): Result<{ item: LocatedItem }> {
    const id = this.#environmentNamed(vault, environment)
    const index = id === undefined ? undefined : this.#session.index(id)
    if (id === undefined || index === undefined) return no('credential.unknown')
    const byId = index.get(item)
    const found = byId !== undefined && !byId.current.deleted ? [byId] : index.named(item)
    if (found.length > 1) {
      const candidates = found.map((each) => itemReference(vault, environment, each.item))
      return { ok: false, code: 'credential.ambiguous', candidates }
    }
    const located = found[0] === undefined ? undefined : this.item(id, found[0].item)
    return located === undefined ? no('credential.unknown') : { ok: true, item: located }
  }

  item(environment: string, item: string): LocatedItem | undefined {
    const record = this.#session.index(environment)?.get(item)
    if (record === undefined || record.current.deleted) return undefined
    const { projection, names } = this.#session.ledger
    const vault = projection.environments.get(environment)?.vault
    return {
      vaultName: (vault === undefined ? undefined : names.vaults.get(vault)) ?? '',
      environmentName: names.environments.get(environment) ?? '',
      name: record.meta.name,
      environment,
      item,
      provider: record.meta.provider,
      fields: record.meta.fields,
      version: record.current.version,
      updatedAt: record.current.at,
    }
  }

  open(
    binding: BindingSnapshot,
    item: LocatedItem,
    version: number | null,
  ): Result<{ credential: OpenedCredential }> | Promise<Result<{ credential: OpenedCredential }>> {
    const { alarm } = this.#session.device.replica.status()
    if (alarm !== null) return no('alarm')
    if (this.#serving.away()) return no('device.turned_away')
    const fresh = this.#serving.fresh(item.environment)
    if (!fresh.ok) {
      const who = fresh.whoCouldRefresh.join(', ')
      return no('freshness.expired', `It could be refreshed by: ${who}.`)
    }
    const key = `${binding.id}/${item.item}/${version ?? item.version}`
    const opened = this.#opened.get(key)
    return opened === undefined ? this.#openFirst(key, binding, item, version) : this.#value(opened)
  }

  onEvent(listener: (event: SourceEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  stop(): void {
    for (const stop of this.#stops) stop()
    this.#serving.stop()
    for (const { key } of this.#opened.values()) key.wipe()
    this.#opened.clear()
  }

  async #openFirst(
    key: string,
    binding: BindingSnapshot,
    item: LocatedItem,
    version: number | null,
  ): Promise<Result<{ credential: OpenedCredential }>> {
    const request = this.#session.ledger.requests.get(binding.id)
    const record = this.#session.index(item.environment)?.get(item.item)
    if (request === undefined || record === undefined) return no('credential.unknown')
    const opened = await openByGrant(this.#session, request, record, version ?? undefined)
    if (!opened.ok) {
      if (opened.code === 'alarm') return no('alarm')
      return no(opened.code === 'release.awaited' ? 'release.awaited' : 'credential.version_unknown')
    }
    if (this.#opened.size >= MAX_OPENED) this.#opened.clear()
    this.#opened.set(key, opened.value)
    return this.#value(opened.value)
  }

  #value(opened: SealedVersion): Result<{ credential: OpenedCredential }> {
    const { connection, lastServerContact } = this.#session.device.replica.status()
    const ageMs = connection === 'live' ? 0 : Math.max(0, this.#session.now() - (lastServerContact ?? 0))
    const fields = openedValue(this.#session.team, opened)
    return { ok: true, credential: { version: opened.version, fields, ageMs } }
  }

  #environmentNamed(vault: string, environment: string): string | undefined {
    const { projection, names } = this.#session.ledger
    for (const record of projection.environments.values()) {
      const named =
        names.environments.get(record.environment) === environment &&
        (names.vaults.get(record.vault) === vault || record.vault === vault)
      if (named || record.environment === environment) return record.environment
    }
    return undefined
  }

  /** Compares what programs were told with what is true now, and tells them what moved. */
  #look(tell: boolean): void {
    this.#snapshots.clear()
    const { ledger, member, device } = this.#session
    const { requests, open, grants } = ledger
    // A closed request stays as it is: it is looked at once more after it closed, and then no longer.
    const moving = new Set([...open, ...grants, ...this.#shown.keys(), ...requests.ids(this.#looked)])
    this.#looked = requests.size
    for (const id of moving) {
      const body = requests.get(id)?.body
      if (body?.kind !== 'binding' || body.requester !== member || body.device !== device.device) continue
      const snapshot = this.binding(id)
      if (snapshot === undefined) continue
      const shown = `${snapshot.state} ${snapshot.decisions.length} ${snapshot.expiresAt}`
      const before = this.#shown.get(id)
      if (open.has(id) || grants.has(id)) this.#shown.set(id, shown)
      else this.#shown.delete(id)
      if (before !== shown) {
        if (snapshot.state !== 'granted') this.#forget(id)
        if (tell) this.#emit({ type: 'binding', id })
      }
      if (snapshot.state === 'granted') this.#lookAtVersions(snapshot, tell)
    }
    this.#lookAtMode()
  }

  #lookAtVersions({ terms }: BindingSnapshot, tell: boolean): void {
    const { environment } = terms
    for (const item of terms.items) {
      const version = this.#session.index(environment)?.get(item)?.current.version
      if (version === undefined || this.#versions.get(item) === version) continue
      const first = !this.#versions.has(item)
      this.#versions.set(item, version)
      if (tell && !first) this.#emit({ type: 'rotated', environment, item, version })
    }
  }

  #lookAtMode(): void {
    const mode = this.#serving.mode()
    if (mode === this.#mode) return
    this.#mode = mode
    this.#emit({ type: 'mode', mode })
  }

  /** The keys of a binding that ended. */
  #forget(binding: string): void {
    for (const [key, { key: secret }] of this.#opened) {
      if (!key.startsWith(`${binding}/`)) continue
      secret.wipe()
      this.#opened.delete(key)
    }
  }

  #emit(event: SourceEvent): void {
    for (const listener of [...this.#listeners]) listener(event)
  }
}

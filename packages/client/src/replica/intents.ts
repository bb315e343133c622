import { timeSchema } from '@countersign/schema/bytes'
import { type CborValue, decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import { idSchema, newId } from '@countersign/schema/ids'
import { z } from 'zod'
import type { LocalStore } from '../store/local-store.ts'

const PREFIX = 'intents/'

const intentSchema = z.strictObject({
  /** The entry id the change will have: what makes a repeated replay land once (P19). */
  id: idSchema,
  order: z.number().int().nonnegative(),
  kind: z.string().max(60),
  createdAt: timeSchema,
  /** The caller's; whatever is secret in it the caller sealed. */
  data: z.unknown(),
  /** Why it could not land; null while it waits. */
  conflict: z.strictObject({ code: z.string().max(60), message: z.string().max(500) }).nullable(),
})
export type Intent = Omit<z.infer<typeof intentSchema>, 'data'> & { readonly data: CborValue }

/**
 * `done`: it landed (or had landed), forget it. `wait`: not now (offline, locked): it and all after it stay. `conflict`: it stays,
 * aside, until somebody chooses.
 */
export type IntentOutcome =
  | { readonly state: 'done' }
  | { readonly state: 'wait'; readonly code: string }
  | { readonly state: 'conflict'; readonly code: string; readonly message: string }

export type IntentHandler = (intent: Intent) => Promise<IntentOutcome>

export interface ReplayReport {
  readonly done: number
  readonly conflicts: readonly Intent[]
  readonly waiting: number
}

const keyOf = (order: number): string => PREFIX + order.toString(16).padStart(10, '0')
const parse = (bytes: Uint8Array): Intent => {
  const { data, ...rest } = intentSchema.parse(decodeCanonical(bytes))
  return { ...rest, data: data as CborValue }
}

/** Changes made while locked or offline, durable and in order, until each has landed or somebody gave it up (P19). */
export class IntentQueue {
  readonly #store: LocalStore
  readonly #intents: Map<string, Intent>
  readonly #listeners = new Set<() => void>()
  #next: number
  #replaying: Promise<ReplayReport> | null = null

  private constructor(store: LocalStore, intents: Intent[]) {
    this.#store = store
    this.#intents = new Map(intents.map((intent) => [intent.id, intent]))
    this.#next = (intents.at(-1)?.order ?? -1) + 1
  }

  static async open(store: LocalStore): Promise<IntentQueue> {
    const intents: Intent[] = []
    for await (const page of store.range(PREFIX)) for (const [, value] of page) intents.push(parse(value))
    return new IntentQueue(store, intents)
  }

  /** Those that wait to be replayed, oldest first. */
  waiting(): Intent[] {
    return [...this.#intents.values()].filter((intent) => intent.conflict === null)
  }

  conflicts(): Intent[] {
    return [...this.#intents.values()].filter((intent) => intent.conflict !== null)
  }

  /** Durable when it resolves. */
  async add(intent: { kind: string; data: CborValue; createdAt: number; id?: string }): Promise<Intent> {
    const { kind, data, createdAt, id = newId() } = intent
    const added: Intent = { id, order: this.#next++, kind, data, createdAt, conflict: null }
    await this.#write(added)
    return added
  }

  /** Gives an intent up, or drops it because its conflict was settled otherwise. */
  async drop(id: string): Promise<void> {
    const intent = this.#intents.get(id)
    if (intent === undefined) return
    await this.#store.batch({ puts: [], dels: [keyOf(intent.order)] }, { durable: true })
    this.#intents.delete(id)
    this.#notify()
  }

  /** Puts an intent that was in conflict back in line, with new content where that was the choice. */
  async retry(id: string, data?: CborValue): Promise<void> {
    const intent = this.#intents.get(id)
    if (intent !== undefined) await this.#write({ ...intent, conflict: null, data: data ?? intent.data })
  }

  /** Offers each waiting intent to `handler`, in order, one at a time; a second call joins the first. Errors of the handler pass. */
  replay(handler: IntentHandler): Promise<ReplayReport> {
    this.#replaying ??= this.#replay(handler).finally(() => {
      this.#replaying = null
    })
    return this.#replaying
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async #replay(handler: IntentHandler): Promise<ReplayReport> {
    let done = 0
    const conflicts: Intent[] = []
    for (let intent = this.waiting()[0]; intent !== undefined; intent = this.waiting()[0]) {
      const outcome = await handler(intent)
      if (outcome.state === 'wait') break
      if (outcome.state === 'done') {
        await this.drop(intent.id)
        done += 1
      } else {
        const { code, message } = outcome
        const parked = { ...intent, conflict: { code, message: message.slice(0, 500) } }
        await this.#write(parked)
        conflicts.push(parked)
      }
    }
    return { done, conflicts, waiting: this.waiting().length }
  }

  async #write(intent: Intent): Promise<void> {
    await this.#store.batch(
      { puts: [[keyOf(intent.order), encodeCanonical({ ...intent })]] },
      { durable: true },
    )
    this.#intents.set(intent.id, intent)
    this.#notify()
  }

  #notify(): void {
    for (const listener of this.#listeners) listener()
  }
}

import { timeSchema } from '@countersign/schema/bytes'
import { decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import type { LocalStore } from '../store/local-store.ts'

const KEY = 'replica/contact'
const SAVE_EVERY_MS = 30_000

/** When the server last answered a logged-in, caught-up connection, over restarts (P17). */
export class Contact {
  readonly #store: LocalStore
  #last: number | null
  #saved: number | null

  private constructor(store: LocalStore, last: number | null) {
    this.#store = store
    this.#last = last
    this.#saved = last
  }

  static async open(store: LocalStore): Promise<Contact> {
    const saved = await store.get(KEY)
    return new Contact(store, saved === undefined ? null : timeSchema.parse(decodeCanonical(saved)))
  }

  get last(): number | null {
    return this.#last
  }

  /** Saved now and then: up to half a minute of contact may be forgotten in a crash, which fails closed. */
  async mark(now: number): Promise<void> {
    this.#last = now
    if (this.#saved === null || now - this.#saved >= SAVE_EVERY_MS) await this.save()
  }

  async save(): Promise<void> {
    if (this.#last === null || this.#last === this.#saved) return
    this.#saved = this.#last
    await this.#store.batch({ puts: [[KEY, encodeCanonical(this.#last)]] }, { durable: false })
  }
}

import { open, seal } from '@countersign/crypto/aead'
import { CryptoError } from '@countersign/crypto/crypto-error'
import { hkdf } from '@countersign/crypto/derive'
import type { Secret } from '@countersign/crypto/secret'
import { type CborValue, decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import { ClientError } from '../client-error.ts'
import type { LocalStore, StoreWrite } from '../store/local-store.ts'

/**
 * One kind of an installation's own records, sealed under the member's store key: readable only here and only while unlocked. A record's
 * kind and name are in its context, so records cannot be swapped on the disk. That an older copy of the whole disk comes back is not
 * noticed here.
 */
export class SealedRecords {
  readonly #store: LocalStore
  readonly #kind: string
  readonly #key: Secret

  constructor(store: LocalStore, storeKey: Secret, kind: string) {
    this.#store = store
    this.#kind = kind
    this.#key = hkdf(storeKey, new Uint8Array(0), `local/${kind}`)
  }

  async put(name: string, value: CborValue): Promise<void> {
    await this.#store.batch({ puts: [[this.#keyOf(name), this.sealed(name, value)]] }, { durable: true })
  }

  /** Replaces several records at once, all or none, and forgets those of `dels`; not yet on the disk when it resolves. */
  async replace(puts: readonly (readonly [string, CborValue])[], dels: readonly string[]): Promise<void> {
    const blobs = puts.map(([name, value]) => [name, this.sealed(name, value)] as const)
    await this.#store.batch(this.write(blobs, dels), { durable: false })
  }

  /** What writes blobs that `sealed` made under these names, and forgets the records of `dels`. */
  write(
    blobs: readonly (readonly [string, Uint8Array])[],
    dels: readonly string[],
  ): StoreWrite & { readonly dels: readonly string[] } {
    return {
      puts: blobs.map(([name, blob]) => [this.#keyOf(name), blob] as const),
      dels: dels.map((name) => this.#keyOf(name)),
    }
  }

  /** A record as it stands on the disk, sealed; undefined where there is none. */
  blob(name: string): Promise<Uint8Array | undefined> {
    return this.#store.get(this.#keyOf(name))
  }

  /** Undefined where there is none; throws ClientError `store.corrupt` where it does not open. */
  async get(name: string): Promise<unknown> {
    const blob = await this.#store.get(this.#keyOf(name))
    return blob === undefined ? undefined : this.#open(name, blob)
  }

  async all(): Promise<{ name: string; value: unknown }[]> {
    const prefix = this.#keyOf('')
    const found: { name: string; value: unknown }[] = []
    for await (const page of this.#store.range(prefix)) {
      for (const [key, blob] of page) {
        const name = key.slice(prefix.length)
        found.push({ name, value: this.#open(name, blob) })
      }
    }
    return found
  }

  async remove(name: string): Promise<void> {
    await this.#store.batch({ puts: [], dels: [this.#keyOf(name)] }, { durable: true })
  }

  /** For a record that is kept elsewhere: its sealed bytes. */
  sealed(name: string, value: CborValue): Uint8Array {
    return seal(this.#key, this.#context(name), encodeCanonical(value))
  }

  /** What `sealed` sealed under this name. */
  unsealed(name: string, blob: Uint8Array): unknown {
    return this.#open(name, blob)
  }

  #keyOf(name: string): string {
    return `sealed/${this.#kind}/${name}`
  }

  #context(name: string) {
    return { type: 'local-record', kind: this.#kind, name }
  }

  #open(name: string, blob: Uint8Array): unknown {
    try {
      return decodeCanonical(open(this.#key, this.#context(name), blob))
    } catch (cause) {
      if (!(cause instanceof CryptoError)) throw cause
      throw new ClientError('store.corrupt', `A record of this installation (${this.#kind}) does not open.`, {
        cause,
        fix: 'Restore the profile folder from a backup, or move its “store” folder away: everything shared is fetched again.',
      })
    }
  }
}

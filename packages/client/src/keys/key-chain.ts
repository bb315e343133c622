import { open } from '@countersign/crypto/aead'
import { CryptoError } from '@countersign/crypto/crypto-error'
import { Secret } from '@countersign/crypto/secret'

/** One generation as the ledger announces it. */
export interface Generation {
  readonly commitment: Uint8Array
  /** The generation before, sealed under this one; null at epoch 0. */
  readonly previous: Uint8Array | null
}

export interface ChainRules {
  /** Opens a wrap addressed to this member; throws CryptoError. */
  readonly openWrap: (epoch: number, blob: Uint8Array) => Uint8Array
  readonly matches: (epoch: number, key: Secret, commitment: Uint8Array) => boolean
  /** Opens `previous` of `epoch` under that epoch's key. */
  readonly chain: (epoch: number, key: Secret) => { key: Secret; context: Parameters<typeof open>[1] }
  /** Called with a code when a wrap or a chain link does not hold what was committed to. */
  readonly onProblem: (code: 'epoch.bad_wrap' | 'epoch.bad_chain', epoch: number) => void
}

/**
 * The generations of one key (team key, meta key, value key or audit seed) as far as this member can open them: wraps
 * addressed to them, and every earlier generation through the links. Keys are opened when first asked for.
 */
export class KeyChain {
  readonly #rules: ChainRules
  readonly #generations = new Map<number, Generation>()
  readonly #wraps = new Map<number, Uint8Array>()
  readonly #opened = new Map<number, Secret | null>()

  constructor(rules: ChainRules) {
    this.#rules = rules
  }

  addGeneration(epoch: number, generation: Generation): void {
    if (this.#generations.has(epoch)) return
    this.#generations.set(epoch, generation)
    this.#forgetMissing()
  }

  addWrap(epoch: number, blob: Uint8Array): void {
    this.#wraps.set(epoch, blob)
    this.#forgetMissing()
  }

  /** The key of an epoch, or null where this member has no way to it. */
  key(epoch: number): Secret | null {
    const known = this.#opened.get(epoch)
    if (known !== undefined) return known
    const key = this.#fromWrap(epoch) ?? this.#fromLater(epoch)
    this.#opened.set(epoch, key)
    return key
  }

  #fromWrap(epoch: number): Secret | null {
    const blob = this.#wraps.get(epoch)
    const generation = this.#generations.get(epoch)
    if (blob === undefined || generation === undefined) return null
    const key = this.#attempt(() => this.#rules.openWrap(epoch, blob))
    if (key !== null && this.#rules.matches(epoch, key, generation.commitment)) return key
    this.#rules.onProblem('epoch.bad_wrap', epoch)
    return null
  }

  #fromLater(epoch: number): Secret | null {
    const generation = this.#generations.get(epoch)
    const previous = this.#generations.get(epoch + 1)?.previous
    if (generation === undefined || previous == null) return null
    const laterKey = this.key(epoch + 1)
    if (laterKey === null) return null
    const link = this.#rules.chain(epoch + 1, laterKey)
    const key = this.#attempt(() => open(link.key, link.context, previous))
    if (key !== null && this.#rules.matches(epoch, key, generation.commitment)) return key
    this.#rules.onProblem('epoch.bad_chain', epoch)
    return null
  }

  #attempt(opening: () => Uint8Array): Secret | null {
    try {
      return Secret.take(opening())
    } catch (error) {
      if (error instanceof CryptoError) return null
      throw error
    }
  }

  #forgetMissing(): void {
    for (const [epoch, key] of this.#opened) if (key === null) this.#opened.delete(epoch)
  }
}

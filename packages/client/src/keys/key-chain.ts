import { open } from '@countersign/crypto/aead'
import { CryptoError } from '@countersign/crypto/crypto-error'
import { equalBytes } from '@countersign/crypto/hash'
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
 * Before entries are reduced one epoch may have several candidates, of which at most one is real: `pin` settles it.
 */
export class KeyChain {
  readonly #rules: ChainRules
  readonly #generations = new Map<number, Generation[]>()
  readonly #wraps = new Map<number, Uint8Array[]>()
  readonly #opened = new Map<number, Secret[]>()
  #latest = -1

  constructor(rules: ChainRules) {
    this.#rules = rules
  }

  get latest(): number {
    return this.#latest
  }

  /** One more candidate of an epoch. */
  propose(epoch: number, generation: Generation): void {
    const known = this.#generations.get(epoch)
    if (known === undefined) this.#generations.set(epoch, [generation])
    else if (!known.some((each) => equalBytes(each.commitment, generation.commitment))) known.push(generation)
    this.#opened.clear()
  }

  /** The generation the reducer accepted: no other candidate of that epoch counts any more. */
  pin(epoch: number, generation: Generation): void {
    this.#generations.set(epoch, [generation])
    this.#opened.clear()
    if (epoch > this.#latest) this.#latest = epoch
  }

  addWrap(epoch: number, blob: Uint8Array): void {
    const known = this.#wraps.get(epoch)
    if (known === undefined) this.#wraps.set(epoch, [blob])
    else known.push(blob)
    this.#opened.clear()
  }

  /** The key of an epoch, or null where this member has no way to it. */
  key(epoch: number): Secret | null {
    return this.candidates(epoch)[0] ?? null
  }

  /** Every key that fits some candidate of an epoch. */
  candidates(epoch: number): readonly Secret[] {
    const known = this.#opened.get(epoch)
    if (known !== undefined) return known
    const generations = this.#generations.get(epoch) ?? []
    const keys = [...this.#fromWraps(epoch, generations), ...this.#fromLater(epoch, generations)]
    this.#opened.set(epoch, keys)
    return keys
  }

  #fromWraps(epoch: number, generations: readonly Generation[]): Secret[] {
    const keys: Secret[] = []
    for (const blob of this.#wraps.get(epoch) ?? []) {
      const key = this.#attempt(() => this.#rules.openWrap(epoch, blob))
      if (key !== null && this.#matchesAny(epoch, key, generations)) keys.push(key)
      else if (generations.length > 0) this.#rules.onProblem('epoch.bad_wrap', epoch)
    }
    return keys
  }

  #fromLater(epoch: number, generations: readonly Generation[]): Secret[] {
    const later = (this.#generations.get(epoch + 1) ?? []).flatMap(({ previous }) => previous ?? [])
    if (generations.length === 0 || later.length === 0) return []
    const keys: Secret[] = []
    for (const laterKey of this.candidates(epoch + 1)) {
      const link = this.#rules.chain(epoch + 1, laterKey)
      for (const previous of later) {
        const key = this.#attempt(() => open(link.key, link.context, previous))
        if (key === null) continue
        if (this.#matchesAny(epoch, key, generations)) keys.push(key)
        else this.#rules.onProblem('epoch.bad_chain', epoch)
      }
    }
    return keys
  }

  #matchesAny(epoch: number, key: Secret, generations: readonly Generation[]): boolean {
    return generations.some(({ commitment }) => this.#rules.matches(epoch, key, commitment))
  }

  #attempt(opening: () => Uint8Array): Secret | null {
    try {
      return Secret.take(opening())
    } catch (error) {
      if (error instanceof CryptoError) return null
      throw error
    }
  }
}

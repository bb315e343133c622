import { randomFillSync } from 'node:crypto'
import { inspect } from 'node:util'
import { CryptoError } from './crypto-error.ts'

const refuse = (): never => {
  throw new CryptoError('bad_input', 'a secret is never turned into text or copied to another process')
}

/**
 * Owned secret bytes that do not leak by accident (SPEC C3).
 *
 * The bytes are in a private field. Conversion to a string, number or JSON throws, as does `structuredClone` and
 * `postMessage`; `inspect` prints `[secret]`. `wipe()` overwrites the bytes: best effort only, JavaScript engines and the
 * WebAssembly heap may keep copies, which is why keys live in a process that is killed on lock.
 */
export class Secret {
  #bytes: Uint8Array | undefined
  /** An own function property: the structured clone algorithm refuses the whole object because of it. */
  readonly toJSON = refuse

  private constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Takes ownership: the caller must not keep, change or pool `bytes`. */
  static take(bytes: Uint8Array): Secret {
    return new Secret(bytes)
  }

  static random(length = 32): Secret {
    return new Secret(randomFillSync(new Uint8Array(length)))
  }

  get length(): number {
    return this.expose().length
  }

  get wiped(): boolean {
    return this.#bytes === undefined
  }

  /** The bytes themselves, not a copy: not to be kept or written to. Throws `bad_key` once wiped. */
  expose(): Uint8Array {
    if (this.#bytes === undefined) throw new CryptoError('bad_key', 'this secret has been wiped')
    return this.#bytes
  }

  copy(): Secret {
    return new Secret(Uint8Array.from(this.expose()))
  }

  wipe(): void {
    this.#bytes?.fill(0)
    this.#bytes = undefined
  }

  toString(): string {
    return refuse()
  }

  [Symbol.toPrimitive](): never {
    return refuse()
  }

  [inspect.custom](): string {
    return '[secret]'
  }
}

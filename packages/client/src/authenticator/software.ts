import { existsSync, readFileSync } from 'node:fs'
import { CryptoError } from '@countersign/crypto/crypto-error'
import {
  SoftwareAuthenticator,
  type SoftwareAuthenticatorOptions,
} from '@countersign/crypto/software-authenticator'
import { CanonicalError, decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import { z } from 'zod'
import { ClientError } from '../client-error.ts'
import { writeFileAtomically } from '../keys/atomic-file.ts'
import type {
  AuthenticatorFailure,
  CreatedKey,
  CreateOptions,
  GetOptions,
  GotAssertion,
} from './authenticator.ts'
import { KeysAtHand } from './keys-at-hand.ts'

const fileSchema = z.array(z.custom<Uint8Array>((value) => value instanceof Uint8Array)).max(40)

/**
 * Software security keys in a 0600 file, for try-out mode and tests: every enrolment is another key. They protect nothing: whoever
 * reads the file has them.
 */
export class SoftwareKeys extends KeysAtHand {
  readonly #path: string
  #cancelNext = false

  /** Reads the file if there is one; throws ClientError `authenticator.corrupt` on anything else than it wrote. */
  constructor(path: string, options: Partial<SoftwareAuthenticatorOptions> = {}) {
    super(existsSync(path) ? readKeys(path) : [], options)
    this.#path = path
  }

  override async create(options: CreateOptions): Promise<CreatedKey | AuthenticatorFailure> {
    return this.#cancelled() ? { ok: false, code: 'authenticator.cancelled' } : super.create(options)
  }

  override async get(options: GetOptions): Promise<GotAssertion | AuthenticatorFailure> {
    return this.#cancelled() ? { ok: false, code: 'authenticator.cancelled' } : super.get(options)
  }

  /** The next ceremony ends as if its user had pressed cancel. */
  override cancel(): void {
    this.#cancelNext = true
  }

  #cancelled(): boolean {
    const cancelled = this.#cancelNext
    this.#cancelNext = false
    return cancelled
  }

  protected override changed(): void {
    writeFileAtomically(this.#path, encodeCanonical(this.keys.map((key) => key.serialize())))
  }
}

const readKeys = (path: string): SoftwareAuthenticator[] => {
  try {
    const keys = fileSchema.parse(decodeCanonical(Uint8Array.from(readFileSync(path))))
    return keys.map((bytes) => SoftwareAuthenticator.restore(bytes))
  } catch (cause) {
    if (!(cause instanceof CanonicalError || cause instanceof CryptoError || cause instanceof z.ZodError))
      throw cause
    throw new ClientError('authenticator.corrupt', `The software keys in ${path} cannot be read.`, {
      cause,
      fix: `Nothing was changed. Restore ${path} from a backup, or start another try-out profile.`,
    })
  }
}

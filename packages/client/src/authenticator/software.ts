import { existsSync, readFileSync } from 'node:fs'
import { CryptoError } from '@countersign/crypto/crypto-error'
import { randomBytes } from '@countersign/crypto/random'
import { RP_ID, RP_ORIGIN } from '@countersign/crypto/rp'
import {
  SoftwareAuthenticator,
  type SoftwareAuthenticatorOptions,
} from '@countersign/crypto/software-authenticator'
import { CanonicalError, decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import { z } from 'zod'
import { ClientError } from '../client-error.ts'
import { writeFileAtomically } from '../keys/atomic-file.ts'
import type {
  Authenticator,
  AuthenticatorFailure,
  CreatedKey,
  CreateOptions,
  GetOptions,
  GotAssertion,
} from './authenticator.ts'
import { readCreated, readGot } from './ceremony-answer.ts'

const fileSchema = z.array(z.custom<Uint8Array>((value) => value instanceof Uint8Array)).max(40)

/**
 * Software security keys in a 0600 file, for try-out mode and tests: every enrolment is another key. They protect nothing: whoever
 * reads the file has them.
 */
export class SoftwareKeys implements Authenticator {
  readonly software = true
  readonly #path: string
  readonly #options: Partial<SoftwareAuthenticatorOptions>
  readonly #keys: SoftwareAuthenticator[]
  #cancelNext = false

  /** Reads the file if there is one; throws ClientError `authenticator.corrupt` on anything else than it wrote. */
  constructor(path: string, options: Partial<SoftwareAuthenticatorOptions> = {}) {
    this.#path = path
    this.#options = options
    this.#keys = existsSync(path) ? readKeys(path) : []
  }

  async create(options: CreateOptions): Promise<CreatedKey | AuthenticatorFailure> {
    if (this.#cancelled()) return { ok: false, code: 'authenticator.cancelled' }
    const key = new SoftwareAuthenticator(this.#options)
    const created = key.create({
      rpId: RP_ID,
      origin: RP_ORIGIN,
      challenge: options.challenge,
      userId: randomBytes(32),
      prfSalt: options.prfSalt,
      excludeCredentials: options.exclude,
    })
    if ('code' in created) return { ok: false, code: 'authenticator.cancelled' }
    const answer = readCreated(created.attestationObject, created.prfEnabled, created.prfOutput ?? null)
    if (!answer.ok) return answer
    this.#keys.push(key)
    this.#save()
    return answer
  }

  async get(options: GetOptions): Promise<GotAssertion | AuthenticatorFailure> {
    if (this.#cancelled()) return { ok: false, code: 'authenticator.cancelled' }
    const prfSalts = options.allow.flatMap(({ credentialId, prfSalt }) =>
      prfSalt === null ? [] : [{ credentialId, salt: prfSalt }],
    )
    for (const key of this.#keys) {
      const got = key.get({
        rpId: RP_ID,
        origin: RP_ORIGIN,
        challenge: options.challenge,
        allowCredentials: options.allow.map((each) => each.credentialId),
        prfSalts,
      })
      if ('code' in got) continue
      this.#save()
      return readGot(got.assertion, got.prfOutput ?? null, prfSalts.length > 0)
    }
    return { ok: false, code: 'authenticator.no_credential' }
  }

  /** The next ceremony ends as if its user had pressed cancel. */
  cancel(): void {
    this.#cancelNext = true
  }

  #cancelled(): boolean {
    const cancelled = this.#cancelNext
    this.#cancelNext = false
    return cancelled
  }

  #save(): void {
    writeFileAtomically(this.#path, encodeCanonical(this.#keys.map((key) => key.serialize())))
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

import type {
  Authenticator,
  AuthenticatorFailure,
  CreatedKey,
  CreateOptions,
  GetOptions,
  GotAssertion,
} from '@countersign/client/authenticator/authenticator'
import { readCreated, readGot } from '@countersign/client/authenticator/ceremony-answer'
import type { Assertion } from '@countersign/crypto/assertion'
import { randomBytes } from '@countersign/crypto/random'
import { RP_ID, RP_ORIGIN } from '@countersign/crypto/rp'
import { SoftwareAuthenticator } from '@countersign/crypto/software-authenticator'
import { decodeAuthenticator, encodeAuthenticator } from '@countersign/crypto/software-authenticator-state'

/** Somebody's security keys, genuine in all but their shell; each enrolment is another key. */
export class TouchKeys implements Authenticator {
  readonly software = true
  readonly keys: SoftwareAuthenticator[] = []
  /** Every assertion they made, for whoever watches the machine. */
  readonly made: Assertion[] = []

  async create(options: CreateOptions): Promise<CreatedKey | AuthenticatorFailure> {
    const key = new SoftwareAuthenticator()
    const created = key.create({
      rpId: RP_ID,
      origin: RP_ORIGIN,
      challenge: options.challenge,
      userId: randomBytes(32),
      prfSalt: options.prfSalt,
      excludeCredentials: options.exclude,
    })
    if ('code' in created) return { ok: false, code: 'authenticator.cancelled' }
    this.keys.push(key)
    return readCreated(created.attestationObject, created.prfEnabled, created.prfOutput ?? null)
  }

  async get(options: GetOptions): Promise<GotAssertion | AuthenticatorFailure> {
    const prfSalts = options.allow.flatMap(({ credentialId, prfSalt }) =>
      prfSalt === null ? [] : [{ credentialId, salt: prfSalt }],
    )
    const allowCredentials = options.allow.map(({ credentialId }) => credentialId)
    for (const key of this.keys) {
      const got = key.get({
        rpId: RP_ID,
        origin: RP_ORIGIN,
        challenge: options.challenge,
        allowCredentials,
        prfSalts,
      })
      if ('code' in got) continue
      this.made.push(got.assertion)
      return readGot(got.assertion, got.prfOutput ?? null, prfSalts.length > 0)
    }
    return { ok: false, code: 'authenticator.no_credential' }
  }

  cancel(): void {}

  /** A touch at another place: another page, another RP id, another challenge. Throws where no key of theirs answers. */
  touch(ask: {
    challenge: Uint8Array
    credentialIds: readonly Uint8Array[]
    rpId?: string
    origin?: string
  }): Assertion {
    const { challenge, credentialIds, rpId = RP_ID, origin = RP_ORIGIN } = ask
    for (const key of this.keys) {
      const got = key.get({ rpId, origin, challenge, allowCredentials: credentialIds })
      if (!('code' in got)) return got.assertion
    }
    throw new Error('none of these security keys answers')
  }
}

/** A touch of a stolen key whose owner's PIN or fingerprint the thief does not have. */
export const softwareKeyWithout = (
  key: SoftwareAuthenticator,
  missing: 'userVerified',
  challenge: Uint8Array,
  allowCredentials: readonly Uint8Array[],
): Assertion => {
  const state = decodeAuthenticator(key.serialize())
  const stolen = SoftwareAuthenticator.restore(
    encodeAuthenticator({ ...state, options: { ...state.options, [missing]: false } }),
  )
  const got = stolen.get({ rpId: RP_ID, origin: RP_ORIGIN, challenge, allowCredentials })
  if ('code' in got) throw new Error(got.code)
  return got.assertion
}

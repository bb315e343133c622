import { KeysAtHand } from '@countersign/client/authenticator/keys-at-hand'
import type { Assertion } from '@countersign/crypto/assertion'
import { RP_ID, RP_ORIGIN } from '@countersign/crypto/rp'
import { SoftwareAuthenticator } from '@countersign/crypto/software-authenticator'
import { decodeAuthenticator, encodeAuthenticator } from '@countersign/crypto/software-authenticator-state'

/** Somebody's security keys, genuine in all but their shell, and what they were made to sign. */
export class TouchKeys extends KeysAtHand {
  /** Every assertion they made, for whoever watches the machine. */
  readonly made: Assertion[] = []

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

  protected override changed(made: Assertion | null): void {
    if (made !== null) this.made.push(made)
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

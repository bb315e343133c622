import { encodeCanonical } from '@countersign/schema/canonical'
import type { Assertion } from './assertion.ts'
import { equalBytes, sha256 } from './hash.ts'
import type { Secret } from './secret.ts'
import {
  decodeAuthenticator,
  encodeAuthenticator,
  type SoftwareAuthenticatorOptions,
} from './software-authenticator-state.ts'
import {
  coseKeyOf,
  newSoftwareCredential,
  prfOf,
  type SoftwareCredential,
  signWith,
} from './software-credential.ts'

export type { SoftwareAuthenticatorOptions } from './software-authenticator-state.ts'

export interface CreateRequest {
  readonly rpId: string
  readonly origin: string
  readonly challenge: Uint8Array
  readonly userId: Uint8Array
  readonly prfSalt?: Uint8Array
  readonly excludeCredentials?: readonly Uint8Array[]
}

export interface CreatedCredential {
  readonly credentialId: Uint8Array
  readonly attestationObject: Uint8Array
  readonly clientDataJSON: Uint8Array
  readonly authenticatorData: Uint8Array
  /** COSE_Key bytes. */
  readonly publicKey: Uint8Array
  readonly transports: readonly string[]
  readonly prfEnabled: boolean
  readonly prfOutput?: Secret
}

export interface GetRequest {
  readonly rpId: string
  readonly origin: string
  readonly challenge: Uint8Array
  readonly allowCredentials: readonly Uint8Array[]
  /** The salt for whichever credential answers. */
  readonly prfSalt?: Uint8Array
  /** A salt for each credential, as `evalByCredential`; goes before `prfSalt`. */
  readonly prfSalts?: readonly { readonly credentialId: Uint8Array; readonly salt: Uint8Array }[]
}

export interface GotAssertion {
  readonly assertion: Assertion
  readonly prfOutput?: Secret
}

export interface AuthenticatorRefusal {
  readonly code: 'authenticator.cancelled' | 'authenticator.no_credential' | 'authenticator.excluded'
}

/** 16 ASCII bytes, so that whoever sees an enrolled credential can tell that it is no hardware. */
export const SOFTWARE_AAGUID = new TextEncoder().encode('countersign-soft')

const DEFAULTS: SoftwareAuthenticatorOptions = {
  prfAtCreate: false,
  userVerified: true,
  supportsPrf: true,
  backupEligible: false,
  attestation: 'packed',
}

const concat = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts))

const clientData = (
  type: 'webauthn.create' | 'webauthn.get',
  origin: string,
  challenge: Uint8Array,
): Uint8Array =>
  new TextEncoder().encode(
    JSON.stringify({
      type,
      challenge: Buffer.from(challenge).toString('base64url'),
      origin,
      crossOrigin: false,
    }),
  )

/**
 * One security key in software: genuine ES256 credentials and the PRF extension, for tests and for the visibly marked
 * try-out mode. It protects nothing: whoever reads `serialize()`'s bytes has the key.
 */
export class SoftwareAuthenticator {
  readonly options: SoftwareAuthenticatorOptions
  readonly #credentials: SoftwareCredential[] = []
  #signCount = 0
  #cancelNext = false

  constructor(options: Partial<SoftwareAuthenticatorOptions> = {}) {
    this.options = { ...DEFAULTS, ...options }
  }

  /** The key that `serialize()` wrote, with its credentials and counter; throws `bad_input` on anything else. */
  static restore(bytes: Uint8Array): SoftwareAuthenticator {
    const state = decodeAuthenticator(bytes)
    const authenticator = new SoftwareAuthenticator(state.options)
    authenticator.#signCount = state.signCount
    authenticator.#credentials.push(...state.credentials)
    return authenticator
  }

  /** Everything, private keys included: secret bytes. */
  serialize(): Uint8Array {
    return encodeAuthenticator({
      options: this.options,
      signCount: this.#signCount,
      credentials: this.#credentials,
    })
  }

  /** The next ceremony ends as if its user had pressed cancel. */
  cancelNext(): void {
    this.#cancelNext = true
  }

  create(request: CreateRequest): CreatedCredential | AuthenticatorRefusal {
    if (this.#cancelled()) return { code: 'authenticator.cancelled' }
    if (this.#find(request.rpId, request.excludeCredentials ?? []) !== undefined) {
      return { code: 'authenticator.excluded' }
    }
    const { supportsPrf, prfAtCreate, userVerified } = this.options
    const credential = newSoftwareCredential(request.rpId, request.userId)
    this.#credentials.push(credential)
    const publicKey = coseKeyOf(credential)
    const idLength = Uint8Array.of(credential.id.length >> 8, credential.id.length & 0xff)
    const authenticatorData = this.#authenticatorData(
      request.rpId,
      concat(SOFTWARE_AAGUID, idLength, credential.id, publicKey),
      supportsPrf ? encodeCanonical({ 'hmac-secret': true }) : undefined,
    )
    const clientDataJSON = clientData('webauthn.create', request.origin, request.challenge)
    const created = {
      credentialId: credential.id,
      attestationObject: this.#attest(credential, authenticatorData, clientDataJSON),
      clientDataJSON,
      authenticatorData,
      publicKey,
      transports: ['usb'],
      prfEnabled: supportsPrf,
    }
    if (!supportsPrf || !prfAtCreate || request.prfSalt === undefined) return created
    return { ...created, prfOutput: prfOf(credential, request.prfSalt, userVerified) }
  }

  get(request: GetRequest): GotAssertion | AuthenticatorRefusal {
    if (this.#cancelled()) return { code: 'authenticator.cancelled' }
    const credential = this.#find(request.rpId, request.allowCredentials)
    if (credential === undefined) return { code: 'authenticator.no_credential' }
    const authenticatorData = this.#authenticatorData(request.rpId)
    const clientDataJSON = clientData('webauthn.get', request.origin, request.challenge)
    const assertion = {
      credentialId: credential.id,
      authenticatorData,
      clientDataJSON,
      signature: signWith(credential, concat(authenticatorData, sha256(clientDataJSON))),
    }
    const own = request.prfSalts?.find((each) => equalBytes(each.credentialId, credential.id))
    const salt = own?.salt ?? request.prfSalt
    if (!this.options.supportsPrf || salt === undefined) return { assertion }
    return { assertion, prfOutput: prfOf(credential, salt, this.options.userVerified) }
  }

  #cancelled(): boolean {
    const cancelled = this.#cancelNext
    this.#cancelNext = false
    return cancelled
  }

  #find(rpId: string, ids: readonly Uint8Array[]): SoftwareCredential | undefined {
    return this.#credentials.find((own) => own.rpId === rpId && ids.some((id) => equalBytes(id, own.id)))
  }

  #authenticatorData(rpId: string, attested?: Uint8Array, extensions?: Uint8Array): Uint8Array {
    this.#signCount += 1
    const flags =
      0x01 |
      (this.options.userVerified ? 0x04 : 0) |
      (this.options.backupEligible ? 0x18 : 0) |
      (attested === undefined ? 0 : 0x40) |
      (extensions === undefined ? 0 : 0x80)
    const head = new Uint8Array(5)
    head[0] = flags
    new DataView(head.buffer).setUint32(1, this.#signCount)
    const none = new Uint8Array(0)
    return concat(sha256(new TextEncoder().encode(rpId)), head, attested ?? none, extensions ?? none)
  }

  #attest(credential: SoftwareCredential, authData: Uint8Array, clientDataJSON: Uint8Array): Uint8Array {
    if (this.options.attestation === 'none') return encodeCanonical({ fmt: 'none', attStmt: {}, authData })
    const sig = signWith(credential, concat(authData, sha256(clientDataJSON)))
    return encodeCanonical({ fmt: 'packed', attStmt: { alg: -7, sig }, authData })
  }
}

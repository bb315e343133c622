/**
 * What the core and the ceremony page say to each other over their MessagePort, by structured clone. The core sends one request
 * (and possibly a cancel), the page answers once. A PRF output is a field of its own beside the assertion, which is copied member
 * by member: `toJSON()` and the extension results, where browsers put the PRF output, never leave the page.
 */
export interface CeremonyCreate {
  type: 'create'
  rpId: string
  rpName: string
  /** Random, 16 to 64 bytes. */
  userId: Uint8Array
  userName: string
  /** 32 bytes. */
  challenge: Uint8Array
  /** Credentials this key must not hold yet. */
  exclude: readonly Uint8Array[]
  /** 32 bytes. Many keys answer only at `get`. */
  prfSalt: Uint8Array
  timeoutMs: number
}

export interface CeremonyGet {
  type: 'get'
  rpId: string
  challenge: Uint8Array
  /** `prfSalt` null: no PRF is asked for (approving). */
  allow: readonly { credentialId: Uint8Array; prfSalt: Uint8Array | null }[]
  timeoutMs: number
}

export type ToCeremony = CeremonyCreate | CeremonyGet | { type: 'cancel' }

export type CeremonyFailure =
  /** The person cancelled, or the core did. */
  | 'cancelled'
  | 'timeout'
  /** The browser refused without a reason: a key that is not among those asked for, a wrong PIN, a finger not recognised. */
  | 'not_allowed'
  /** The key holds a credential of `exclude`. */
  | 'already_enrolled'
  /** No key can do what was asked (user verification, algorithm). */
  | 'not_supported'
  /** The key or the browser broke off; also an answer that is none. */
  | 'failed'

export type FromCeremony =
  | {
      type: 'created'
      credentialId: Uint8Array
      attestationObject: Uint8Array
      clientDataJSON: Uint8Array
      transports: readonly string[]
      prfEnabled: boolean
      prf: Uint8Array | null
    }
  | {
      type: 'got'
      credentialId: Uint8Array
      authenticatorData: Uint8Array
      clientDataJSON: Uint8Array
      signature: Uint8Array
      prf: Uint8Array | null
    }
  /** `detail`: the error's name, for the log. */
  | { type: 'failed'; code: CeremonyFailure; detail: string }

/** What main's preload hands to the page, together with the port. */
export interface CeremonyOpening {
  channel: string
  purpose: string
}

import { decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import { type Context, open, seal } from './aead.ts'
import { CryptoError, openFailed } from './crypto-error.ts'
import { Secret } from './secret.ts'

/** Where a wrap belongs: rebuilt by whoever opens it, never read from the server. */
export interface RootWrapPlace {
  /** 16 bytes. */
  readonly team: Uint8Array
  /** 16 bytes. */
  readonly member: Uint8Array
  /** The WebAuthn credential id, or the ASCII bytes of `recovery`. */
  readonly credential: Uint8Array
}

/** What a wrap carries: the root, and the floor below which a new device accepts no ledger (P11). */
export interface WrappedRoot {
  /** 32 bytes. */
  readonly root: Secret
  /** Hash of the team's first ledger entry, 32 bytes. */
  readonly genesisHash: Uint8Array
  /** The ledger's head when this wrap was made; `hash` is 32 bytes. */
  readonly head: { readonly seq: number; readonly hash: Uint8Array }
}

const contextOf = ({ team, member, credential }: RootWrapPlace): Context => {
  if (team.length !== 16 || member.length !== 16) throw new CryptoError('bad_input', 'an id is 16 bytes')
  if (credential.length === 0 || credential.length > 1023) {
    throw new CryptoError('bad_input', 'a credential id is 1 to 1023 bytes')
  }
  return { type: 'root-wrap', team, member, credential }
}

const isBytes = (value: unknown, length: number): value is Uint8Array =>
  value instanceof Uint8Array && value.length === length

/** Seals a member's root, genesis hash and head under one way in (SPEC C12). */
export const wrapRoot = (input: { kek: Secret } & RootWrapPlace & WrappedRoot): Uint8Array => {
  const { kek, root, genesisHash, head } = input
  if (root.length !== 32) throw new CryptoError('bad_key', 'a root is 32 bytes')
  if (
    !isBytes(genesisHash, 32) ||
    !isBytes(head.hash, 32) ||
    !Number.isSafeInteger(head.seq) ||
    head.seq < 0
  ) {
    throw new CryptoError('bad_input', 'not a genesis hash and head')
  }
  const plaintext = encodeCanonical({
    root: root.expose(),
    genesisHash,
    headSeq: head.seq,
    headHash: head.hash,
  })
  try {
    return seal(kek, contextOf(input), plaintext)
  } finally {
    plaintext.fill(0)
  }
}

/** The inverse of `wrapRoot`; throws the one `open_failed` for a wrong key, place or blob. */
export const unwrapRoot = (input: { kek: Secret; blob: Uint8Array } & RootWrapPlace): WrappedRoot => {
  const plaintext = open(input.kek, contextOf(input), input.blob)
  try {
    const value = decodeCanonical(plaintext)
    if (typeof value !== 'object' || value === null) throw openFailed()
    const { root, genesisHash, headSeq, headHash, ...rest } = value as Record<string, unknown>
    if (
      !isBytes(root, 32) ||
      !isBytes(genesisHash, 32) ||
      !isBytes(headHash, 32) ||
      typeof headSeq !== 'number' ||
      headSeq < 0 ||
      Object.keys(rest).length > 0
    ) {
      throw openFailed()
    }
    return {
      root: Secret.take(Uint8Array.from(root)),
      genesisHash: Uint8Array.from(genesisHash),
      head: { seq: headSeq, hash: Uint8Array.from(headHash) },
    }
  } catch (cause) {
    // Authenticated but not a wrapped root: for the caller no different from not opening.
    if (cause instanceof CryptoError) throw cause
    throw openFailed()
  } finally {
    plaintext.fill(0)
  }
}

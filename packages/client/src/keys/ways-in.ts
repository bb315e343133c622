import { CryptoError } from '@countersign/crypto/crypto-error'
import { memberKeys, prfWrapKey, recoveryWrapKey } from '@countersign/crypto/derive'
import { equalBytes } from '@countersign/crypto/hash'
import type { KeyPair } from '@countersign/crypto/key-pair'
import { randomBytes } from '@countersign/crypto/random'
import { parseRecoveryCode } from '@countersign/crypto/recovery-code'
import { unwrapRoot, type WrappedRoot, wrapRoot } from '@countersign/crypto/root-wrap'
import { Secret } from '@countersign/crypto/secret'
import { sign } from '@countersign/crypto/sign'
import { webauthnChallenge } from '@countersign/crypto/webauthn-challenge'
import { type CborValue, encodeCanonical } from '@countersign/schema/canonical'
import type { Head } from '@countersign/schema/entry'
import { fromHex } from '@countersign/schema/hex'
import type { SignedWrap, WrapRecord } from '@countersign/schema/wire'
import type { Authenticator } from '../authenticator/authenticator.ts'
import { type Outcome, ok, refuse } from '../refusal.ts'
import { authenticatorRefusal } from './authenticator-refusal.ts'
import type { EnrolledKey } from './enrolment.ts'
import type { Membership, WayIn } from './installation.ts'

/** The credential name of the recovery code's wrap. */
export const RECOVERY = new TextEncoder().encode('recovery')

interface RootPlace {
  readonly team: string
  readonly member: string
  readonly root: Secret
  readonly genesisHash: Uint8Array
  readonly head: Head
}

const wrapFor = (place: RootPlace, kek: Secret, credential: Uint8Array): Uint8Array =>
  wrapRoot({
    kek,
    team: fromHex(place.team),
    member: fromHex(place.member),
    credential,
    root: place.root,
    genesisHash: place.genesisHash,
    head: place.head,
  })

export const wayInOfKey = (place: RootPlace, key: EnrolledKey): WayIn => ({
  kind: 'security-key',
  label: key.label,
  software: key.software,
  credential: Uint8Array.from(key.record.credentialId),
  salt: Uint8Array.from(key.salt),
  blob: Uint8Array.from(wrapFor(place, key.kek, key.record.credentialId)),
})

export const wayInOfRecovery = (place: RootPlace, kek: Secret): WayIn => ({
  kind: 'recovery-code',
  label: 'Recovery code',
  software: false,
  credential: Uint8Array.from(RECOVERY),
  // Nothing is salted: the code is uniformly random. The field keeps one format for both kinds.
  salt: Uint8Array.from(randomBytes(32)),
  blob: Uint8Array.from(wrapFor(place, kek, RECOVERY)),
})

/** A way in as the server keeps it for a new device, signed by the member (purpose `root-wrap`). */
export const signedWrap = (
  team: string,
  member: string,
  way: WayIn,
  locatorKey: Uint8Array | null,
  memberSign: KeyPair,
): SignedWrap => {
  const record: WrapRecord = {
    team,
    member,
    credential: way.credential,
    salt: way.salt,
    blob: way.blob,
    locatorKey,
  }
  const signature = sign(memberSign.secretKey, 'root-wrap', encodeCanonical({ ...record } as CborValue))
  return { record, signature }
}

const openWay = (membership: Membership, way: WayIn, kek: Secret): Outcome<WrappedRoot> => {
  try {
    const opened = unwrapRoot({
      kek,
      team: fromHex(membership.team),
      member: fromHex(membership.member),
      credential: way.credential,
      blob: way.blob,
    })
    const matches =
      equalBytes(memberKeys(opened.root).sign.publicKey, membership.signKey) &&
      equalBytes(opened.genesisHash, membership.genesisHash)
    return matches ? ok(opened) : wrongWay()
  } catch (error) {
    if (error instanceof CryptoError) return wrongWay()
    throw error
  } finally {
    kek.wipe()
  }
}

const wrongWay = () =>
  refuse(
    'unlock.failed',
    'This does not open your vault on this installation.',
    'Use a security key enrolled here, or your recovery code. If none works, restore installation.json from a backup.',
  )

/** Unlocks the root with a touch of any of the enrolled security keys. */
export const unlockWithKey = async (
  membership: Membership,
  device: string,
  authenticator: Authenticator,
): Promise<Outcome<WrappedRoot>> => {
  const keys = membership.waysIn.filter((way) => way.kind === 'security-key')
  const { team, member } = membership
  const got = await authenticator.get({
    purpose: 'Touch your security key to unlock Countersign',
    challenge: webauthnChallenge('unlock', { team, member, device, nonce: randomBytes(32) }),
    allow: keys.map((way) => ({ credentialId: way.credential, prfSalt: way.salt })),
  })
  if (!got.ok) return authenticatorRefusal(got.code)
  const way = keys.find((each) => equalBytes(each.credential, got.assertion.credentialId))
  if (way === undefined || got.prf === null) return authenticatorRefusal('authenticator.no_credential')
  const kek = prfWrapKey(got.prf, way.salt)
  got.prf.wipe()
  return openWay(membership, way, kek)
}

/** Unlocks the root with the printed recovery code. */
export const unlockWithRecoveryCode = (membership: Membership, text: string): Outcome<WrappedRoot> => {
  const way = membership.waysIn.find((each) => each.kind === 'recovery-code')
  if (way === undefined) {
    return refuse(
      'recovery.none',
      'No recovery code was made for this member.',
      'Unlock with a security key.',
    )
  }
  const code = parseRecoveryCode(text)
  if (!(code instanceof Secret)) {
    const where = code.group === undefined ? '' : ` Look at group ${code.group}.`
    return refuse(
      `recovery.${code.code}`,
      'This is not a whole recovery code.',
      `Type it as it was printed.${where}`,
    )
  }
  const kek = recoveryWrapKey(code)
  code.wipe()
  return openWay(membership, way, kek)
}

import { CryptoError } from '@countersign/crypto/crypto-error'
import { memberKeys, prfWrapKey, recoveryWrapKey } from '@countersign/crypto/derive'
import { equalBytes } from '@countersign/crypto/hash'
import { randomBytes } from '@countersign/crypto/random'
import { parseRecoveryCode } from '@countersign/crypto/recovery-code'
import { unwrapRoot, type WrappedRoot, wrapRoot } from '@countersign/crypto/root-wrap'
import { Secret } from '@countersign/crypto/secret'
import { sign } from '@countersign/crypto/sign'
import { webauthnChallenge } from '@countersign/crypto/webauthn-challenge'
import type { Projection } from '@countersign/ledger/projection'
import { credentialById } from '@countersign/ledger/projection-lookup'
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

type NewWay = Omit<WayIn, 'upload'>

/** A new way in and the member's signature under which the server keeps it for a new device (purpose `root-wrap`). */
const toUpload = (place: RootPlace, way: NewWay, locatorKey: Uint8Array | null): WayIn => {
  const record = wrapRecord(place, way, locatorKey)
  const { secretKey } = memberKeys(place.root).sign
  const signature = sign(secretKey, 'root-wrap', encodeCanonical({ ...record } as CborValue))
  const locator = locatorKey === null ? null : Uint8Array.from(locatorKey)
  return { ...way, upload: { signature: Uint8Array.from(signature), locatorKey: locator } }
}

const wrapRecord = (
  { team, member }: Pick<RootPlace, 'team' | 'member'>,
  { credential, salt, blob }: NewWay,
  locatorKey: Uint8Array | null,
): WrapRecord => ({ team, member, credential, salt, blob, locatorKey })

export const wayInOfKey = (place: RootPlace, key: EnrolledKey): WayIn =>
  toUpload(
    place,
    {
      kind: 'security-key',
      label: key.label,
      software: key.software,
      credential: Uint8Array.from(key.record.credentialId),
      salt: Uint8Array.from(key.salt),
      blob: Uint8Array.from(wrapFor(place, key.kek, key.record.credentialId)),
    },
    null,
  )

export const wayInOfRecovery = (
  place: RootPlace,
  { kek, locatorKey }: { readonly kek: Secret; readonly locatorKey: Uint8Array },
): WayIn =>
  toUpload(
    place,
    {
      kind: 'recovery-code',
      label: 'Recovery code',
      software: false,
      credential: Uint8Array.from(RECOVERY),
      // Nothing is salted: the code is uniformly random. The field keeps one format for both kinds.
      salt: Uint8Array.from(randomBytes(32)),
      blob: Uint8Array.from(wrapFor(place, kek, RECOVERY)),
    },
    locatorKey,
  )

/** What the server still has to be given of a member's ways in. */
export const wrapsToUpload = ({ team, member, waysIn }: Membership): SignedWrap[] =>
  waysIn.flatMap((way) =>
    way.upload === null
      ? []
      : [
          {
            record: wrapRecord({ team, member }, way, way.upload.locatorKey),
            signature: way.upload.signature,
          },
        ],
  )

type Place = Pick<Membership, 'team' | 'member' | 'genesisHash'> & { readonly signKey: Uint8Array | null }

/** Opens a wrapped root; `signKey` null: the member's key is not known here yet. Wipes `kek`. */
export const openWay = (
  membership: Place,
  way: Pick<WayIn, 'credential' | 'blob'>,
  kek: Secret,
): Outcome<WrappedRoot> => {
  const { signKey } = membership
  try {
    const opened = unwrapRoot({
      kek,
      team: fromHex(membership.team),
      member: fromHex(membership.member),
      credential: way.credential,
      blob: way.blob,
    })
    const matches =
      (signKey === null || equalBytes(memberKeys(opened.root).sign.publicKey, signKey)) &&
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

/** The ways in that the ledger, as far as it is known here, has not retired; the retirement of a lost key is known while locked too. */
export const standingWays = (projection: Projection, waysIn: readonly WayIn[]): Membership['waysIn'] =>
  waysIn.filter((way) => (credentialById(projection, way.credential)?.retiredAt ?? null) === null)

/** Unlocks the root with a touch of any of the enrolled security keys. */
export const unlockWithKey = async (
  membership: Membership,
  device: string,
  authenticator: Authenticator,
): Promise<Outcome<WrappedRoot>> => {
  const keys = membership.waysIn.filter((way) => way.kind === 'security-key')
  const { team, member } = membership
  if (membership.waysIn.length === 0) {
    return refuse(
      'unlock.no_ways',
      'Every way into this computer was retired.',
      'Ask an admin of the team to have you replaced: they choose “Lost key…” at your name.',
    )
  }
  if (keys.length === 0) {
    return refuse(
      'unlock.no_keys',
      'No security key of yours is set up on this computer.',
      'Unlock with your recovery code, then add a key in the settings.',
    )
  }
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
    return refuse('recovery.none', 'No recovery code opens this installation.', 'Unlock with a security key.')
  }
  const code = readRecoveryCode(text)
  if (!code.ok) return code
  const kek = recoveryWrapKey(code.value)
  code.value.wipe()
  return openWay(membership, way, kek)
}

/** The code a person typed. */
export const readRecoveryCode = (text: string): Outcome<Secret> => {
  const code = parseRecoveryCode(text)
  if (code instanceof Secret) return ok(code)
  const where = code.group === undefined ? '' : ` Look at group ${code.group}.`
  return refuse(
    `recovery.${code.code}`,
    'This is not a whole recovery code.',
    `Type it as it was printed.${where}`,
  )
}

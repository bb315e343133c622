import { memberKeys, prfWrapKey, recoveryLocatorKey, recoveryWrapKey } from '@countersign/crypto/derive'
import { equalBytes } from '@countersign/crypto/hash'
import type { WrappedRoot } from '@countersign/crypto/root-wrap'
import type { Secret } from '@countersign/crypto/secret'
import type { SignedWrap } from '@countersign/schema/wire'
import type { WrapOptions } from '@countersign/schema/wrap-http'
import type { Authenticator } from '../authenticator/authenticator.ts'
import { type Outcome, ok, type Refusal, refuse } from '../refusal.ts'
import {
  fetchWrapByKey,
  fetchWrapByRecoveryCode,
  fetchWrapChallenge,
  type WrapPlace,
  type WrapResult,
  wrapOptions,
} from '../transport/wraps.ts'
import { authenticatorRefusal } from './authenticator-refusal.ts'
import type { Membership, WayIn } from './installation.ts'
import type { RecoverySheet } from './recovery-sheet.ts'
import { openWay, RECOVERY, readRecoveryCode } from './ways-in.ts'

/** What a computer that knew nothing has after a sheet and a way in: the member's root and a place in the team. */
export interface TakenOver {
  readonly root: Secret
  readonly membership: Membership
}

const FIXES: Readonly<Record<string, string>> = {
  'server.unreachable': 'Check the connection, and that the server still has the address on the sheet.',
  'server.malformed': 'Check that the address on the sheet is your team’s sync server.',
  'rate.limited': 'Wait a minute, then try again.',
}

const refused = ({ code, message }: { code: string; message: string }): Refusal =>
  refuse(code, message, FIXES[code] ?? 'Check the sheet and use a way in that still counts.')

const placeOf = ({ url, team, member }: RecoverySheet): WrapPlace => ({ url, server: null, team, member })

interface Fetched {
  readonly kek: Secret
  readonly way: Omit<WayIn, 'blob' | 'upload'>
  readonly wrap: WrapResult<SignedWrap>
}

/** The root must come with the sheet's genesis hash; from it and the sheet come the floors below which no ledger is believed. */
const takeOver = (
  sheet: RecoverySheet,
  server: Uint8Array,
  { kek, way, wrap }: Fetched,
  now: number,
): Outcome<TakenOver> => {
  if (!wrap.ok) {
    kek.wipe()
    return refused(wrap)
  }
  const { record } = wrap.value
  const matches = equalBytes(record.credential, way.credential) && equalBytes(record.salt, way.salt)
  const { team, member } = sheet
  const genesisHash = Uint8Array.from(sheet.genesisHash)
  const blob = Uint8Array.from(record.blob)
  const opened = openWay(
    { team, member, genesisHash, signKey: null },
    { credential: way.credential, blob },
    kek,
  )
  if (!opened.ok || (way.kind === 'security-key' && !matches)) {
    return refuse(
      'takeover.wrong_root',
      'What the server gave does not open, or belongs to another team than the sheet.',
      'Check that sheet and way in belong together. If they do, do not trust this server.',
    )
  }
  return ok(
    takenOver(
      sheet,
      server,
      { ...way, salt: Uint8Array.from(record.salt), blob, upload: null },
      opened.value,
      now,
    ),
  )
}

const takenOver = (
  { url, team, member, genesisHash, head }: RecoverySheet,
  server: Uint8Array,
  way: WayIn,
  { root, head: enrolled }: WrappedRoot,
  now: number,
): TakenOver => ({
  root,
  membership: {
    team,
    member,
    signKey: Uint8Array.from(memberKeys(root).sign.publicKey),
    genesisHash: Uint8Array.from(genesisHash),
    server: { url, id: Uint8Array.from(server) },
    waysIn: [way],
    floors: [head, enrolled].map(({ seq, hash }) => ({ seq, hash: Uint8Array.from(hash) })),
    unconfirmedSince: now,
    sheetKept: true,
  },
})

const optionsFor = async (sheet: RecoverySheet): Promise<Outcome<WrapOptions>> => {
  const options = await wrapOptions(placeOf(sheet))
  return options.ok ? ok(options.value) : refused(options)
}

/** With the printed recovery code: proves knowledge of it to the server, fetches the wrapped root, opens it. */
export const takeOverWithCode = async (
  sheet: RecoverySheet,
  text: string,
  now: number,
): Promise<Outcome<TakenOver>> => {
  const code = readRecoveryCode(text)
  if (!code.ok) return code
  const options = await optionsFor(sheet)
  if (!options.ok) return options
  const locator = recoveryLocatorKey(code.value)
  const kek = recoveryWrapKey(code.value)
  code.value.wipe()
  const wrap = await fetchWrapByRecoveryCode(placeOf(sheet), options.value, locator)
  const way = {
    kind: 'recovery-code' as const,
    label: 'Recovery code',
    software: false,
    credential: Uint8Array.from(RECOVERY),
    salt: new Uint8Array(32),
  }
  return takeOver(sheet, options.value.server, { kek, way, wrap }, now)
}

/** With a security key in hand: one touch proves it to the server and gives what unwraps the root. */
export const takeOverWithKey = async (
  sheet: RecoverySheet,
  authenticator: Authenticator,
  now: number,
): Promise<Outcome<TakenOver>> => {
  const options = await optionsFor(sheet)
  if (!options.ok) return options
  const { credentials, server } = options.value
  if (credentials.length === 0) {
    return refuse(
      'takeover.no_keys',
      'The server has no security key of yours for this sheet.',
      'Use your recovery code, or check the sheet.',
    )
  }
  const got = await authenticator.get({
    purpose: 'Touch your security key to bring Countersign to this computer',
    challenge: fetchWrapChallenge(placeOf(sheet), options.value),
    allow: credentials.map(({ credentialId, salt }) => ({ credentialId, prfSalt: salt })),
  })
  if (!got.ok) return authenticatorRefusal(got.code)
  const known = credentials.find(({ credentialId }) => equalBytes(credentialId, got.assertion.credentialId))
  if (known === undefined || got.prf === null) return authenticatorRefusal('authenticator.no_credential')
  const kek = prfWrapKey(got.prf, known.salt)
  got.prf.wipe()
  const wrap = await fetchWrapByKey(placeOf(sheet), options.value, got.assertion)
  const way = {
    kind: 'security-key' as const,
    label: 'Security key',
    software: authenticator.software,
    credential: Uint8Array.from(known.credentialId),
    salt: Uint8Array.from(known.salt),
  }
  return takeOver(sheet, server, { kek, way, wrap }, now)
}

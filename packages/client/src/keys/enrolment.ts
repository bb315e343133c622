import { randomInt } from 'node:crypto'
import { verifyAssertion } from '@countersign/crypto/assertion'
import { prfWrapKey, recoveryLocatorKey, recoveryWrapKey } from '@countersign/crypto/derive'
import { equalBytes } from '@countersign/crypto/hash'
import { randomBytes } from '@countersign/crypto/random'
import { newRecoveryCode } from '@countersign/crypto/recovery-code'
import { RP_ID, RP_ORIGIN } from '@countersign/crypto/rp'
import { Secret } from '@countersign/crypto/secret'
import { webauthnChallenge } from '@countersign/crypto/webauthn-challenge'
import { enrolmentFields } from '@countersign/ledger/check-enrolment'
import { newId } from '@countersign/schema/ids'
import type { CredentialRecord } from '@countersign/schema/membership'
import type { Authenticator, CreatedKey } from '../authenticator/authenticator.ts'
import { type Outcome, ok, refuse } from '../refusal.ts'
import { authenticatorRefusal } from './authenticator-refusal.ts'

/** A security key that this member has touched twice: made, and proved for one team. */
export interface EnrolledKey {
  readonly label: string
  readonly software: boolean
  readonly salt: Uint8Array
  /** Wraps the root under this key's PRF output. */
  readonly kek: Secret
  readonly record: CredentialRecord
}

/** Which team and member a key is enrolled for; its proof signs both (P21). */
export interface EnrolmentPlace {
  readonly team: string
  readonly member: string
}

/** The credential's own assertion over its enrolment, with the PRF output of the same touch. */
const prove = async (
  authenticator: Authenticator,
  place: EnrolmentPlace,
  key: Pick<CreatedKey, 'credentialId' | 'publicKey'>,
  salt: Uint8Array,
  purpose: string,
): Promise<Outcome<{ proof: CredentialRecord['proof']; prf: Secret }>> => {
  const challenge = webauthnChallenge('enrol', enrolmentFields(place.team, place.member, key))
  const got = await authenticator.get({
    purpose,
    challenge,
    allow: [{ credentialId: key.credentialId, prfSalt: salt }],
  })
  if (!got.ok) return authenticatorRefusal(got.code)
  const { publicKey } = key
  const verdict = verifyAssertion({
    assertion: got.assertion,
    publicKey,
    challenge,
    rpId: RP_ID,
    origins: [RP_ORIGIN],
  })
  if (!verdict.ok || got.prf === null) return authenticatorRefusal('authenticator.failed')
  return ok({ proof: got.assertion, prf: got.prf })
}

/** Enrols one more security key: one touch to make the credential, one to prove it and get its PRF output (P21). */
export const enrolKey = async (
  authenticator: Authenticator,
  place: EnrolmentPlace,
  label: string,
  exclude: readonly Uint8Array[],
): Promise<Outcome<EnrolledKey>> => {
  const salt = randomBytes(32)
  const created = await authenticator.create({
    purpose: `Add the security key “${label}”`,
    challenge: webauthnChallenge('enrol', { ...place, step: 'create', nonce: randomBytes(32) }),
    userName: label,
    prfSalt: salt,
    exclude,
  })
  if (!created.ok) return authenticatorRefusal(created.code)
  const proved = await prove(authenticator, place, created, salt, `Touch “${label}” once more to confirm it`)
  if (!proved.ok) return proved
  if (created.prf !== null && !equalBytes(created.prf.expose(), proved.value.prf.expose())) {
    return authenticatorRefusal('authenticator.failed')
  }
  created.prf?.wipe()
  const kek = prfWrapKey(proved.value.prf, salt)
  proved.value.prf.wipe()
  const { credentialId, publicKey, aaguid, backupEligible, backupState, attestationFormat } = created
  return ok({
    label,
    software: authenticator.software,
    salt,
    kek,
    record: {
      credentialId,
      publicKey,
      aaguid,
      backupEligible,
      backupState,
      attestationFormat,
      proof: proved.value.proof,
    },
  })
}

const GROUPS_ASKED = 2

/**
 * A person's keys before any team has accepted them (issue: two ways in before the first secret). Lives in memory only: locking
 * forgets it.
 */
export class Enrolment {
  readonly member = newId()
  readonly root = Secret.random()
  readonly #authenticator: Authenticator
  #team: string
  #keys: EnrolledKey[] = []
  #recovery: { code: Secret; text: string; ask: number[]; confirmed: boolean } | null = null

  /** `team`: the id of the team to be created or joined; proofs name it. */
  constructor(authenticator: Authenticator, team: (root: Secret) => string) {
    this.#authenticator = authenticator
    this.#team = team(this.root)
  }

  get team(): string {
    return this.#team
  }

  get keys(): readonly EnrolledKey[] {
    return this.#keys
  }

  get recovery(): 'none' | 'shown' | 'confirmed' {
    if (this.#recovery === null) return 'none'
    return this.#recovery.confirmed ? 'confirmed' : 'shown'
  }

  /** Two ways in: two security keys, or one and a recovery code that was typed back in part. */
  get ready(): boolean {
    return this.#keys.length >= 2 || (this.#keys.length === 1 && this.#recovery?.confirmed === true)
  }

  async enrol(label: string): Promise<Outcome<EnrolledKey>> {
    if (this.#keys.some((key) => key.label === label)) {
      return refuse('setup.label_taken', `A key is called “${label}” already.`, 'Give each key its own name.')
    }
    const place = { team: this.#team, member: this.member }
    const exclude = this.#keys.map((key) => key.record.credentialId)
    const enrolled = await enrolKey(this.#authenticator, place, label, exclude)
    if (enrolled.ok) this.#keys.push(enrolled.value)
    return enrolled
  }

  /** Keys enrolled before the team was known prove themselves for it: one touch each. */
  async moveTo(team: string): Promise<Outcome<null>> {
    if (team === this.#team) return ok(null)
    const moved: EnrolledKey[] = []
    for (const key of this.#keys) {
      const place = { team, member: this.member }
      const proved = await prove(
        this.#authenticator,
        place,
        key.record,
        key.salt,
        `Touch “${key.label}” to join this team with it`,
      )
      if (!proved.ok) return proved
      proved.value.prf.wipe()
      moved.push({ ...key, record: { ...key.record, proof: proved.value.proof } })
    }
    this.#keys = moved
    this.#team = team
    return ok(null)
  }

  /** A fresh recovery code and the numbers (from 1) of the groups to type back. */
  newRecoveryCode(): { text: string; ask: number[] } {
    this.#recovery?.code.wipe()
    const { code, text } = newRecoveryCode()
    const groups = text.split('-').length
    const ask = new Set<number>()
    while (ask.size < Math.min(GROUPS_ASKED, groups)) ask.add(1 + randomInt(groups))
    const numbers = [...ask].sort((a, b) => a - b)
    this.#recovery = { code, text, ask: numbers, confirmed: false }
    return { text, ask: numbers }
  }

  /** Whether what was typed are the groups asked for. */
  confirmRecoveryCode(groups: readonly string[]): boolean {
    const recovery = this.#recovery
    if (recovery === null) return false
    const all = recovery.text.split('-')
    const plain = (text: string | undefined) => (text ?? '').trim().toUpperCase()
    const matches =
      groups.length === recovery.ask.length &&
      recovery.ask.every(
        (number, i) => all[number - 1] !== undefined && plain(groups[i]) === plain(all[number - 1]),
      )
    if (matches) recovery.confirmed = true
    return matches
  }

  /** The key that wraps the root under the recovery code, and the one that proves knowledge of it to the server. */
  recoveryKeys(): { kek: Secret; locatorKey: Uint8Array } | null {
    if (this.#recovery?.confirmed !== true) return null
    return {
      kek: recoveryWrapKey(this.#recovery.code),
      locatorKey: recoveryLocatorKey(this.#recovery.code).publicKey,
    }
  }

  wipe(): void {
    this.root.wipe()
    this.#recovery?.code.wipe()
    for (const key of this.#keys) key.kek.wipe()
    this.#keys = []
    this.#recovery = null
  }
}

import { seal } from '@countersign/crypto/aead'
import { hkdf } from '@countersign/crypto/derive'
import { kemKeypair, sealTo } from '@countersign/crypto/kem'
import { Secret } from '@countersign/crypto/secret'
import type {
  AuditKeyEpoch,
  CompartmentEpoch,
  CompartmentWrap,
  TeamKeyEpoch,
  Wrap,
} from '@countersign/schema/membership'
import { type KeyPlace, keyCommitment } from './key-commitment.ts'

/** Who gets a key: a member and the X-Wing key the verified ledger has for them. */
export interface Recipient {
  readonly member: string
  readonly kemKey: Uint8Array
}

export const wrapTeamKey = (team: string, epoch: number, key: Secret, to: Recipient): Wrap => ({
  member: to.member,
  blob: sealTo(to.kemKey, { type: 'team-key', team, epoch, member: to.member }, key.expose()),
})

/** A new generation of the team key, sealed to `recipients`; `previous` is the key before, null at epoch 0 (P6). */
export const newTeamKeyEpoch = (
  team: string,
  epoch: number,
  recipients: readonly Recipient[],
  previous: Secret | null,
): { record: TeamKeyEpoch; key: Secret } => {
  const key = Secret.random()
  return {
    key,
    record: {
      epoch,
      commitment: keyCommitment({ type: 'team-key', team, epoch }, key),
      wraps: recipients.map((to) => wrapTeamKey(team, epoch, key, to)),
      previous: previous && seal(key, { type: 'team-key-chain', team, epoch }, previous.expose()),
    },
  }
}

/** Seals the seed before under the seed after, so that a later auditor reads earlier segments (P18). */
export const auditChainKey = (seed: Secret): Secret => hkdf(seed, new Uint8Array(0), 'audit/chain')

export const wrapAuditSeed = (team: string, epoch: number, seed: Secret, to: Recipient): Wrap => ({
  member: to.member,
  blob: sealTo(to.kemKey, { type: 'audit-key', team, epoch, member: to.member }, seed.expose()),
})

/** A new generation of the auditors' key pair. Whoever makes it forgets the seed unless they are an auditor. */
export const newAuditKeyEpoch = (
  team: string,
  epoch: number,
  auditors: readonly Recipient[],
  previous: Secret | null,
): { record: AuditKeyEpoch; seed: Secret } => {
  const seed = Secret.random()
  const chain = auditChainKey(seed)
  return {
    seed,
    record: {
      epoch,
      publicKey: kemKeypair(seed).publicKey,
      wraps: auditors.map((to) => wrapAuditSeed(team, epoch, seed, to)),
      previous: previous && seal(chain, { type: 'audit-key-chain', team, epoch }, previous.expose()),
    },
  }
}

/** A compartment's two keys of one epoch; `value` null for somebody who may see names only. */
export interface CompartmentKeys {
  readonly meta: Secret
  readonly value: Secret | null
}

export const wrapCompartmentKeys = (
  team: string,
  environment: string,
  epoch: number,
  keys: CompartmentKeys,
  to: Recipient & { readonly holds: boolean },
): CompartmentWrap => {
  const { member } = to
  const sealAs = (type: KeyPlace['type'], key: Secret) =>
    sealTo(to.kemKey, { type, team, environment, epoch, member }, key.expose())
  return {
    member,
    meta: sealAs('meta-key', keys.meta),
    value: to.holds && keys.value !== null ? sealAs('value-key', keys.value) : null,
  }
}

/** A new epoch of a compartment (P4): fresh keys for exactly `recipients`, the epoch before sealed under them. */
export const newCompartmentEpoch = (
  team: string,
  environment: string,
  epoch: number,
  recipients: readonly (Recipient & { readonly holds: boolean })[],
  previous: { readonly meta: Secret; readonly value: Secret } | null,
): { record: CompartmentEpoch; keys: { meta: Secret; value: Secret } } => {
  const keys = { meta: Secret.random(), value: Secret.random() }
  const place = { team, environment, epoch }
  return {
    keys,
    record: {
      environment,
      epoch,
      metaCommitment: keyCommitment({ type: 'meta-key', ...place }, keys.meta),
      valueCommitment: keyCommitment({ type: 'value-key', ...place }, keys.value),
      wraps: recipients.map((to) => wrapCompartmentKeys(team, environment, epoch, keys, to)),
      previousMeta: previous && seal(keys.meta, { type: 'meta-key-chain', ...place }, previous.meta.expose()),
      previousValue:
        previous && seal(keys.value, { type: 'value-key-chain', ...place }, previous.value.expose()),
    },
  }
}

import { hkdf } from '@countersign/crypto/derive'
import { equalBytes } from '@countersign/crypto/hash'
import { kemKeypair, openSealed } from '@countersign/crypto/kem'
import type { KeyPair } from '@countersign/crypto/key-pair'
import type { Secret } from '@countersign/crypto/secret'
import type { LedgerEntryType, LedgerPlain } from '@countersign/schema/ledger-entries'
import type { Access, AuditKeyEpoch, CompartmentEpoch, TeamKeyEpoch } from '@countersign/schema/membership'
import { auditChainKey } from './epochs.ts'
import { KeyChain } from './key-chain.ts'
import { type KeyPlace, matchesCommitment } from './key-commitment.ts'

export interface KeyProblem {
  readonly code: 'epoch.bad_wrap' | 'epoch.bad_chain'
  readonly key: 'team-key' | 'meta-key' | 'value-key' | 'audit-key'
  readonly environment: string | null
  readonly epoch: number
}

/** The plain part of any ledger entry with its type. */
export type PlainEntry = { [T in LedgerEntryType]: { type: T; plain: LedgerPlain<T> } }[LedgerEntryType]

/**
 * Every key a member has come by through the ledger: team keys, compartment keys, audit seeds, by epoch. It is told of
 * entries and opens wraps when a key is first needed. Keys to seal with are named by epoch by the caller, from the reduced
 * state; the ring only says what it has.
 */
export class KeyRing {
  readonly #team: string
  readonly #member: string
  readonly #kem: KeyPair
  readonly #teamKeys: KeyChain
  readonly #auditSeeds: KeyChain
  readonly #meta = new Map<string, KeyChain>()
  readonly #value = new Map<string, KeyChain>()
  readonly problems: KeyProblem[] = []

  constructor(team: string, member: string, kem: KeyPair) {
    this.#team = team
    this.#member = member
    this.#kem = kem
    this.#teamKeys = this.#chain('team-key', null)
    this.#auditSeeds = new KeyChain({
      openWrap: (epoch, blob) => openSealed(kem, { type: 'audit-key', team, epoch, member }, blob),
      // The public key is the commitment of an audit seed.
      matches: (_epoch, seed, publicKey) =>
        seed.length === 32 && equalBytes(kemKeypair(seed).publicKey, publicKey),
      chain: (epoch, seed) => ({
        key: auditChainKey(seed),
        context: { type: 'audit-key-chain', team, epoch },
      }),
      onProblem: (code, epoch) => this.problems.push({ code, key: 'audit-key', environment: null, epoch }),
    })
  }

  teamKey(epoch: number): Secret | null {
    return this.#teamKeys.key(epoch)
  }

  /** Keys to try on a body that has not been reduced yet. */
  teamKeyCandidates(epoch: number): readonly Secret[] {
    return this.#teamKeys.candidates(epoch)
  }

  metaKey(environment: string, epoch: number): Secret | null {
    return this.#meta.get(environment)?.key(epoch) ?? null
  }

  valueKey(environment: string, epoch: number): Secret | null {
    return this.#value.get(environment)?.key(epoch) ?? null
  }

  /** The auditors' key pair of an epoch; null for whoever is no auditor. */
  auditKeys(epoch: number): KeyPair | null {
    const seed = this.#auditSeeds.key(epoch)
    return seed === null ? null : kemKeypair(seed)
  }

  auditSeed(epoch: number): Secret | null {
    return this.#auditSeeds.key(epoch)
  }

  /**
   * Team keys of entries not yet reduced. They only open bodies: a body opens under no other key than the one it was sealed
   * with, so a forged generation gains nothing; what is sealed is sealed under epochs the reducer accepted.
   */
  learnTeamKeys(entry: PlainEntry): void {
    switch (entry.type) {
      case 'team.create':
      case 'member.remove':
        this.#teamKeys.propose(entry.plain.teamKey.epoch, entry.plain.teamKey)
        this.#addTeamWraps(entry.plain.teamKey)
        return
      case 'member.add':
        if (entry.plain.member.member === this.#member) {
          this.#teamKeys.addWrap(entry.plain.teamKeyEpoch, entry.plain.teamKey.blob)
        }
        return
      default:
    }
  }

  /** Compartment and audit keys of an entry the reducer has accepted. */
  learnAccepted(entry: PlainEntry, auditEpoch: number): void {
    switch (entry.type) {
      case 'team.create':
        this.#teamKeys.pin(entry.plain.teamKey.epoch, entry.plain.teamKey)
        this.#addAuditKey(entry.plain.auditKey)
        return
      case 'environment.create':
      case 'epoch.start':
        this.#addCompartment(entry.plain.epoch)
        return
      case 'member.add':
        if (entry.plain.member.member !== this.#member) return
        this.#addAccess(entry.plain.access)
        if (entry.plain.auditKey !== null) this.#auditSeeds.addWrap(auditEpoch, entry.plain.auditKey.blob)
        return
      case 'member.access':
        if (entry.plain.member === this.#member) this.#addAccess(entry.plain.access)
        for (const epoch of entry.plain.epochs) this.#addCompartment(epoch)
        return
      case 'member.roles':
        if (entry.plain.auditKey !== null) this.#addAuditKey(entry.plain.auditKey)
        if (entry.plain.member === this.#member && entry.plain.auditWrap !== null) {
          this.#auditSeeds.addWrap(auditEpoch, entry.plain.auditWrap.blob)
        }
        return
      case 'member.remove':
        this.#teamKeys.pin(entry.plain.teamKey.epoch, entry.plain.teamKey)
        if (entry.plain.auditKey !== null) this.#addAuditKey(entry.plain.auditKey)
        for (const epoch of entry.plain.epochs) this.#addCompartment(epoch)
        return
      default:
    }
  }

  #addTeamWraps(record: TeamKeyEpoch): void {
    for (const wrap of record.wraps) {
      if (wrap.member === this.#member) this.#teamKeys.addWrap(record.epoch, wrap.blob)
    }
  }

  #addAuditKey(record: AuditKeyEpoch): void {
    this.#auditSeeds.pin(record.epoch, { commitment: record.publicKey, previous: record.previous })
    for (const wrap of record.wraps) {
      if (wrap.member === this.#member) this.#auditSeeds.addWrap(record.epoch, wrap.blob)
    }
  }

  #addCompartment(record: CompartmentEpoch): void {
    const { environment, epoch } = record
    const meta = this.#compartmentChain(this.#meta, 'meta-key', environment)
    const value = this.#compartmentChain(this.#value, 'value-key', environment)
    meta.pin(epoch, { commitment: record.metaCommitment, previous: record.previousMeta })
    value.pin(epoch, { commitment: record.valueCommitment, previous: record.previousValue })
    for (const wrap of record.wraps) {
      if (wrap.member !== this.#member) continue
      meta.addWrap(epoch, wrap.meta)
      if (wrap.value !== null) value.addWrap(epoch, wrap.value)
    }
  }

  #addAccess(access: readonly Access[]): void {
    for (const { environment, wrap } of access) {
      if (wrap === null) continue
      const meta = this.#compartmentChain(this.#meta, 'meta-key', environment)
      meta.addWrap(meta.latest, wrap.meta)
      const value = this.#compartmentChain(this.#value, 'value-key', environment)
      if (wrap.value !== null) value.addWrap(value.latest, wrap.value)
    }
  }

  #compartmentChain(
    chains: Map<string, KeyChain>,
    type: 'meta-key' | 'value-key',
    environment: string,
  ): KeyChain {
    const known = chains.get(environment)
    if (known !== undefined) return known
    const made = this.#chain(type, environment)
    chains.set(environment, made)
    return made
  }

  #chain(type: KeyPlace['type'], environment: string | null): KeyChain {
    const team = this.#team
    const place = (epoch: number): KeyPlace =>
      environment === null ? { type, team, epoch } : { type, team, environment, epoch }
    return new KeyChain({
      openWrap: (epoch, blob) => openSealed(this.#kem, { ...place(epoch), member: this.#member }, blob),
      matches: (epoch, key, commitment) => matchesCommitment(place(epoch), key, commitment),
      chain: (epoch, key) => ({ key, context: { ...place(epoch), type: `${type}-chain` } }),
      onProblem: (code, epoch) => this.problems.push({ code, key: type, environment, epoch }),
    })
  }
}

/** Seals an installation's own records by what they are for; from the member's store key. */
export const localKey = (storeKey: Secret, purpose: string): Secret =>
  hkdf(storeKey, new Uint8Array(0), `local/${purpose}`)

import { equalBytes } from '@countersign/crypto/hash'
import { kemKeypair, openSealed } from '@countersign/crypto/kem'
import type { KeyPair } from '@countersign/crypto/key-pair'
import type { Secret } from '@countersign/crypto/secret'
import type { PlainContent } from '@countersign/ledger/plain-content'
import type { EnvironmentRecord, MemberRecord, Projection } from '@countersign/ledger/projection-record'
import { auditChainKey } from './epochs.ts'
import { KeyChain } from './key-chain.ts'
import { type KeyPlace, matchesCommitment } from './key-commitment.ts'
import { auditSeedWrap, compartmentKeysWrap, teamKeyWrap } from './own-wraps.ts'

export interface KeyProblem {
  readonly code: 'epoch.bad_wrap' | 'epoch.bad_chain'
  readonly key: 'team-key' | 'meta-key' | 'value-key' | 'audit-key'
  readonly environment: string | null
  readonly epoch: number
}

/** The clear part of the verified ledger entry at a position. */
export type PlainAt = (seq: number) => Promise<PlainContent>

/**
 * Every key a member has come by through the ledger: team keys, compartment keys, audit seeds, by epoch. Which generations exist,
 * what they commit to and which entry carries this member's wrap is what the projection of verified entries says.
 */
export class KeyRing {
  readonly #team: string
  readonly #member: string
  readonly #kem: KeyPair
  readonly #teamKeys: KeyChain
  readonly #auditSeeds: KeyChain
  readonly #meta = new Map<string, KeyChain>()
  readonly #value = new Map<string, KeyChain>()
  /** Wraps taken up already: `<what> <seq>`. */
  readonly #taken = new Set<string>()
  /** Keys that did not hold what was committed to (P4): shown, and never used. */
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

  metaKey(environment: string, epoch: number): Secret | null {
    return this.#meta.get(environment)?.key(epoch) ?? null
  }

  valueKey(environment: string, epoch: number): Secret | null {
    return this.#value.get(environment)?.key(epoch) ?? null
  }

  auditSeed(epoch: number): Secret | null {
    return this.#auditSeeds.key(epoch)
  }

  /** The auditors' key pair of an epoch; null for whoever is no auditor. */
  auditKeys(epoch: number): KeyPair | null {
    const seed = this.auditSeed(epoch)
    return seed === null ? null : kemKeypair(seed)
  }

  /** Takes up what is new in the projection. Nothing is opened before it is asked for. */
  async update(projection: Projection, plainAt: PlainAt): Promise<void> {
    const me = projection.members.get(this.#member)
    for (const { epoch, commitment, previous } of projection.teamKeys) {
      this.#teamKeys.addGeneration(epoch, { commitment, previous })
    }
    for (const { epoch, publicKey, previous } of projection.auditKeys) {
      this.#auditSeeds.addGeneration(epoch, { commitment: publicKey, previous })
    }
    if (me === undefined) return
    const teamEpoch = projection.teamKeys.at(-1)?.epoch
    if (teamEpoch !== undefined && this.#isNew('team', me.teamKeyAt)) {
      const blob = teamKeyWrap(await plainAt(me.teamKeyAt), this.#member)
      if (blob !== null) this.#teamKeys.addWrap(teamEpoch, blob)
    }
    await this.#updateAuditSeeds(projection, me, plainAt)
    for (const environment of projection.environments.values()) {
      await this.#updateCompartment(environment, plainAt)
    }
  }

  /** Wraps of every epoch that started while this member was an auditor: a link to the epoch before may be missing. */
  async #updateAuditSeeds(projection: Projection, me: MemberRecord, plainAt: PlainAt): Promise<void> {
    const current = projection.auditKeys.at(-1)
    const places = projection.auditKeys.map(({ epoch, startedAt }) => ({ epoch, at: startedAt }))
    if (me.auditKeyAt !== null && current !== undefined) {
      places.push({ epoch: current.epoch, at: me.auditKeyAt })
    }
    for (const { epoch, at } of places) {
      if (at < me.addedAt || !this.#isNew('audit', at)) continue
      const blob = auditSeedWrap(await plainAt(at), this.#member)
      if (blob !== null) this.#auditSeeds.addWrap(epoch, blob)
    }
  }

  async #updateCompartment(record: EnvironmentRecord, plainAt: PlainAt): Promise<void> {
    const { environment } = record
    const meta = this.#compartmentChain(this.#meta, 'meta-key', environment)
    const value = this.#compartmentChain(this.#value, 'value-key', environment)
    for (const epoch of record.epochs) {
      meta.addGeneration(epoch.epoch, { commitment: epoch.metaCommitment, previous: epoch.previousMeta })
      value.addGeneration(epoch.epoch, { commitment: epoch.valueCommitment, previous: epoch.previousValue })
    }
    const at = record.wrapsAt.get(this.#member)
    const current = record.epochs.at(-1)?.epoch
    if (at === undefined || current === undefined || !this.#isNew(environment, at)) return
    const wrap = compartmentKeysWrap(await plainAt(at), environment, this.#member)
    if (wrap === null) return
    meta.addWrap(current, wrap.meta)
    if (wrap.value !== null) value.addWrap(current, wrap.value)
  }

  #isNew(what: string, seq: number): boolean {
    const key = `${what} ${seq}`
    if (this.#taken.has(key)) return false
    this.#taken.add(key)
    return true
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

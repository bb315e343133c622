import { equalBytes } from '@countersign/crypto/hash'
import { kemKeypair, openSealed } from '@countersign/crypto/kem'
import type { KeyPair } from '@countersign/crypto/key-pair'
import type { Secret } from '@countersign/crypto/secret'
import type { PlainContent } from '@countersign/ledger/plain-content'
import type { EnvironmentRecord, Projection } from '@countersign/ledger/projection-record'
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

/** The clear part of the verified ledger entry at a position; undefined where it is not at hand. */
export type PlainAt = (seq: number) => PlainContent | undefined

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

  /** Ledger positions whose entries carry wraps for this member that were not taken up yet. */
  needed(projection: Projection): number[] {
    return this.#places(projection)
      .filter(({ what, at }) => !this.#taken.has(`${what} ${at}`))
      .map(({ at }) => at)
  }

  /** Takes up what is new in the projection, as far as `plainAt` has the entries. Nothing is opened before it is asked for. */
  update(projection: Projection, plainAt: PlainAt): void {
    for (const { epoch, commitment, previous } of projection.teamKeys) {
      this.#teamKeys.addGeneration(epoch, { commitment, previous })
    }
    for (const { epoch, publicKey, previous } of projection.auditKeys) {
      this.#auditSeeds.addGeneration(epoch, { commitment: publicKey, previous })
    }
    for (const record of projection.environments.values()) this.#addEpochs(record)
    for (const { what, epoch, at } of this.#places(projection)) {
      if (this.#taken.has(`${what} ${at}`)) continue
      const content = plainAt(at)
      if (content === undefined) continue
      this.#taken.add(`${what} ${at}`)
      this.#take(what, epoch, content)
    }
  }

  /** Where this member's wraps are: of the team key, of audit seeds, of each environment's keys. */
  #places(projection: Projection): { what: string; epoch: number; at: number }[] {
    const me = projection.members.get(this.#member)
    const team = projection.teamKeys.at(-1)
    if (me === undefined || team === undefined) return []
    const places = [{ what: 'team', epoch: team.epoch, at: me.teamKeyAt }]
    // Every epoch that started while this member was an auditor: a link to the epoch before may be missing.
    for (const { epoch, startedAt } of projection.auditKeys) {
      if (startedAt >= me.addedAt) places.push({ what: 'audit', epoch, at: startedAt })
    }
    const audit = projection.auditKeys.at(-1)
    if (me.auditKeyAt !== null && audit !== undefined) {
      places.push({ what: 'audit', epoch: audit.epoch, at: me.auditKeyAt })
    }
    for (const { environment, wrapsAt, epochs } of projection.environments.values()) {
      const at = wrapsAt.get(this.#member)
      const epoch = epochs.at(-1)?.epoch
      if (at !== undefined && epoch !== undefined) places.push({ what: environment, epoch, at })
    }
    return places
  }

  #take(what: string, epoch: number, content: PlainContent): void {
    if (what === 'team' || what === 'audit') {
      const blob = (what === 'team' ? teamKeyWrap : auditSeedWrap)(content, this.#member)
      if (blob !== null) (what === 'team' ? this.#teamKeys : this.#auditSeeds).addWrap(epoch, blob)
      return
    }
    const wrap = compartmentKeysWrap(content, what, this.#member)
    if (wrap === null) return
    this.#compartmentChain(this.#meta, 'meta-key', what).addWrap(epoch, wrap.meta)
    if (wrap.value !== null) this.#compartmentChain(this.#value, 'value-key', what).addWrap(epoch, wrap.value)
  }

  #addEpochs(record: EnvironmentRecord): void {
    const meta = this.#compartmentChain(this.#meta, 'meta-key', record.environment)
    const value = this.#compartmentChain(this.#value, 'value-key', record.environment)
    for (const epoch of record.epochs) {
      meta.addGeneration(epoch.epoch, { commitment: epoch.metaCommitment, previous: epoch.previousMeta })
      value.addGeneration(epoch.epoch, { commitment: epoch.valueCommitment, previous: epoch.previousValue })
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

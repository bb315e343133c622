// Test-only: a ledger built entry by entry, signed with real keys and judged by the real reducer.
import { randomBytes } from '@countersign/crypto/random'
import { sign } from '@countersign/crypto/sign'
import { decodeEntry, type Envelope, encodeEntry, encodeEnvelope, type Head } from '@countersign/schema/entry'
import {
  type EnvironmentId,
  LEDGER,
  type MemberId,
  newId,
  type TeamId,
  type VaultId,
} from '@countersign/schema/ids'
import type {
  LedgerBody,
  LedgerContent,
  LedgerEntryType,
  LedgerPlain,
} from '@countersign/schema/ledger-entries'
import type { Wrap } from '@countersign/schema/membership'
import { INITIAL_POLICY, type Policy, type Role, type Rule } from '@countersign/schema/policy'
import { entryHash, zeroHash } from '../src/entry-hash.ts'
import { teamIdOf } from '../src/plain-membership.ts'
import { verifyEntryAuthor } from '../src/projection.ts'
import { currentTeamKey } from '../src/projection-lookup.ts'
import { reduceLedger } from '../src/reduce.ts'
import type { RefusalCode, Verdict } from '../src/refusal.ts'
import { emptyState, type LedgerState } from '../src/state.ts'
import { Person, type TestDevice } from './person.ts'
/** Where test time starts, and how far each entry moves it (ms). */
export const START = 1_700_000_000_000
export const STEP = 1000

export const blob = (): Uint8Array => randomBytes(48)
export const wrapFor = (member: MemberId): Wrap => ({ member, blob: blob() })

/** 'accepted', or the refusal's code. */
export type Outcome = 'accepted' | RefusalCode
export const outcomeOf = (verdict: Verdict): Outcome => (verdict.accepted ? 'accepted' : verdict.code)

export interface Written {
  readonly verdict: Verdict
  readonly outcome: Outcome
  readonly envelope: Envelope
  readonly bytes: Uint8Array
  readonly hash: Uint8Array
  readonly content: LedgerContent | null
}

export interface WriteOptions {
  readonly device?: TestDevice
  readonly time?: number
  readonly id?: string
  /** Changes the envelope before it is signed: what a hostile author could do. */
  readonly alter?: (envelope: Envelope) => Envelope
}

export interface EnvironmentFixture {
  readonly environment: EnvironmentId
  readonly vault: VaultId
}

export const policyOf = (rule: Rule, changes: Partial<Policy> = {}): Policy => ({
  ...INITIAL_POLICY,
  rule,
  ...changes,
})

export const quorumOf = (k: number, kind: 'approvers' | 'holders' | 'admins' = 'approvers'): Rule => ({
  op: 'quorum',
  k,
  of: { kind },
})

/** Thrown where a fixture's own step is refused: the fixture is wrong, not the rule under test. */
export class FixtureError extends Error {}

export class LedgerAuthor {
  readonly id: TeamId
  readonly state: LedgerState = emptyState()
  readonly founder: Person
  /** Every ledger entry written, refused ones included. */
  readonly entries: Written[] = []
  clock = START
  readonly #nonce = randomBytes(32)

  constructor(founder = new Person('Ada'), roles: Role[] = ['admin']) {
    this.founder = founder
    this.id = teamIdOf(this.#nonce, founder.sign.publicKey)
    this.must(this.write(founder, 'team.create', this.genesisPlain(roles), this.genesisBody()))
  }

  genesisPlain(roles: Role[] = ['admin']): LedgerPlain<'team.create'> {
    const { founder } = this
    return {
      nonce: this.#nonce,
      member: founder.memberKeys(roles),
      device: founder.deviceRecord(this.id),
      credentials: founder.credentialRecords(this.id),
      teamKey: { epoch: 0, commitment: randomBytes(32), wraps: [wrapFor(founder.member)], previous: null },
      auditKey: {
        epoch: 0,
        publicKey: randomBytes(1216),
        wraps: roles.includes('auditor') ? [wrapFor(founder.member)] : [],
        previous: null,
      },
      teamKeyEpoch: 0,
    }
  }

  genesisBody(): LedgerBody<'team.create'> {
    return { team: 'Example', ...this.names(this.founder) }
  }

  names(person: Person): { name: string; device: string; credentials: string[] } {
    return {
      name: person.name,
      device: `${person.name}’s laptop`,
      credentials: person.keys.map((_, i) => `key ${i}`),
    }
  }

  get head(): Head {
    const { head } = this.state.projection
    if (head === null) throw new FixtureError('the team has no entry')
    return head
  }

  get teamKeyEpoch(): number {
    return currentTeamKey(this.state.projection)?.epoch ?? 0
  }

  /** Signs and reduces the ledger's next entry. */
  write<T extends LedgerEntryType>(
    author: Person,
    type: T,
    plain: LedgerPlain<T>,
    body: LedgerBody<T>,
    options: WriteOptions = {},
  ): Written {
    const { head } = this.state.projection
    this.clock += STEP
    const draft: Envelope = {
      v: 1,
      team: this.id,
      stream: LEDGER,
      seq: head === null ? 0 : head.seq + 1,
      prev: head === null ? zeroHash() : head.hash,
      ledger: head,
      id: options.id ?? newId(),
      member: author.member,
      device: (options.device ?? author.device).device,
      type,
      time: options.time ?? this.clock,
      plain,
      body: blob(),
    }
    const envelope = options.alter?.(draft) ?? draft
    const content = { type, plain, body } as LedgerContent
    return this.take(this.signed(author, envelope), content)
  }

  /** An entry's bytes, signed with the author's member key. */
  signed(author: Person, envelope: Envelope): Uint8Array {
    const envelopeBytes = encodeEnvelope(envelope)
    return encodeEntry(envelopeBytes, sign(author.sign.secretKey, 'entry', envelopeBytes))
  }

  /** As a client does: decode, verify the author, reduce. */
  take(bytes: Uint8Array, content: LedgerContent | null): Written {
    const entry = decodeEntry(bytes)
    const { envelope } = entry
    const hash = entryHash(bytes)
    const author = verifyEntryAuthor(this.state.plain, entry)
    const verdict: Verdict =
      author.ok || !author.code.startsWith('chain.')
        ? reduceLedger(this.state, { envelope, content, hash })
        : { accepted: false, code: author.code }
    const written = { verdict, outcome: outcomeOf(verdict), envelope, bytes, hash, content }
    this.entries.push(written)
    return written
  }

  must(written: Written): Written {
    if (!written.verdict.accepted) {
      throw new FixtureError(`${written.envelope.type} was refused: ${written.verdict.code}`)
    }
    return written
  }

  closeBootstrap(): void {
    this.must(this.write(this.founder, 'bootstrap.close', { teamKeyEpoch: this.teamKeyEpoch }, {}))
  }

  /** Replays the entries written so far, or the first of them, into a fresh state; contents are those that were reduced here. */
  replay(entries = this.entries.length): LedgerState {
    const state = emptyState()
    for (const { envelope, content, hash } of this.entries.slice(0, entries))
      reduceLedger(state, { envelope, content, hash })
    return state
  }

  readonly compartmentHeads = new Map<EnvironmentId, Head>()

  compartmentHead(environment: EnvironmentId): Head | null {
    return this.compartmentHeads.get(environment) ?? null
  }
}

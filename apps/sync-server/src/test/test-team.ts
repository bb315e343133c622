import { sign } from '@countersign/crypto/sign'
import { hashOf, randomBytes } from '@countersign/crypto/verify'
import { encodeCanonical } from '@countersign/schema/canonical'
import {
  ENTRY_PURPOSE,
  type Envelope,
  encodeEntry,
  encodeEnvelope,
  type Head,
} from '@countersign/schema/entry'
import { toHex } from '@countersign/schema/hex'
import { auditStream, compartmentStream, LEDGER, newId, parseStream } from '@countersign/schema/ids'
import type { LedgerEntryType, LedgerPlain } from '@countersign/schema/ledger-entries'
import type { Access, Cut } from '@countersign/schema/membership'
import type { Level, Role } from '@countersign/schema/policy'
import type { AppendPart } from '@countersign/schema/wire'
import { hashEntry } from '../core/hash-entry.ts'
import { TestMember } from './test-member.ts'

const blob = (bytes = 80) => randomBytes(bytes)
const FIRST = new Uint8Array(32)

export interface EntryOptions {
  readonly id?: string
  readonly bodyBytes?: number
  readonly plain?: Envelope['plain']
  /** Continues another chain than the team's own copy. */
  readonly after?: Head | null
}

/** A team as its members' clients would build it: keeps the heads and makes the next signed entries. */
export class TestTeam {
  readonly founder = new TestMember(['admin'])
  readonly id: string
  readonly genesis: Uint8Array
  readonly heads = new Map<string, Head>()
  #teamKeyEpoch = 0

  constructor() {
    const nonce = randomBytes(32)
    const { founder } = this
    const idBytes = hashOf('team-id', encodeCanonical({ nonce, signKey: founder.sign.publicKey }))
    this.id = toHex(idBytes.subarray(0, 16))
    this.genesis = this.entry(founder, LEDGER, 'team.create', {
      nonce,
      member: founder.keys,
      device: founder.deviceRecord(this.id),
      credentials: [founder.credential(this.id)],
      teamKey: {
        epoch: 0,
        commitment: randomBytes(32),
        wraps: [{ member: founder.id, blob: blob() }],
        previous: null,
      },
      auditKey: { epoch: 0, publicKey: randomBytes(1216), wraps: [], previous: null },
      teamKeyEpoch: 0,
    })
    this.advance(LEDGER, this.genesis)
  }

  head(stream: string): Head | null {
    return this.heads.get(stream) ?? null
  }

  /** Notes that the stream now ends with this entry. */
  advance(stream: string, entry: Uint8Array): void {
    this.heads.set(stream, { seq: (this.head(stream)?.seq ?? -1) + 1, hash: hashEntry(entry) })
  }

  /** The next entry of a stream, signed. It is not noted. */
  entry(
    author: TestMember,
    stream: string,
    type: string,
    plain: Envelope['plain'],
    options: EntryOptions = {},
  ): Uint8Array {
    const head = options.after === undefined ? this.head(stream) : options.after
    const envelope: Envelope = {
      v: 1,
      team: this.id,
      stream,
      seq: head === null ? 0 : head.seq + 1,
      prev: head?.hash ?? FIRST,
      ledger: this.head(LEDGER),
      id: options.id ?? newId(),
      member: author.id,
      device: author.device,
      type,
      time: Date.now(),
      plain,
      body: blob(options.bodyBytes ?? 80),
    }
    const bytes = encodeEnvelope(envelope)
    const key = parseStream(stream).kind === 'audit' ? author.deviceSign : author.sign
    return encodeEntry(bytes, sign(key.secretKey, ENTRY_PURPOSE, bytes))
  }

  ledger<T extends LedgerEntryType>(author: TestMember, type: T, plain: LedgerPlain<T>): AppendPart {
    return this.part(LEDGER, this.entry(author, LEDGER, type, plain))
  }

  /** A part with these entries, noted as the stream's new end. */
  part(stream: string, ...entries: Uint8Array[]): AppendPart {
    const expected = this.head(stream)
    for (const entry of entries) this.advance(stream, entry)
    return { stream, expected, entries }
  }

  item(author: TestMember, environment: string, options: EntryOptions = {}): AppendPart {
    const stream = compartmentStream(environment)
    const plain = options.plain ?? {
      item: newId(),
      version: 1,
      base: 0,
      epoch: 0,
      meta: blob(),
      value: blob(),
      itemKey: blob(),
    }
    return this.part(stream, this.entry(author, stream, 'item.put', plain, options))
  }

  audit(author: TestMember, options: EntryOptions = {}): AppendPart {
    const stream = auditStream(author.device)
    return this.part(stream, this.entry(author, stream, 'audit.records', { segment: newId() }, options))
  }

  /** A vault and one environment in it, held by `holders`. */
  environment(environment: string, holders: readonly TestMember[]): AppendPart {
    const expected = this.head(LEDGER)
    const vault = newId()
    const first = this.ledger(this.founder, 'vault.create', { teamKeyEpoch: this.#teamKeyEpoch, vault })
    const second = this.ledger(this.founder, 'environment.create', {
      teamKeyEpoch: this.#teamKeyEpoch,
      vault,
      epoch: {
        environment,
        epoch: 0,
        metaCommitment: randomBytes(32),
        valueCommitment: randomBytes(32),
        wraps: holders.map((each) => ({ member: each.id, meta: blob(), value: blob() })),
        previousMeta: null,
        previousValue: null,
      },
    })
    return { stream: LEDGER, expected, entries: [...first.entries, ...second.entries] }
  }

  add(member: TestMember, access: readonly { environment: string; level: Level }[] = []): AppendPart {
    return this.ledger(this.founder, 'member.add', {
      teamKeyEpoch: this.#teamKeyEpoch,
      authority: null,
      member: member.keys,
      device: member.deviceRecord(this.id),
      credentials: [member.credential(this.id)],
      teamKey: { member: member.id, blob: blob() },
      auditKey: (member.roles as Role[]).includes('auditor') ? { member: member.id, blob: blob() } : null,
      access: access.map((each) => this.#access(member, each.environment, each.level)),
      transcript: randomBytes(32),
    })
  }

  /** Takes a reader's access to an environment away, with a cut where it stands. */
  withdraw(member: TestMember, environment: string): AppendPart {
    return this.ledger(this.founder, 'member.access', {
      teamKeyEpoch: this.#teamKeyEpoch,
      authority: null,
      member: member.id,
      access: [{ environment, level: 'none', approve: false, wrap: null }],
      epochs: [],
      cuts: [this.#cut(environment)],
    })
  }

  give(member: TestMember, environment: string, level: Level): AppendPart {
    return this.ledger(this.founder, 'member.access', {
      teamKeyEpoch: this.#teamKeyEpoch,
      authority: null,
      member: member.id,
      access: [this.#access(member, environment, level)],
      epochs: [],
      cuts: [],
    })
  }

  remove(member: TestMember, left: readonly TestMember[], environments: readonly string[]): AppendPart {
    const part = this.ledger(this.founder, 'member.remove', {
      teamKeyEpoch: this.#teamKeyEpoch,
      member: member.id,
      teamKey: {
        epoch: this.#teamKeyEpoch + 1,
        commitment: randomBytes(32),
        wraps: left.map((each) => ({ member: each.id, blob: blob() })),
        previous: blob(),
      },
      auditKey: null,
      epochs: [],
      cuts: environments.map((each) => this.#cut(each)),
    })
    this.#teamKeyEpoch += 1
    return part
  }

  #access(member: TestMember, environment: string, level: Level): Access {
    const wrap = { member: member.id, meta: blob(), value: level === 'hold' ? blob() : null }
    return { environment, level, approve: false, wrap }
  }

  #cut(environment: string): Cut {
    return { environment, head: this.head(compartmentStream(environment)) }
  }
}

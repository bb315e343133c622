import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NotAnExport } from '@countersign/agent/verifier/frames'
import { verifyFile } from '@countersign/agent/verifier/verify-file'
import { readFrame, writeFrame } from '@countersign/client/audit/outbox-frame'
import { auditExport } from '@countersign/client/export/audit-export'
import { encodeSeen, SEEN_PURPOSE } from '@countersign/client/replica/seen-book'
import { treeOrigin } from '@countersign/client/replica/tree-names'
import { sealBody } from '@countersign/client/team/entry-body'
import { cosign } from '@countersign/crypto/checkpoint'
import { MerkleTree } from '@countersign/crypto/merkle-tree'
import { messageKey } from '@countersign/crypto/message-key'
import { Secret } from '@countersign/crypto/secret'
import { sign } from '@countersign/crypto/sign'
import { policyOf, quorumOf, type WriteOptions, type Written } from '@countersign/ledger/test/ledger-author'
import { Person } from '@countersign/ledger/test/person'
import { TestTeam } from '@countersign/ledger/test/team'
import { decodeEntry } from '@countersign/schema/entry'
import { LEDGER } from '@countersign/schema/ids'
import type { LedgerBody, LedgerEntryType, LedgerPlain } from '@countersign/schema/ledger-entries'
import type { SignedSeen } from '@countersign/schema/wire'
import { type FuzzedParser, utf8 } from '../parser.ts'

/** A team whose bodies are sealed as clients seal them, so that an exporter can disclose them. */
class SealedTeam extends TestTeam {
  static readonly #keys = new WeakMap<SealedTeam, Secret>()

  get key(): Secret {
    const known = SealedTeam.#keys.get(this) ?? Secret.random(32)
    SealedTeam.#keys.set(this, known)
    return known
  }

  override write<T extends LedgerEntryType>(
    author: Person,
    type: T,
    plain: LedgerPlain<T>,
    body: LedgerBody<T>,
    options: WriteOptions = {},
  ): Written {
    const alter: WriteOptions['alter'] = (draft) => ({
      ...draft,
      body: sealBody(this.id, draft.id, this.teamKeyEpoch, this.key, body),
    })
    return super.write(author, type, plain, body, { ...options, alter })
  }
}

const approvedTeam = (): SealedTeam => {
  const team = new SealedTeam(new Person('Ada'))
  const { founder } = team
  const production = team.environment(team.vault(), 'production')
  const ben = new Person('Ben')
  team.add(ben, ['developer'], [team.accessTo(ben.member, production.environment, 'hold', true)])
  team.must(team.setPolicy(founder, production.environment, policyOf(quorumOf(1))))
  const asked = team.ask(founder, team.terms(production))
  team.must(team.approve(ben, asked))
  team.must(team.issue(ben, asked))
  return team
}

const statementOf = (team: SealedTeam): SignedSeen => {
  const { device, sign: keys } = team.founder.device
  const statement = {
    team: team.id,
    member: team.founder.member,
    device,
    time: team.clock,
    heads: [{ stream: LEDGER, head: team.head }],
  }
  const tree = new MerkleTree()
  for (const { hash } of team.entries) tree.append(hash)
  const head = { origin: treeOrigin(team.id, LEDGER), size: tree.size, root: tree.root() }
  const trees = [
    { stream: LEDGER, ...head, ...cosign(keys.secretKey, head, Math.floor(team.clock / 1000)) },
  ].map(({ stream, size, root, time, signature }) => ({ stream, size, root, time, signature }))
  return { statement, signature: sign(keys.secretKey, SEEN_PURPOSE, encodeSeen(statement)), trees }
}

/** An export as the shipped writer makes it: everything opened, or nothing. */
const exported = async (team: SealedTeam, opened: 'none' | 'records'): Promise<Uint8Array> => {
  const { member, device } = team.founder
  const entries = team.entries.map(({ bytes, hash }, seq) => {
    const entry = decodeEntry(bytes)
    return { stream: LEDGER, seq, hash, bytes, entry, provisional: false } as const
  })
  const [genesis] = entries
  if (genesis === undefined) throw new Error('a team without a first entry')
  const source = {
    team: team.id,
    member,
    device: device.device,
    genesis: genesis.hash,
    projection: team.state.projection,
    streams: [{ stream: LEDGER, head: team.head }],
    statements: [statementOf(team)],
    alarm: null,
    async *pages() {
      yield entries
    },
    sign: (bytes: Uint8Array) => sign(device.sign.secretKey, 'audit-export', bytes),
  }
  const keyOf = ({ body }: { readonly body: Uint8Array | null }): Uint8Array | null =>
    opened === 'none' || body === null ? null : messageKey(team.key, body)
  const parts: Uint8Array[] = []
  for await (const part of auditExport(source, { createdAt: team.clock, disclosure: { opened, keyOf } })) {
    parts.push(part)
  }
  return new Uint8Array(Buffer.concat(parts))
}

/** The parsers of files that somebody else wrote. */
export const fileParsers = async (): Promise<FuzzedParser[]> => {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-fuzz-'))
  const seeds = [
    await exported(new SealedTeam(new Person('Ada')), 'none'),
    await exported(approvedTeam(), 'records'),
  ]
  let files = 0
  return [
    {
      name: 'audit-export',
      from: 'whoever hands over an export',
      seeds,
      dictionary: ['header', 'statement', 'checkpoint', 'alarm', 'entry', 'end', 'ledger', 'records'].map(
        utf8,
      ),
      parse: async (input) => {
        const file = join(folder, String(files++ % 64))
        await writeFile(file, input)
        let verdict: string
        try {
          verdict = (await verifyFile(file)).verdict
        } catch (error) {
          if (error instanceof NotAnExport) return 'not-an-export'
          throw error
        }
        if (verdict === 'verified' && !seeds.some((seed) => Buffer.compare(seed, input) === 0))
          throw new Error('a file that nobody signed is verified')
        return verdict
      },
      close: () => rm(folder, { recursive: true, force: true }),
    },
    {
      name: 'outbox-frame',
      from: 'a disk that was damaged',
      seeds: [[], [utf8('one')], [utf8('one'), new Uint8Array(0), utf8('three')]].map((records) =>
        writeFrame(7, 3, records),
      ),
      dictionary: [utf8('csao')],
      parse: (input) => {
        const frame = readFrame(input, 0)
        if (frame === undefined) return 'torn'
        const { first, sent, records, end } = frame
        const written = writeFrame(first, sent, records)
        if (Buffer.compare(written, input.subarray(0, end)) !== 0)
          throw new Error('a frame is written back otherwise')
        return 'accepted'
      },
    },
  ]
}

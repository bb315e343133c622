import { createPublicKey, verify } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { verifyFile } from '@countersign/agent/verifier/verify-file'
import { SoftwareKeys } from '@countersign/client/authenticator/software'
import { auditExport, EXPORT_PURPOSE, type ExportSource } from '@countersign/client/export/audit-export'
import { nothingDisclosed } from '@countersign/client/export/disclosure'
import { writeExport } from '@countersign/client/export/write-export'
import { Enrolment } from '@countersign/client/keys/enrolment'
import { type Draft, type SignedDraft, signDrafts } from '@countersign/client/replica/draft'
import { encodeSeen, SEEN_PURPOSE } from '@countersign/client/replica/seen-book'
import { genesisOf } from '@countersign/client/team/found-team'
import { wsConnector } from '@countersign/client/transport/ws-connector'
import { deviceSign, memberKeys } from '@countersign/crypto/derive'
import { randomBytes } from '@countersign/crypto/random'
import { cryptoReady } from '@countersign/crypto/ready'
import { Secret } from '@countersign/crypto/secret'
import { sign } from '@countersign/crypto/sign'
import { teamIdOf } from '@countersign/ledger/plain-membership'
import { emptyProjection, project } from '@countersign/ledger/projection'
import { decodeEntry, ENTRY_PURPOSE } from '@countersign/schema/entry'
import { auditStream, LEDGER, newId } from '@countersign/schema/ids'
import { report } from './report.ts'

// How fast exports are checked, against the signatures alone, which no checking can do without: the same number of Ed25519
// signatures over messages of the same length, verified by Node in a loop. And how fast they are written, against the checking.

const ENTRIES = 20_000
const RUNS = 3

await cryptoReady()
const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-audit-'))
const keys = new SoftwareKeys(join(folder, 'keys'))
const nonce = randomBytes(32)
const enrolment = new Enrolment(keys, (root) => teamIdOf(nonce, memberKeys(root).sign.publicKey))
await enrolment.enrol('one')
await enrolment.enrol('two')
const device = { device: newId(), deviceSecret: Secret.random() }
const names = { name: 'Ada', deviceName: 'bench', teamName: 'Bench', server: '', setupToken: '' }
const genesis = genesisOf({ enrolment, nonce, device, ...names, connect: wsConnector, now: Date.now() })
const { team, member } = enrolment
const key = deviceSign(device.deviceSecret)
const stream = auditStream(device.device)
const first = decodeEntry(genesis.entry)
const projection = emptyProjection()
project(projection, { envelope: first.envelope, hash: genesis.hash })

const segment = newId()
const drafts = Array.from(
  { length: ENTRIES },
  (_, i): Draft => ({
    stream,
    type: i === 0 ? 'audit.segment' : 'audit.records',
    plain:
      i === 0
        ? { segment, auditEpoch: 0, key: randomBytes(1300), cause: 'first' }
        : { segment, first: i - 1, count: 1, records: randomBytes(400) },
    body: null,
  }),
)
const place = { team, member, device: device.device, time: Date.now() }
const head = (name: string) => (name === LEDGER ? { seq: 0, hash: genesis.hash } : null)
const signer = { sign: (_: string, bytes: Uint8Array) => sign(key.secretKey, ENTRY_PURPOSE, bytes) }
const entries = signDrafts(drafts, { ...place, head }, signer)
const founding: SignedDraft = {
  stream: LEDGER,
  seq: 0,
  hash: genesis.hash,
  bytes: genesis.entry,
  entry: first,
}
const last = entries.at(-1)
if (last === undefined) throw new Error('no entries')
const streams = [
  { stream: LEDGER, head: { seq: 0, hash: genesis.hash } },
  { stream, head: { seq: last.seq, hash: last.hash } },
]
const statement = { team, member, device: device.device, time: Date.now(), heads: streams }
const source: ExportSource = {
  team,
  member,
  device: device.device,
  genesis: genesis.hash,
  projection,
  streams,
  statements: [{ statement, signature: sign(key.secretKey, SEEN_PURPOSE, encodeSeen(statement)) }],
  alarm: null,
  async *pages(name) {
    const all = name === LEDGER ? [founding] : entries
    for (let at = 0; at < all.length; at += 500) {
      yield all.slice(at, at + 500).map((each) => ({ ...each, provisional: false }))
    }
  },
  sign: (bytes) => sign(key.secretKey, EXPORT_PURPOSE, bytes),
}

const path = join(folder, 'export.csaudit')
const timed = async (work: () => unknown): Promise<number> => {
  const started = performance.now()
  await work()
  return performance.now() - started
}
const bare = createPublicKey({
  key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(key.publicKey).toString('base64url') },
  format: 'jwk',
})
const messages = entries.map(({ entry }) => ({
  message: Buffer.concat([Buffer.from('countersign/v1/entry\0'), entry.envelopeBytes]),
  signature: entry.signature,
}))

const [writing, checking, signatures]: [number[], number[], number[]] = [[], [], []]
for (let run = 0; run < RUNS; run++) {
  writing.push(
    await timed(() =>
      writeExport(
        path,
        auditExport(source, { createdAt: Date.now(), disclosure: nothingDisclosed }),
        new AbortController().signal,
      ),
    ),
  )
  checking.push(
    await timed(async () => {
      const { verdict, findings } = await verifyFile(path)
      if (verdict !== 'verified') throw new Error(findings[0]?.message)
    }),
  )
  signatures.push(
    await timed(() => {
      for (const { message, signature } of messages) {
        if (!verify(null, message, bare, signature)) throw new Error('a signature does not verify')
      }
    }),
  )
}
rmSync(folder, { recursive: true, force: true })
report('audit export', [
  {
    what: `checking ${ENTRIES} entries / their signatures alone`,
    ours: checking,
    theirs: signatures,
    unit: 'ms',
    target: { max: 2 },
  },
  {
    what: `writing ${ENTRIES} entries / checking them`,
    ours: writing,
    theirs: checking,
    unit: 'ms',
    target: { max: 1 },
  },
])

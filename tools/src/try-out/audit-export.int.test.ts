import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { openBlob } from '@countersign/agent/verifier/open-blob'
import type { Report } from '@countersign/agent/verifier/report'
import { verifyFile } from '@countersign/agent/verifier/verify-file'
import { SoftwareKeys } from '@countersign/client/authenticator/software'
import { InstallationFolder } from '@countersign/client/keys/installation'
import { unlockWithKey } from '@countersign/client/keys/ways-in'
import { seal } from '@countersign/crypto/aead'
import { memberKeys } from '@countersign/crypto/derive'
import { messageKey } from '@countersign/crypto/message-key'
import { cryptoReady } from '@countersign/crypto/ready'
import { Secret } from '@countersign/crypto/secret'
import { sign } from '@countersign/crypto/sign'
import { type Installation, startInstallation } from '@countersign/desktop/headless/installation'
import type { ExportView } from '@countersign/desktop/shared/job-views'
import { entryHash } from '@countersign/ledger/entry-hash'
import { type CborValue, decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import { ENTRY_PURPOSE, type Envelope, encodeEntry, encodeEnvelope } from '@countersign/schema/entry'
import { LEDGER } from '@countersign/schema/ids'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { entryOf, type Frame, framesOf, headerOf, writeFrames } from './export-surgery.ts'
import { type PersonRole, TryOutTeam } from './team.ts'
import { until } from './until.ts'

const AGENT = fileURLToPath(new URL('../../../apps/agent/src/main.ts', import.meta.url))
const VALUE = 'sk-proj-a-value-that-no-export-may-hold'
const run = promisify(execFile)

let folder: string
let team: TryOutTeam
let audit: string
let plain: string
let auditFrames: Frame[]
let auditorSecret: Uint8Array

const exported = async (
  installation: Installation,
  call: 'export.audit' | 'export.evidence',
  records: boolean,
) => {
  if (call === 'export.audit') await installation.must(call, { records })
  else await installation.must(call, {})
  const view = await until(
    async (): Promise<ExportView | null> => {
      const { export: now } = await installation.must('export.state', {})
      return now !== null && now.state !== 'choosing' && now.state !== 'running' ? now : null
    },
    { what: 'the export is written' },
  )
  if (view.state !== 'done' || view.path === null) throw new Error(`the export ended as ${view.state}`)
  return view.path
}

const profileOf = (role: PersonRole) => {
  const profile = new InstallationFolder(team.people[role].profileDir)
  const installation = profile.read()
  if (installation?.membership == null) throw new Error(`${role} is in no team`)
  return { profile, installation, membership: installation.membership }
}

/** What a member with a modified client has: their signing key. */
const memberSign = async (role: PersonRole) => {
  const { profile, installation, membership } = profileOf(role)
  const keys = new SoftwareKeys(profile.softwareKeysPath)
  const unlocked = await unlockWithKey(membership, installation.device, keys)
  if (!unlocked.ok) throw new Error(unlocked.code)
  return memberKeys(unlocked.value.root).sign.secretKey
}

const cli = async (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> => {
  const empty = await mkdtemp(join(tmpdir(), 'countersign-home-'))
  try {
    const env = { PATH: process.env.PATH ?? '', HOME: empty }
    const { stdout, stderr } = await run(process.execPath, [AGENT, ...args], { env })
    return { code: 0, stdout, stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, stdout, stderr }
  } finally {
    await rm(empty, { recursive: true, force: true })
  }
}

const codesOf = (report: Report): string[] => [...new Set(report.findings.map(({ code }) => code))]
const written = async (name: string, frames: readonly Frame[]): Promise<string> => {
  const path = join(folder, name)
  await writeFrames(path, frames, auditorSecret)
  return path
}
const reportOf = async (name: string, frames: readonly Frame[]): Promise<Report> =>
  verifyFile(await written(name, frames))

/** The same file with other ends of its streams in the header, as its entries now have them. */
const withHeads = (frames: readonly Frame[]): Frame[] => {
  const heads = new Map<string, { seq: number; hash: Uint8Array }>()
  for (const frame of frames) {
    const entry = entryOf(frame)
    if (entry === null || !(frame[1] instanceof Uint8Array)) continue
    heads.set(entry.envelope.stream, { seq: entry.envelope.seq, hash: entryHash(frame[1]) })
  }
  const streams = [...heads].map(([stream, head]) => ({ stream, head }))
  const header = { ...headerOf(frames), streams } as CborValue
  return [['header', header], ...frames.slice(1)]
}
const withoutClaims = (frames: readonly Frame[]): Frame[] =>
  frames.filter(([kind]) => kind === 'header' || kind === 'entry')
const ledgerOnly = (frames: readonly Frame[]): Frame[] =>
  frames.filter((frame) => frame[0] !== 'entry' || entryOf(frame)?.envelope.stream === LEDGER)

const resigned = (envelope: Envelope, key: Secret): Uint8Array => {
  const bytes = encodeEnvelope(envelope)
  return encodeEntry(bytes, sign(key, ENTRY_PURPOSE, bytes))
}
/** The key of whoever wrote an entry. */
const signerOf = async ({ member }: Envelope): Promise<Secret> => {
  for (const role of ['admin', 'approver'] as const)
    if (profileOf(role).membership.member === member) return memberSign(role)
  throw new Error('written by somebody else')
}
const indexOfLast = (frames: readonly Frame[], test: (envelope: Envelope) => boolean): number =>
  frames.findLastIndex((frame) => {
    const entry = entryOf(frame)
    return entry !== null && test(entry.envelope)
  })

/** The body of an entry, opened with the key that stands beside it in the file. */
const bodyOf = (frame: Frame): Record<string, CborValue> => {
  const { envelope } = entryOf(frame)!
  const { team: id, stream, id: entry, plain: clear, body } = envelope
  const context = { type: 'entry-body', team: id, stream, id: entry, epoch: clear.teamKeyEpoch } as const
  const opened = openBlob(frame[2] as Uint8Array, encodeCanonical(context as CborValue), body!)
  if (opened === null) throw new Error('the body does not open')
  return decodeCanonical(opened) as Record<string, CborValue>
}

beforeAll(async () => {
  await cryptoReady()
  folder = await mkdtemp(join(tmpdir(), 'countersign-audit-export-'))
  team = await TryOutTeam.start(folder, () => undefined)
  const vault = await team.found()
  await team.addProductionKey(vault, VALUE)
  const binding = await team.bind('cs://llm/production/openai', VALUE)
  const api = await team.localApi()
  await api.read(binding.reference, binding.token)
  const { auditor, admin, developer } = team.people
  await until(
    async () => {
      const { rows } = await auditor.must('audit.list', { before: null, limit: 500, text: '' })
      return rows.some(({ action }) => action === 'read a credential')
    },
    { what: 'the read is in the auditor’s audit' },
  )
  const { device } = profileOf('developer').installation
  await until(
    async () => {
      const { witness } = await auditor.must('status.get', {})
      return witness.devices === witness.of && witness.each.some((each) => each.device === device)
    },
    { what: 'everybody has stated what they saw' },
  )
  await developer.must('status.get', {})
  audit = await exported(auditor, 'export.audit', true)
  plain = await exported(admin, 'export.audit', false)
  auditFrames = await framesOf(audit)
  auditorSecret = profileOf('auditor').installation.deviceSecret.bytes
}, 180_000)
afterAll(async () => {
  await team?.stop()
  await rm(folder, { recursive: true, force: true })
})

describe('the export of a real team', () => {
  it('V6 verifies: chains, trees, statements, and every touch again from the ledger alone', async () => {
    const records: string[] = []
    const report = await verifyFile(audit, {
      genesis: Buffer.from(profileOf('admin').membership.genesisHash).toString('hex'),
      onRecord: ({ record }) => records.push(record.text('action')),
    })
    expect(report).toMatchObject({ verdict: 'verified', findings: [], reason: 'audit', opened: 'records' })
    expect(report.approvals).toEqual({ verified: 2, failed: 0, closed: 0 })
    expect(report.grants).toMatchObject([{ approvedBy: ['Ada Admin', 'Abel Approver'] }])
    expect(report.statements).toBe(4)
    expect(report.cosignatures).toBeGreaterThan(4)
    expect(report.by).toContain('Otto Auditor')
    expect(report.streams[0]).toMatchObject({ stream: 'ledger', witnessedBy: 4 })
    expect(report.streams.filter(({ stream }) => stream.startsWith('a/'))).toHaveLength(4)
    expect(records).toContain('credential.read')
  })

  it('V6 holds no value, and no word in clear; what is not opened is said not to be', async () => {
    for (const path of [audit, plain]) {
      const bytes = await readFile(path)
      for (const word of [VALUE, 'Ada', 'openai', 'Trying Countersign out'])
        expect(bytes.includes(word)).toBe(false)
    }
    const report = await verifyFile(plain)
    expect(report).toMatchObject({ verdict: 'verified', opened: 'approvals', records: 0 })
    expect(report.approvals).toEqual({ verified: 2, failed: 0, closed: 0 })
    expect((await stat(audit)).mode & 0o777).toBe(0o600)
  })

  it('V6 the command says so to a person and to a program, without an app, a home or a network', async () => {
    const good = await cli('audit', 'verify', audit)
    expect(good).toMatchObject({ code: 0, stderr: '' })
    expect(good.stdout).toContain('VERIFIED')
    expect(good.stdout).toContain('touches by Ada Admin, Abel Approver')
    const json = await cli('audit', 'verify', '--json', audit, plain)
    expect(json.code).toBe(0)
    expect(JSON.parse(json.stdout)).toMatchObject({
      files: [{ verdict: 'verified' }, { verdict: 'verified' }],
      between: [],
    })
    const records = await cli('audit', 'verify', '--records', audit)
    expect(records.stdout).toContain('"action":"credential.read"')
    expect(records.stdout).not.toContain(VALUE)
    const other = await cli('audit', 'verify', '--team', '0'.repeat(32), audit)
    expect(other.code).toBe(1)
    await writeFile(join(folder, 'not-an-export'), 'hello')
    expect((await cli('audit', 'verify', join(folder, 'not-an-export'))).code).toBe(2)
    expect((await cli('audit', 'verify', join(folder, 'nowhere'))).code).toBe(2)
    expect((await cli('audit', 'verify')).code).toBe(2)
    const cut = join(folder, 'cut')
    await writeFile(cut, (await readFile(audit)).subarray(0, -1))
    expect((await cli('evidence', 'verify', cut)).code).toBe(1)
  })

  it('V7 no bit of the file can be another', async () => {
    const whole = await readFile(audit)
    const path = join(folder, 'flipped')
    // Every part of the file, and each bit of its beginning and end; which bit of a byte changes along.
    const places = new Set<number>()
    for (let bit = 0; bit < 60 * 8; bit += 7) places.add(bit)
    for (let bit = whole.length * 8 - 260 * 8; bit < whole.length * 8; bit += 13) places.add(bit)
    const step = Math.floor((whole.length * 8) / 160)
    for (let bit = 3; bit < whole.length * 8; bit += step) places.add(bit)
    for (const bit of places) {
      const flipped = Buffer.from(whole)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      await writeFile(path, flipped)
      const verdict = await verifyFile(path).then(
        (report) => report.verdict,
        (error: Error) => error.name,
      )
      expect(['damaged', 'NotAnExport'], `bit ${bit}`).toContain(verdict)
    }
  })

  it('V7 nor can whoever wrote it change a bit of what others signed, and sign the file again', async () => {
    const kinds = ['entry', 'statement', 'checkpoint']
    const changeable = auditFrames.flatMap(([kind], at) => (kinds.includes(kind) ? [at] : []))
    for (const [round, at] of changeable.entries()) {
      const frames = auditFrames.map((frame): Frame => [...frame])
      const frame = frames[at]!
      const part =
        frame[0] === 'statement' || (frame[0] === 'entry' && frame[2] !== null) ? 1 + (round % 2) : 1
      const before = frame[part]
      if (typeof before === 'string') {
        const index = (round * 31) % (before.length - 1)
        const letter = before[index] === 'A' ? 'B' : 'A'
        frame[part] = before.slice(0, index) + letter + before.slice(index + 1)
      } else if (before instanceof Uint8Array) {
        const flipped = Uint8Array.from(before)
        flipped[(round * 131) % flipped.length]! ^= 1 << (round & 7)
        frame[part] = flipped
      }
      const report = await reportOf('resigned', frames)
      expect(report.verdict, `frame ${at} (${frame[0]}), part ${part}`).not.toBe('verified')
    }
  })

  it('V8 proves reordering, repetition and loss in any stream, whoever signs the file again', async () => {
    const streams = headerOf(auditFrames).streams.filter(({ head }) => head.seq >= 1)
    expect(streams.length).toBeGreaterThan(2)
    for (const { stream } of streams) {
      const at = indexOfLast(auditFrames, (envelope) => envelope.stream === stream) - 1
      const swapped = [...auditFrames]
      swapped[at] = auditFrames[at + 1]!
      swapped[at + 1] = auditFrames[at]!
      expect(codesOf(await reportOf('swapped', withHeads(swapped)))).toContain('chain.order')
      const dropped = auditFrames.filter((_, index) => index !== at)
      expect(codesOf(await reportOf('dropped', withHeads(dropped)))).toContain('chain.order')
      const repeated = [...auditFrames.slice(0, at + 1), ...auditFrames.slice(at)]
      expect(codesOf(await reportOf('repeated', withHeads(repeated)))).toContain('chain.order')
    }
  })

  it('V8 convicts whoever cuts the end of a stream, by the statements and cosignatures of those who saw more', async () => {
    const { device } = profileOf('developer').installation
    for (const stream of [LEDGER, `a/${device}`]) {
      const at = indexOfLast(auditFrames, (envelope) => envelope.stream === stream)
      const cut = auditFrames.filter((_, index) => index !== at)
      const report = await reportOf('cut-stream', withHeads(cut))
      expect(codesOf(report)).toContain('truncated')
      expect(report.findings.find(({ code }) => code === 'truncated')?.kind).toBe('convicts')
      // Without what others signed nobody can tell: an export without statements says so by having none.
      const silent = await reportOf(
        'cut-silent',
        withHeads(withoutClaims(stream === LEDGER ? ledgerOnly(cut) : cut)),
      )
      expect(silent).toMatchObject({ verdict: 'verified', statements: 0, cosignatures: 0 })
      expect(silent.streams.every(({ witnessedBy }) => witnessedBy === 0)).toBe(true)
    }
  })

  it('V9 convicts a fork: another last entry, signed by its author, against statements and against another file', async () => {
    const at = indexOfLast(auditFrames, ({ stream, type }) => stream === LEDGER && type === 'grant.issue')
    const { envelope } = entryOf(auditFrames[at]!)!
    const author = await signerOf(envelope)
    const other = resigned({ ...envelope, time: envelope.time + 1 }, author)
    const forked = ledgerOnly(auditFrames).filter(
      (frame) => (entryOf(frame)?.envelope.seq ?? 0) <= envelope.seq,
    )
    forked[forked.length - 1] = ['entry', other, null]
    const alone = await reportOf('forked', withHeads(forked))
    expect(codesOf(alone)).toEqual(['truncated', 'fork'].filter((code) => codesOf(alone).includes(code)))
    expect(alone.findings.some(({ code, kind }) => code === 'fork' && kind === 'convicts')).toBe(true)
    const silent = await written('forked-silent', withHeads(withoutClaims(forked)))
    expect((await verifyFile(silent)).verdict).toBe('verified')
    const pair = await cli('audit', 'verify', '--json', silent, audit)
    expect(pair.code).toBe(1)
    expect(JSON.parse(pair.stdout).between).toMatchObject([{ code: 'fork', kind: 'convicts' }])
  })

  it('V9 convicts a fork of a stream that one of two files does not hold, by what a device signed of it', async () => {
    const at = indexOfLast(auditFrames, ({ stream }) => stream.startsWith('c/'))
    const { envelope } = entryOf(auditFrames[at]!)!
    const other = resigned({ ...envelope, time: envelope.time + 1 }, await signerOf(envelope))
    const forked = auditFrames.filter((frame) => {
      const stream = entryOf(frame)?.envelope.stream ?? LEDGER
      return stream === LEDGER || stream === envelope.stream
    })
    forked[forked.indexOf(auditFrames[at]!)] = ['entry', other, null]
    const theirs = await written('forked-stream', withHeads(withoutClaims(forked)))
    // As the evidence of an alarm about something else: the ledger, and statements of all that was verified.
    const ours = await written('statements-only', withHeads(ledgerOnly(auditFrames)))
    for (const file of [theirs, ours]) expect((await verifyFile(file)).verdict).toBe('verified')
    const pair = await cli('evidence', 'verify', '--json', ours, theirs)
    expect(pair.code).toBe(1)
    const { between } = JSON.parse(pair.stdout)
    expect(between).toMatchObject([{ code: 'fork', kind: 'convicts' }])
    expect(between[0].message).toMatch(/verified by device \w{8} of .+, who signed that/)
  })

  it('V10 finds a touch that was not made for this request, by this person, with their key', async () => {
    const approvals = auditFrames.flatMap((frame, at) =>
      entryOf(frame)?.envelope.type === 'approval.give' ? [at] : [],
    )
    expect(approvals).toHaveLength(2)
    const [first, last] = [approvals[0]!, approvals[1]!]
    const roles = ['admin', 'approver'] as const
    const { envelope } = entryOf(auditFrames[last]!)!
    const role = roles.find((each) => profileOf(each).membership.member === envelope.member)!
    const key = await memberSign(role)
    const body = bodyOf(auditFrames[last]!)
    const enrolled = auditFrames
      .map((frame) => entryOf(frame)?.envelope.plain)
      .flatMap((clear) => (clear?.credentials ?? []) as { credentialId: Uint8Array; proof: CborValue }[])
    const own = (body.assertion as { credentialId: Uint8Array }).credentialId
    const proof = enrolled.find(({ credentialId }) => Buffer.compare(credentialId, own) === 0)?.proof
    const swaps: [string, CborValue][] = [
      ['not one of this member', bodyOf(auditFrames[first]!).assertion!],
      ['something else than what was asked', proof!],
      [
        'did not sign it',
        { ...(body.assertion as object), signature: (proof as { signature: Uint8Array }).signature },
      ],
    ]
    for (const [words, assertion] of swaps) {
      const made = Secret.random()
      const context = { type: 'entry-body', team: envelope.team, stream: LEDGER, id: envelope.id, epoch: 0 }
      const sealed = seal(made, context, encodeCanonical({ ...body, assertion }))
      const entry = resigned({ ...envelope, body: sealed }, key)
      const frames = ledgerOnly(auditFrames).filter(
        (frame) => (entryOf(frame)?.envelope.seq ?? 0) <= envelope.seq,
      )
      frames[frames.length - 1] = ['entry', entry, messageKey(made, sealed)]
      const report = await reportOf('swapped-touch', withHeads(withoutClaims(frames)))
      expect(report.verdict).toBe('untouched')
      expect(report.approvals).toMatchObject({ verified: 1, failed: 1 })
      expect(report.findings[0]?.message).toContain(words)
    }
  })

  it('V9 two histories that a server really served convict it, by an export and the evidence of an alarm', async () => {
    const { admin, approver } = team.people
    const data = join(folder, 'server')
    await approver.stop()
    await team.server.stop()
    await cp(data, join(folder, 'server-before'), { recursive: true })
    await team.server.start()
    await until(async () => (await admin.must('status.get', {})).server?.connection === 'live', {
      what: 'live',
    })
    await admin.must('vault.create', { name: 'only-for-ada', environments: ['development'] })
    await team.server.stop()
    await rm(data, { recursive: true })
    await cp(join(folder, 'server-before'), data, { recursive: true })
    await team.server.start()
    const stopped = await until(async () => (await admin.must('status.get', {})).stopped, {
      what: 'Ada’s alarm',
    })
    expect(stopped.code).toMatch(/rollback|fork/)
    const again = await startInstallation(approver.profileDir)
    try {
      await again.must('vault.unlock', {})
      const { rows: bindings } = await again.must('bindings.list', { limit: 10, text: '' })
      const [binding] = bindings
      await again.must('binding.revoke', { binding: binding!.binding, reason: 'the other history' })
      const theirs = await exported(again, 'export.audit', true)
      const ours = await exported(admin, 'export.evidence', false)
      expect(await verifyFile(ours)).toMatchObject({ reason: 'evidence', opened: 'none' })
      const pair = await cli('evidence', 'verify', '--json', ours, theirs)
      expect(pair.code).toBe(1)
      expect(JSON.parse(pair.stdout).between).toMatchObject([{ code: 'fork', kind: 'convicts' }])
    } finally {
      await again.stop()
    }
  })
})

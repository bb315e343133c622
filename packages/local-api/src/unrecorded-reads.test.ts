import { ClientError } from '@countersign/client/client-error'
import { LocalStoreError } from '@countersign/client/store/local-store'
import { type AuditRecord, auditRecordSchema, MAX_UNRECORDED_KINDS } from '@countersign/schema/audit'
import { newId } from '@countersign/schema/ids'
import { MAX_UNRECORDED_READS } from '@countersign/schema/policy-limits'
import { describe, expect, it } from 'vitest'
import { AuditGate } from './audit-gate.ts'
import { plainRecord } from './plain-record.ts'
import type { ReadSubject } from './prepared-reads.ts'
import type { BindingSnapshot } from './source.ts'
import type { TokenEntry } from './token-book.ts'
import { UnrecordedReads } from './unrecorded-reads.ts'

const failed = (cause: unknown): ClientError => new ClientError('audit.failed', 'not written', { cause })
const FULL = failed(new LocalStoreError('store.full', 'no room'))

const environment = newId()
const snapshotOf = (
  maxUnrecordedMs: number,
  lease: Partial<BindingSnapshot['terms']['lease']> = {},
): BindingSnapshot => ({
  id: newId(),
  state: 'granted',
  application: 'checkout',
  code: '042137',
  terms: {
    vault: newId(),
    environment,
    items: [],
    models: [],
    mode: 'reveal',
    lease: { durationMs: 3_600_000, uses: null, untilLock: false, untilProcessEnds: false, ...lease },
  },
  narrowed: false,
  caller: {
    executable: null,
    executableHash: null,
    pid: null,
    parents: [],
    workingDirectory: null,
    container: null,
    user: 'ada',
    via: 'tcp',
  },
  decisions: [],
  missing: 0,
  expiresAt: Number.MAX_SAFE_INTEGER,
  maxUnrecordedMs,
})
const entryOf = ({ id }: BindingSnapshot): TokenEntry => ({
  record: {
    binding: id,
    claimHash: new Uint8Array(32),
    tokenHash: new Uint8Array(32),
    used: true,
    uses: 0,
    process: null,
    session: null,
    sender: null,
  },
  token: new Uint8Array(32),
  writes: Promise.resolve(),
  useWritten: true,
})
const subjectOf = (item = newId(), version = 1, field: string | null = null): ReadSubject => ({
  item: {
    vaultName: 'acme',
    environmentName: 'production',
    name: 'openai',
    environment,
    item,
    provider: 'openai',
    fields: ['api_key'],
    version,
    updatedAt: 0,
  },
  version,
  field,
})

/** A binding that has read one credential on record, and a disk that has just refused a write. */
const outage = (maxUnrecordedMs = 60_000, lease: Partial<BindingSnapshot['terms']['lease']> = {}) => {
  let now = 1_000_000
  const reads = new UnrecordedReads(() => now)
  const snapshot = snapshotOf(maxUnrecordedMs, lease)
  const entry = entryOf(snapshot)
  const subject = subjectOf()
  reads.recorded(entry, subject)
  reads.refused()
  const admit = (subjects: readonly ReadSubject[] = [subject], cause: unknown = FULL): boolean =>
    reads.admit(entry, snapshot, subjects, cause)
  return { reads, snapshot, entry, subject, admit, pass: (ms: number) => (now += ms) }
}

describe('reads that a disk takes no record of', () => {
  it('P18 are refused where the policy does not allow them, and are not counted then', () => {
    const { admit, reads } = outage(0)
    expect(admit()).toBe(false)
    expect([reads.since, reads.reads, reads.owed()]).toEqual([null, 0, []])
  })

  it('P18 are refused where something else than the disk failed', () => {
    const { admit, subject } = outage()
    for (const cause of [
      new ClientError('audit.failed', 'The team’s audit key is not known yet.'),
      failed(new Error('a defect')),
      failed(new LocalStoreError('store.closed', 'closed')),
      failed(new LocalStoreError('store.corrupt', 'damaged')),
      new LocalStoreError('store.full', 'a token’s first use'),
      null,
    ]) {
      expect(admit([subject], cause)).toBe(false)
    }
    expect(admit([subject], failed(new LocalStoreError('store.failed', 'failing')))).toBe(true)
  })

  it('P18 are refused where they are the first: another credential, version or field, alone or beside a known one', () => {
    const { admit, reads, snapshot, subject } = outage()
    const others = [
      subjectOf(),
      subjectOf(subject.item.item, 2),
      subjectOf(subject.item.item, 1, 'api_key'),
    ] as const
    for (const other of others) {
      expect(admit([other])).toBe(false)
      expect(admit([subject, other])).toBe(false)
    }
    // What one binding has read says nothing of another: nor does the same binding in a later session.
    const next = snapshotOf(60_000)
    expect(reads.admit(entryOf(next), next, [subject], FULL)).toBe(false)
    expect(reads.admit(entryOf(snapshot), snapshot, [subject], FULL)).toBe(false)
    expect(reads.reads).toBe(0)
  })

  it('P18 are refused where the lease counts uses: the count would be lost', () => {
    expect(outage(60_000, { uses: 5 }).admit()).toBe(false)
  })

  it('P18 are refused when the time is over, counted from the first refused write and not from the first read', () => {
    const { admit, reads, pass } = outage()
    pass(59_999)
    reads.refused()
    expect(admit()).toBe(true)
    pass(1)
    expect(admit()).toBe(false)
    reads.refused()
    expect(admit()).toBe(false)
    reads.taken()
    reads.refused()
    expect(admit()).toBe(true)
  })

  it('P18 a clock that is set back or stands still stretches nothing', () => {
    const { admit, pass } = outage(20)
    pass(-500_000)
    const until = performance.now() + 20
    while (performance.now() < until);
    expect(admit()).toBe(false)
  })

  it('P18 are refused beyond a number of them, and of different ones, whatever the time', () => {
    const { admit, reads, entry, snapshot } = outage()
    for (let i = 0; i < MAX_UNRECORDED_READS; i++) expect(admit()).toBe(true)
    expect(admit()).toBe(false)
    expect(reads.reads).toBe(MAX_UNRECORDED_READS)
    reads.taken()
    reads.refused()
    const many = Array.from({ length: MAX_UNRECORDED_KINDS + 1 }, (_, i) => subjectOf(newId(), i + 1))
    for (const each of many) reads.recorded(entry, each)
    expect(reads.admit(entry, snapshot, many.slice(1), FULL)).toBe(true)
    expect(admit(many.slice(0, 1))).toBe(false)
  })

  it('P18 are owed as one record a binding: how many, when the first and the last, which versions', () => {
    const { admit, reads, entry, subject, snapshot, pass } = outage()
    const older = subjectOf(subject.item.item, 4, 'api_key')
    reads.recorded(entry, older)
    expect(admit()).toBe(true)
    pass(10)
    expect(admit([subject, older])).toBe(true)
    const [entered, owed, ...more] = reads.owed()
    expect(more).toEqual([])
    expect(entered).toMatchObject({ action: 'mode.changed', outcome: 'lease-only', time: 1_000_000 })
    expect(auditRecordSchema.parse(owed)).toMatchObject({
      action: 'credential.read_unrecorded',
      time: 1_000_010,
      binding: snapshot.id,
      environment,
      item: subject.item.item,
      version: null,
      application: 'checkout',
      count: 3,
      unrecorded: {
        first: 1_000_000,
        last: 1_000_010,
        reads: [
          { item: subject.item.item, version: 1, field: '', count: 2 },
          { item: subject.item.item, version: 4, field: 'api_key', count: 1 },
        ],
      },
    })
    reads.taken()
    expect([reads.owed(), reads.since, reads.reads]).toEqual([[], null, 0])
  })
})

describe('the gate', () => {
  /** Writes what it is given, unless told to refuse. */
  const gateWith = () => {
    const written: AuditRecord[][] = []
    const disk = { full: false, after: Number.POSITIVE_INFINITY }
    let onRecordAgain = 0
    const gate = new AuditGate(
      async (records) => {
        if (disk.full || written.length >= disk.after) throw FULL
        written.push([...records])
      },
      () => 5,
      () => {
        onRecordAgain += 1
      },
    )
    return { gate, written, disk, again: () => onRecordAgain }
  }
  const READ = plainRecord(5, 'credential.read', 'ok')

  it('P18 writes what is owed before anything else that is released, and once', async () => {
    const { gate, written, disk, again } = gateWith()
    const snapshot = snapshotOf(60_000)
    const entry = entryOf(snapshot)
    const subject = subjectOf()
    gate.unrecorded.recorded(entry, subject)
    disk.full = true
    await expect(gate.append(READ)).rejects.toBe(FULL)
    expect(gate.letBy(entry, snapshot, [subject], FULL)).toBe(true)
    await expect(gate.append(READ)).rejects.toBe(FULL)
    expect(again()).toBe(0)
    disk.full = false
    await gate.append(READ)
    expect(written.map((records) => records.map(({ action }) => action))).toEqual([
      ['mode.changed', 'credential.read_unrecorded', 'credential.read'],
    ])
    await gate.append(READ)
    expect(written[1]).toHaveLength(1)
    expect(again()).toBe(1)
  })

  it('P18 writes it when no program asks any more, as soon as there is room', async () => {
    const { gate, written, disk } = gateWith()
    const snapshot = snapshotOf(60_000)
    const entry = entryOf(snapshot)
    const subject = subjectOf()
    gate.unrecorded.recorded(entry, subject)
    disk.full = true
    await expect(gate.append(READ)).rejects.toBe(FULL)
    expect(gate.letBy(entry, snapshot, [subject], FULL)).toBe(true)
    await gate.close()
    expect(gate.unrecorded.reads).toBe(1)
    disk.full = false
    await gate.close()
    expect(gate.unrecorded.since).toBe(null)
    expect(written.flat().map(({ action }) => action)).toEqual(['mode.changed', 'credential.read_unrecorded'])
  })

  it('P18 says nothing twice where the disk takes a part of a large group', async () => {
    const { gate, written, disk } = gateWith()
    const snapshot = snapshotOf(60_000)
    const entry = entryOf(snapshot)
    const subject = subjectOf()
    gate.unrecorded.recorded(entry, subject)
    disk.full = true
    await expect(gate.append(READ)).rejects.toBe(FULL)
    expect(gate.letBy(entry, snapshot, [subject], FULL)).toBe(true)
    disk.full = false
    disk.after = 1
    const all = Array.from({ length: 5000 }, () => gate.append(READ))
    await expect(Promise.all(all)).rejects.toBe(FULL)
    disk.after = Number.POSITIVE_INFINITY
    await gate.append(READ)
    const owed = written.flat().filter(({ action }) => action === 'credential.read_unrecorded')
    expect(owed).toHaveLength(1)
  })
})

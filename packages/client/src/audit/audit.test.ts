import { kemKeypair } from '@countersign/crypto/kem'
import { cryptoReady } from '@countersign/crypto/ready'
import { Secret } from '@countersign/crypto/secret'
import type { AuditRecord } from '@countersign/schema/audit'
import { encodeCanonical } from '@countersign/schema/canonical'
import type { Envelope } from '@countersign/schema/entry'
import { newId } from '@countersign/schema/ids'
import { beforeAll, describe, expect, it } from 'vitest'
import { AuditReader } from './audit-reader.ts'
import { type AuditDraft, type AuditLog, AuditWriter } from './audit-writer.ts'
import { SegmentSealer } from './segment.ts'

beforeAll(cryptoReady)

const place = { team: newId(), device: newId() }

const record = (detail: string): AuditRecord => ({
  time: 1_800_000_000_000,
  action: 'credential.read',
  outcome: 'ok',
  count: 1,
  binding: newId(),
  environment: newId(),
  item: newId(),
  version: 1,
  application: 'indexer',
  caller: null,
  detail,
})

/** A log that keeps what was committed, one group a commit, and can be told to fail as a full disk does. */
class KeptLog implements AuditLog {
  readonly groups: AuditDraft[][] = []
  full = false
  async append(drafts: readonly AuditDraft[]): Promise<void> {
    if (this.full) throw new Error('no space left on device')
    this.groups.push([...drafts])
  }
}

const auditors = (epoch: number) => ({ epoch, keys: kemKeypair(Secret.random()) })

const envelopes = (log: KeptLog): Envelope[] =>
  log.groups.flat().map((draft, seq) => ({
    v: 1,
    team: place.team,
    stream: `a/${place.device}`,
    seq,
    prev: new Uint8Array(32),
    ledger: { seq: 7, hash: new Uint8Array(32) },
    id: newId(),
    member: newId(),
    device: place.device,
    type: draft.type,
    time: 1_800_000_000_000,
    plain: draft.plain,
    body: null,
  }))

const writerTo = (log: AuditLog, key: () => { epoch: number; keys: { publicKey: Uint8Array } }) =>
  new AuditWriter({
    place,
    log,
    auditKey: () => ({ epoch: key().epoch, publicKey: key().keys.publicKey }),
    cause: 'first',
  })

describe('audit stream of a device', () => {
  it('P18 groups what arrives together into one entry, and the auditor reads it all in order', async () => {
    const log = new KeptLog()
    const current = auditors(0)
    const writer = writerTo(log, () => current)
    await Promise.all(Array.from({ length: 50 }, (_, i) => writer.append([record(`read ${i}`)])))
    await writer.append([record('last')])
    expect(log.groups.map((group) => group.map((draft) => draft.type))).toEqual([
      ['audit.segment', 'audit.records'],
      ['audit.records'],
    ])
    const reader = new AuditReader(place, () => current.keys)
    const read = envelopes(log).map((envelope) => reader.read(envelope))
    expect(read.every((each) => each.problem === null)).toBe(true)
    const details = read.flatMap((each) => each.facts.map((fact) => fact.record.detail))
    expect(details).toEqual([...Array.from({ length: 50 }, (_, i) => `read ${i}`), 'last'])
  })

  it('P18 starts a new segment when the auditors change; the old key opens nothing after it', async () => {
    const log = new KeptLog()
    const before = auditors(0)
    const after = auditors(1)
    let current = before
    const writer = writerTo(log, () => current)
    await writer.append([record('before')])
    current = after
    await writer.append([record('after')])
    const leaver = new AuditReader(place, (epoch) => (epoch === 0 ? before.keys : undefined))
    const seen = envelopes(log).map((envelope) => leaver.read(envelope))
    expect(seen.flatMap((each) => each.facts.map((fact) => fact.record.detail))).toEqual(['before'])
    expect(seen.map((each) => each.problem?.code ?? null)).toEqual([
      null,
      null,
      'audit.no_key',
      'audit.no_key',
    ])
  })

  it('P18 refuses when the log fails, and goes on in a new segment that still opens', async () => {
    const log = new KeptLog()
    const current = auditors(0)
    const writer = writerTo(log, () => current)
    await writer.append([record('one')])
    log.full = true
    await expect(writer.append([record('lost')])).rejects.toThrow('no space left')
    log.full = false
    await writer.append([record('two')])
    const reader = new AuditReader(place, () => current.keys)
    const read = envelopes(log).map((envelope) => reader.read(envelope))
    expect(read.flatMap((each) => each.facts.map((fact) => fact.record.detail))).toEqual(['one', 'two'])
  })

  it('P18 a dropped, repeated, altered or moved entry is a problem, never a quiet gap', async () => {
    const log = new KeptLog()
    const current = auditors(0)
    const writer = writerTo(log, () => current)
    for (const detail of ['a', 'b', 'c']) await writer.append([record(detail)])
    const [opening, first, second, third] = envelopes(log)
    if (!opening || !first || !second || !third) throw new Error('four entries were written')
    const codes = (stream: Envelope[], where = place) => {
      const reader = new AuditReader(where, () => current.keys)
      return stream.map((envelope) => reader.read(envelope).problem?.code ?? null)
    }
    expect(codes([opening, first, third])).toEqual([null, null, 'audit.gap'])
    expect(codes([opening, first, first])).toEqual([null, null, 'audit.gap'])
    expect(codes([opening, second])).toEqual([null, 'audit.gap'])
    expect(codes([first])).toEqual(['audit.no_key'])
    const records = Uint8Array.from(first.plain.records as Uint8Array)
    records[records.length - 1] = (records[records.length - 1] ?? 0) ^ 1
    for (const altered of [{ records }, { count: 2 }]) {
      expect(codes([opening, { ...first, plain: { ...first.plain, ...altered } }])).toEqual([
        null,
        'audit.open_failed',
      ])
    }
    expect(codes([opening, first], { ...place, device: newId() })).toEqual([
      'audit.open_failed',
      'audit.no_key',
    ])
  })

  it('P18 a device that seals nonsense is a problem of its stream, and stops no reader', () => {
    const current = auditors(0)
    const nonsense = [
      { bytes: encodeCanonical([{ action: 'none' }]), code: 'audit.malformed' },
      { bytes: Uint8Array.of(0xff), code: 'audit.malformed' },
      { bytes: encodeCanonical([record('one, where two were said')]), code: 'audit.gap' },
    ]
    for (const { bytes, code } of nonsense) {
      const sealer = new SegmentSealer(place, { epoch: 0, publicKey: current.keys.publicKey }, 'first')
      const log = new KeptLog()
      const entry = sealer.seal({ count: 2, bytes })
      log.groups.push([
        { type: 'audit.segment', plain: sealer.opening },
        { type: 'audit.records', plain: entry },
      ])
      const reader = new AuditReader(place, () => current.keys)
      const found = envelopes(log).map((envelope) => reader.read(envelope).problem?.code ?? null)
      expect(found).toEqual([null, code])
    }
  })
})

import { execFileSync } from 'node:child_process'
import { closeSync, fsyncSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Fields } from '@countersign/agent/verifier/fields'
import type { Report } from '@countersign/agent/verifier/report'
import { verifyFile } from '@countersign/agent/verifier/verify-file'
import { AuditJournal } from '@countersign/client/audit/audit-journal'
import { openLevelStore } from '@countersign/client/store/level-store'
import { LocalStoreError } from '@countersign/client/store/local-store'
import { withFileWrites } from '@countersign/client/test/file-writes'
import type { Installation } from '@countersign/desktop/headless/installation'
import type { Policy } from '@countersign/schema/policy'
import { afterEach, describe, expect, it } from 'vitest'
import { environmentId } from './people.ts'
import { TryOutTeam } from './team.ts'
import { until } from './until.ts'

const VALUE = 'sk-proj-read-only-while-the-disk-takes-records'
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** Writes until the disk takes not one more byte. */
const fill = (folder: string): void => {
  const file = openSync(join(folder, 'filler'), 'w')
  try {
    for (let size = 1024 * 1024; size >= 1; size = Math.floor(size / 2)) {
      try {
        for (;;) writeSync(file, new Uint8Array(size))
      } catch {
        // Full for this size: smaller pieces may still fit.
      }
    }
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** A team whose developer’s profile is on a real disk of a few megabytes, and a program there that reads production on record. */
const smallDisk = async (policy: Partial<Policy> = {}) => {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-full-'))
  cleanups.push(() => rm(folder, { recursive: true, force: true }))
  const small = join(folder, 'developer')
  mkdirSync(small, { mode: 0o700 })
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m,mode=0700', 'tmpfs', small])
  cleanups.push(() => execFileSync('umount', [small]))
  const team = await TryOutTeam.start(folder, () => undefined)
  cleanups.push(() => team.stop())
  const vault = await team.found(policy)
  await team.addProductionKey(vault, VALUE)
  const { id, reference, token } = await team.bind('cs://llm/production/openai', VALUE)
  const api = await team.localApi()
  expect(await api.read(reference, token)).toMatchObject({ ok: true, value: { value: VALUE } })
  return { team, vault, small, api, id, reference, token }
}

const onSmallDisk = async (): Promise<void> => {
  const { team, vault, small, api, reference, token } = await smallDisk()
  fill(small)
  // Many at a time use up what room is left in the store's own files; then one at a time, as a smaller write may fit where theirs did not.
  for (const atOnce of [32, 1]) {
    const refused = await until(
      async () => {
        const answers = await Promise.all(Array.from({ length: atOnce }, () => api.read(reference, token)))
        return answers.find(({ ok }) => !ok) ?? null
      },
      { what: 'the disk takes no more records', timeoutMs: 60_000, everyMs: 0 },
    )
    expect(refused).toMatchObject({ ok: false, status: 503, code: 'audit.failed' })
    expect(JSON.stringify(refused)).not.toContain(VALUE)
  }
  // And again: not one value by chance.
  for (let i = 0; i < 20; i++)
    expect(await api.read(reference, token)).toMatchObject({ code: 'audit.failed' })
  // A change waits, the app says for what, and it is made once when there is room.
  const { developer } = team.people
  const making = developer.call('item.create', {
    environment: environmentId(vault, 'development'),
    name: 'made-on-a-full-disk',
    provider: 'openai',
    value: { api_key: 'sk-proj-made-on-a-full-disk' },
    note: '',
    models: [],
  })
  await until(async () => (await developer.must('status.get', {})).disk === 'full', {
    what: 'the app says that its disk is full',
  })
  rmSync(join(small, 'filler'))
  expect(await making).toMatchObject({ ok: true })
  const names = (await developer.must('items.list', {})).map(({ name }) => name).sort()
  expect(names).toEqual(['made-on-a-full-disk', 'openai'])
  await until(async () => (await developer.must('status.get', {})).disk === null, {
    what: 'the app says that there is room again',
  })
  await until(async () => (await api.read(reference, token)).ok, {
    what: 'room brings it back',
    everyMs: 200,
  })
}

/** Everything the auditor’s installation verified, in one file, read by the verifier that shares no code with it. */
const recordsOf = async (auditor: Installation): Promise<{ report: Report; records: Fields[] }> => {
  await auditor.must('export.audit', { records: true })
  const path = await until(
    async () => {
      const { export: written } = await auditor.must('export.state', {})
      return written?.state === 'done' ? written.path : null
    },
    { what: 'the export is written' },
  )
  const records: Fields[] = []
  const report = await verifyFile(path, { onRecord: ({ record }) => records.push(record) })
  return { report, records }
}

/** As long as the policy allows, and then on record to the last read. */
const goesOnUnrecorded = async (): Promise<void> => {
  const { team, small, api, id, reference, token } = await smallDisk({ maxUnrecordedMs: 600_000 })
  const second = await team.bind('cs://llm/production/openai', VALUE)
  let served = 1
  const read = async (): Promise<boolean> => {
    const answer = await api.read(reference, token)
    if (answer.ok) served += 1
    return answer.ok
  }
  fill(small)
  await until(
    async () => {
      expect(await Promise.all(Array.from({ length: 32 }, read))).not.toContain(false)
      const seen = await api.health()
      return seen.ok && seen.value.unrecordedReads !== null
    },
    { what: 'the disk takes no group of records', timeoutMs: 120_000, everyMs: 0 },
  )
  // Near the end a smaller write may fit where a larger one did not: until ten single reads in a row found no room.
  const health = await until(
    async () => {
      expect(await read()).toBe(true)
      const seen = await api.health()
      return seen.ok && (seen.value.unrecordedReads?.reads ?? 0) >= 10 ? seen.value : null
    },
    { what: 'the disk takes no more records', timeoutMs: 120_000, everyMs: 0 },
  )
  expect(health.mode).toBe('lease-only')
  const { developer, auditor } = team.people
  await until(async () => ((await developer.must('status.get', {})).unrecorded?.reads ?? 0) > 0, {
    what: 'the app says how many are not on record',
  })
  // Whoever has not read yet does not begin now.
  expect(await api.read(second.reference, second.token)).toMatchObject({ status: 503, code: 'audit.failed' })
  rmSync(join(small, 'filler'))
  await until(async () => (await developer.must('status.get', {})).mode === 'normal', {
    what: 'all is on record by itself',
  })
  expect(await read()).toBe(true)
  await until(
    async () => {
      const { rows } = await auditor.must('audit.list', { before: null, limit: 500, text: '' })
      const last = rows.find(({ action }) => action === 'read a credential')
      return rows.some(({ action }) => action === 'read without a record') && last !== undefined
    },
    { what: 'the auditor has it' },
  )
  const audited = await until(
    async () => {
      const { report, records } = await recordsOf(auditor)
      expect(report).toMatchObject({ verdict: 'verified', findings: [] })
      const of = (action: string): number =>
        records
          .filter((record) => record.text('action') === action && record.text('outcome') === 'ok')
          .filter((record) => record.has('binding') && record.text('binding') === id)
          .reduce((sum, record) => sum + record.whole('count'), 0)
      const counts = { recorded: of('credential.read'), unrecorded: of('credential.read_unrecorded') }
      return counts.recorded + counts.unrecorded < served ? null : counts
    },
    { what: 'the export has every read', timeoutMs: 60_000 },
  )
  expect(audited.recorded + audited.unrecorded).toBe(served)
  expect(audited.unrecorded).toBeGreaterThanOrEqual(health.unrecordedReads?.reads ?? Number.NaN)
}

/** Who may not mount: the same disk as the store sees it. */
const onStoreFault = async (): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-full-'))
  cleanups.push(() => rm(folder, { recursive: true, force: true }))
  const disk = await openLevelStore(join(folder, 'store'))
  cleanups.push(() => disk.close())
  let full = false
  const store = withFileWrites(disk, async (file, at, bytes) => {
    if (full) throw new LocalStoreError('store.full', 'no room')
    await file.write(at, bytes)
  })
  const journal = await AuditJournal.open(store)
  const draft = {
    type: 'audit.segment',
    plain: { segment: 'a', auditEpoch: 0, key: new Uint8Array(1), cause: 'first' },
  } as const
  await journal.append([draft])
  full = true
  await expect(journal.append([draft])).rejects.toMatchObject({ code: 'audit.failed' })
  expect(journal.waiting).toBe(1)
  full = false
  await journal.append([draft])
  expect(journal.waiting).toBe(2)
}

describe('a full disk', () => {
  it(
    'P18 T7 no value is answered that cannot be put on record; room brings reads back',
    process.getuid?.() === 0 ? onSmallDisk : onStoreFault,
    240_000,
  )

  it(
    'P18 T53 where the policy allows it a lease goes on and a first read does not; every read is on record in the end',
    process.getuid?.() === 0 ? goesOnUnrecorded : onStoreFault,
    240_000,
  )
})

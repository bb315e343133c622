import { execFileSync } from 'node:child_process'
import { closeSync, fsyncSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AuditJournal } from '@countersign/client/audit/audit-journal'
import { openLevelStore } from '@countersign/client/store/level-store'
import { LocalStoreError } from '@countersign/client/store/local-store'
import { withFileWrites } from '@countersign/client/test/file-writes'
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

/** The developer’s profile on a real disk of a few megabytes. */
const onSmallDisk = async (): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-full-'))
  cleanups.push(() => rm(folder, { recursive: true, force: true }))
  const small = join(folder, 'developer')
  mkdirSync(small, { mode: 0o700 })
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m,mode=0700', 'tmpfs', small])
  cleanups.push(() => execFileSync('umount', [small]))
  const team = await TryOutTeam.start(folder, () => undefined)
  cleanups.push(() => team.stop())
  const vault = await team.found()
  await team.addProductionKey(vault, VALUE)
  const { reference, token } = await team.bind('cs://llm/production/openai', VALUE)
  const api = await team.localApi()
  expect(await api.read(reference, token)).toMatchObject({ ok: true, value: { value: VALUE } })
  fill(small)
  const refused = await until(
    async () => {
      const answer = await api.read(reference, token)
      return answer.ok ? null : answer
    },
    { what: 'the disk takes no more records', timeoutMs: 60_000, everyMs: 0 },
  )
  expect(refused).toMatchObject({ ok: false, status: 503, code: 'audit.failed' })
  expect(JSON.stringify(refused)).not.toContain(VALUE)
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
})

import { newId } from '@countersign/schema/ids'
import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../test/memory-store.ts'
import { type LocalStore, LocalStoreError } from '../store/local-store.ts'
import { AuditJournal, type AuditUplink, type WaitingAuditEntry } from './audit-journal.ts'
import type { AuditDraft } from './audit-writer.ts'

const draft = (first: number): AuditDraft => ({
  type: 'audit.records',
  plain: { segment: newId(), first, count: 1, records: new Uint8Array([1, 2, 3]) },
})

/** The device's stream as the server has it; may lose the acknowledgement of what it took, or be away. */
class Stream implements AuditUplink {
  readonly landed: WaitingAuditEntry[] = []
  mode: 'takes' | 'takes and is not heard' | 'away' = 'takes'
  async known(ids: readonly string[]): Promise<ReadonlySet<string>> {
    return new Set(ids.filter((id) => this.landed.some((each) => each.id === id)))
  }
  async append(entries: readonly WaitingAuditEntry[]): Promise<boolean> {
    if (this.mode !== 'away') this.landed.push(...entries)
    return this.mode === 'takes'
  }
}

const firsts = (stream: Stream): unknown[] => stream.landed.map(({ plain }) => plain.first)

describe('audit journal', () => {
  it('P18 keeps what cannot be sent, over a restart, and sends it in order', async () => {
    const store = memoryStore()
    const stream = new Stream()
    stream.mode = 'away'
    const journal = await AuditJournal.open(store)
    await journal.append([draft(0), draft(1)])
    await journal.append([draft(2)])
    await journal.flush(stream)
    expect(journal.waiting).toBe(3)
    const again = await AuditJournal.open(store)
    expect(again.waiting).toBe(3)
    stream.mode = 'takes'
    await again.append([draft(3)])
    await again.flush(stream)
    expect(again.waiting).toBe(0)
    expect(firsts(stream)).toEqual([0, 1, 2, 3])
  })

  it('P18 P19 what landed before its acknowledgement was lost is not sent twice', async () => {
    const store = memoryStore()
    const stream = new Stream()
    const journal = await AuditJournal.open(store)
    await journal.append([draft(0), draft(1)])
    stream.mode = 'takes and is not heard'
    await journal.flush(stream)
    expect(journal.waiting).toBe(2)
    const again = await AuditJournal.open(store)
    await again.append([draft(2)])
    stream.mode = 'takes'
    await again.flush(stream)
    expect(firsts(stream)).toEqual([0, 1, 2])
    expect(again.waiting).toBe(0)
  })

  it('P18 a disk that refuses makes append reject with audit.failed, so that nothing is served', async () => {
    const inner = memoryStore()
    const full: LocalStore = {
      ...inner,
      file: async (name) => {
        const file = await inner.file(name)
        return {
          size: 0,
          read: (at, length) => file.read(at, length),
          truncate: (size) => file.truncate(size),
          write: async () => {
            throw new LocalStoreError('store.full', 'the disk is full')
          },
        }
      },
    }
    const journal = await AuditJournal.open(full)
    await expect(journal.append([draft(0)])).rejects.toMatchObject({
      code: 'audit.failed',
      fix: expect.stringContaining('space'),
    })
    expect(journal.waiting).toBe(0)
  })
})

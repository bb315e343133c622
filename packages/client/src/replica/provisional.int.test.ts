import { compartmentStream, newId } from '@countersign/schema/ids'
import { decodeClientMessage, type Seen } from '@countersign/schema/wire'
import { describe, expect, it } from 'vitest'
import { forgedHistory, type Hand, showing } from '../../test/hostile-history.ts'
import { memoryStore } from '../../test/memory-store.ts'
import {
  environmentDraft,
  itemDraft,
  memberDraft,
  Person,
  secondDevice,
  vaultDraft,
} from '../../test/people.ts'
import { ReplicaFixture } from '../../test/replica-fixture.ts'
import { live, until } from '../../test/team.ts'
import { openLevelStore } from '../store/level-store.ts'
import { type LocalStore, LocalStoreError } from '../store/local-store.ts'
import type { Connector } from '../transport/connector.ts'
import { wsConnector } from '../transport/ws-connector.ts'
import type { SignedDraft } from './draft.ts'
import type { Replica } from './replica.ts'
import type { ReplicaStatus } from './replica-status.ts'

const at = new ReplicaFixture()

interface Scene {
  readonly first: Replica
  /** A member who deceives; holds the environment unless the test says otherwise. */
  readonly mallory: Person
  /** A new installation of the founder, with nothing on its disk yet. */
  readonly newcomer: Person
  readonly environment: string
  readonly stream: string
}

const scene = async ({ malloryHolds = true } = {}): Promise<Scene> => {
  const { id, founder } = at.team
  const first = await at.replicaOf(founder)
  const mallory = new Person()
  const { device, draft } = secondDevice(id, founder)
  const vault = vaultDraft()
  const environment = newId()
  const holders = [founder.member, ...(malloryHolds ? [mallory.member] : [])]
  await at.append(first, memberDraft(id, mallory))
  const made = environmentDraft(String(vault.plain.vault), environment, holders)
  expect(await at.append(first, vault, made, draft)).toMatchObject({ ok: true })
  return { first, mallory, newcomer: device, environment, stream: compartmentStream(environment) }
}

/** A history that says founder at `forged`, signed by Mallory, who writes the rest in her own name. */
const forgedAt = ({ first, mallory, environment }: Scene, length: number, forged: readonly number[]) => {
  const { id, founder } = at.team
  const drafts = Array.from({ length }, () => itemDraft(environment))
  const hand = (seq: number): Hand => ({ names: forged.includes(seq) ? founder : mallory, signs: mallory })
  return forgedHistory(first, id, drafts, hand)
}

const alarmed = (replica: Replica): Promise<void> => until(replica, ({ alarm }) => alarm !== null)

describe('Replica: a long history is taken on its last signature', () => {
  it('P20 marks what it vouches for as provisional, says so, and has checked all of it in the end', async () => {
    const { first, newcomer, environment, stream } = await scene()
    await at.append(first, ...Array.from({ length: 300 }, () => itemDraft(environment)))
    const second = await at.replicaOf(newcomer)
    const said: ReplicaStatus['checking'][] = []
    second.onStatus(({ checking, connection }) => connection === 'live' && said.push(checking))
    const marks: boolean[] = []
    second.onEntries(
      (batch) => batch.stream === stream && marks.push(...batch.entries.map((e) => e.provisional)),
    )
    await live(second)
    await until(second, ({ checking }) => checking === null)
    expect(said[0]).toEqual({ done: 0, of: 299 })
    expect(marks.filter((provisional) => provisional)).toHaveLength(299)
    expect(marks.at(-1)).toBe(false)
    for await (const { provisional } of second.entries(stream)) expect(provisional).toBe(false)
  })

  it('P17 states no head of a stream to others before all of it is checked', async () => {
    const { first, newcomer, environment, stream } = await scene()
    await at.append(first, ...Array.from({ length: 300 }, () => itemDraft(environment)))
    const stated: { seen: Seen; checking: boolean }[] = []
    let second: Replica | undefined
    const overhearing: Connector = async (url, events) => {
      const connection = await wsConnector(url, events)
      return {
        ...connection,
        send: (frame) => {
          const message = decodeClientMessage(frame)
          if (message.type === 'seen') {
            stated.push({ seen: message.seen.statement, checking: second?.status().checking !== null })
          }
          connection.send(frame)
        },
      }
    }
    second = await at.replicaOf(newcomer, { connect: overhearing })
    second.onStatus(({ connection, checking }) => {
      if (connection === 'live' && checking !== null) void second?.publishSeen()
    })
    await live(second)
    const names = ({ seen }: { seen: Seen }): boolean => seen.heads.some((each) => each.stream === stream)
    await until(second, () => stated.some(names))
    expect(stated.some(({ checking }) => checking)).toBe(true)
    expect(stated.filter((each) => each.checking && names(each))).toEqual([])
  })

  it('P20 appends nothing on top of a history before all of it is checked', async () => {
    const { first, newcomer, environment, stream } = await scene()
    await at.append(first, ...Array.from({ length: 300 }, () => itemDraft(environment)))
    const second = await at.replicaOf(newcomer)
    await live(second)
    const appended = second.append(() => [itemDraft(environment)], newcomer.signer)
    expect(await appended).toMatchObject({ ok: true, heads: [{ stream, head: { seq: 300 } }] })
    expect(second.status().checking).toBeNull()
  })

  it('P20 checks one by one what too few entries, or a last author without the environment, vouch for', async () => {
    const few = await scene()
    const short = forgedAt(few, 20, [7])
    const one = await at.replicaOf(few.newcomer, { connect: showing(few.environment, short) })
    await alarmed(one)
    expect(one.status()).toMatchObject({ alarm: { code: 'bad_entry', seq: 7 }, checking: null })
    expect(one.head(few.stream)?.seq).toBe(6)

    const outside = await scene({ malloryHolds: false })
    const long = forgedAt(outside, 200, [70])
    const two = await at.replicaOf(outside.newcomer, { connect: showing(outside.environment, long) })
    await alarmed(two)
    expect(two.status()).toMatchObject({ alarm: { code: 'bad_entry', seq: 70 }, checking: null })
    expect(two.head(outside.stream)?.seq).toBe(69)
  })
})

describe('Replica: a forged entry deep in a history, under a valid last signature', () => {
  it('P20 sounds bad_entry with the forged entry and whoever signed on top of it', async () => {
    const the = await scene()
    const history = forgedAt(the, 300, [120, 121])
    const second = await at.replicaOf(the.newcomer, { connect: showing(the.environment, history) })
    await alarmed(second)
    const { alarm, checking } = second.status()
    expect(alarm).toMatchObject({
      code: 'bad_entry',
      stream: the.stream,
      seq: 120,
      signer: { member: the.mallory.member, device: the.mallory.device },
    })
    expect(alarm?.evidence).toEqual([
      { label: 'entry', bytes: history[120]?.bytes },
      { label: 'signed on top of it', bytes: history[122]?.bytes },
    ])
    expect(checking).toEqual({ done: 120, of: 299 })
  })

  it('P20 gives nothing of it to whoever would use it, however early', async () => {
    const the = await scene()
    const history = forgedAt(the, 300, [120])
    const second = await at.replicaOf(the.newcomer, { connect: showing(the.environment, history) })
    const asked = new Promise<readonly unknown[]>((resolve) => {
      second.onEntries(({ stream }) => {
        if (stream !== the.stream) return
        void Promise.all([second.proven(stream, 119), second.proven(stream, 120)]).then(resolve)
      })
    })
    const [good, bad] = await asked
    expect(good).toMatchObject({ seq: 119, provisional: false })
    expect(bad).toBeNull()
    expect(second.status().alarm).toMatchObject({ code: 'bad_entry', seq: 120 })
  })

  it('P20 signs nothing on top of it', async () => {
    const the = await scene()
    const history = forgedAt(the, 300, [298])
    const second = await at.replicaOf(the.newcomer, { connect: showing(the.environment, history) })
    await live(second)
    const refused = await second.append(() => [itemDraft(the.environment)], the.newcomer.signer)
    expect(refused).toMatchObject({
      ok: false,
      code: expect.stringMatching(/^(?:history\.unchecked|alarm)$/),
    })
    expect(second.head(the.stream)?.seq).toBe(299)
  })

  it('P20 sounds bad_entry where the last signature itself is wrong, and keeps what stands before it', async () => {
    const the = await scene()
    const history = forgedAt(the, 300, [299])
    const second = await at.replicaOf(the.newcomer, { connect: showing(the.environment, history) })
    await alarmed(second)
    expect(second.status()).toMatchObject({ alarm: { code: 'bad_entry', seq: 299 }, checking: null })
    expect(second.status().alarm?.signer).toBeUndefined()
    expect(second.head(the.stream)?.seq).toBe(298)
  })

  it('P20 finds it again after the alarm was dismissed', async () => {
    const the = await scene()
    const history = forgedAt(the, 300, [120])
    const second = await at.replicaOf(the.newcomer, { connect: showing(the.environment, history) })
    await alarmed(second)
    await second.dismissAlarm()
    await alarmed(second)
    expect(second.status().alarm).toMatchObject({ code: 'bad_entry', seq: 120 })
  })
})

describe('Replica: killed while a history is being checked', () => {
  /** Lets nothing more reach the disk once the check has marked its first page: the moment of a crash, held still. */
  const dyingAfterFirstMark = (inner: LocalStore) => {
    let release: () => void = () => {}
    const dead = new Promise<never>((_, reject) => {
      release = () => reject(new LocalStoreError('store.closed', 'the process is gone'))
    })
    dead.catch(() => undefined)
    let died: () => void = () => {}
    const hasDied = new Promise<void>((resolve) => {
      died = resolve
    })
    let entriesWritten = false
    let isDead = false
    const store: LocalStore = {
      ...inner,
      batch: async (write, options) => {
        if (isDead) return dead
        await inner.batch(write, options)
        const marks = write.puts.some(([key]) => key.startsWith('replica/provisional/'))
        if (marks && entriesWritten) {
          isDead = true
          died()
        }
        entriesWritten ||= marks
      },
    }
    return { store, hasDied, release }
  }

  const crashedCopy = async (the: Scene, history: readonly SignedDraft[]): Promise<LocalStore> => {
    const location = await at.folder()
    const inner = await openLevelStore(location)
    const { store, hasDied, release } = dyingAfterFirstMark(inner)
    const connect = showing(the.environment, history, history.length)
    const second = await at.replicaOf(the.newcomer, { store, connect })
    await hasDied
    const copy = await openLevelStore(await at.copyOf(location))
    release()
    await second.stop().catch(() => undefined)
    await inner.close()
    return copy
  }

  it('P20 goes on at its mark with the server gone, and finds what is forged after it', async () => {
    const the = await scene()
    const store = await crashedCopy(the, forgedAt(the, 1300, [1200]))
    await the.first.stop()
    await at.server.stop()
    const again = await at.replicaOf(the.newcomer, { store })
    const { done, of } = again.status().checking ?? { done: 0, of: 0 }
    expect(of).toBe(1299)
    expect(done).toBeGreaterThan(0)
    expect(done).toBeLessThanOrEqual(1200)
    await alarmed(again)
    expect(again.status().alarm).toMatchObject({ code: 'bad_entry', seq: 1200 })
    expect(await again.proven(the.stream, 1200)).toBeNull()
    await again.stop()
    await store.close()
  })

  it('P20 keeps what is not checked marked as such, and ends with all of it checked', async () => {
    const the = await scene()
    const store = await crashedCopy(the, forgedAt(the, 1300, []))
    await the.first.stop()
    await at.server.stop()
    const again = await at.replicaOf(the.newcomer, { store })
    const marks: boolean[] = []
    for await (const { provisional } of again.entries(the.stream, 1290)) marks.push(provisional)
    expect(marks).toEqual([...Array(9).fill(true), false])
    await until(again, ({ checking }) => checking === null)
    await again.stop()
    const later = await at.replicaOf(the.newcomer, { store })
    expect(later.status()).toMatchObject({ checking: null, alarm: null })
    await later.stop()
    await store.close()
  })
})

it('P20 a store that forgot a mark is never read as checked: both are written in one batch', async () => {
  const the = await scene()
  const inner = memoryStore()
  const batches: string[][] = []
  const store: LocalStore = {
    ...inner,
    batch: (write, options) => {
      batches.push(write.puts.map(([key]) => key))
      return inner.batch(write, options)
    },
  }
  const history = forgedAt(the, 300, [])
  const second = await at.replicaOf(the.newcomer, { store, connect: showing(the.environment, history) })
  await live(second)
  const withEntries = batches.filter((keys) =>
    keys.some((key) => key.startsWith(`replica/entry/${the.stream}`)),
  )
  expect(withEntries.length).toBeGreaterThan(0)
  for (const keys of withEntries) expect(keys).toContain(`replica/provisional/${the.stream}`)
})

import { createHash } from 'node:crypto'
import type { Head } from '@countersign/schema/entry'
import { toHex } from '@countersign/schema/hex'
import { compartmentStream, LEDGER, newId } from '@countersign/schema/ids'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Committed, LogBatch, LogEntry, LogPart, Store } from '../core/store.ts'
import { StoreError } from '../core/store-error.ts'

const bytesOf = (text: string, length = 200): Uint8Array => {
  const out = new Uint8Array(length)
  out.set(new TextEncoder().encode(text).subarray(0, length))
  return out
}

/** An opaque entry: the store never looks inside. */
export const logEntry = (id: string = newId(), bytes: Uint8Array = bytesOf(id)): LogEntry => ({
  id,
  bytes,
  hash: new Uint8Array(createHash('sha256').update(bytes).digest()),
})

export const headAfter = (part: LogPart): Head => {
  const first = part.expected === null ? 0 : part.expected.seq + 1
  const last = part.entries.at(-1)
  if (last === undefined) throw new Error('a part without entries moves nothing')
  return { seq: first + part.entries.length - 1, hash: last.hash }
}

const batch = (team: string, ...parts: LogPart[]): LogBatch => ({ team, parts })
const part = (stream: string, expected: Head | null, ...entries: LogEntry[]): LogPart => ({
  stream,
  expected,
  entries,
})

/** What a store adapter has to give: a fresh store, the same one again after a restart, and one that has no space left. */
export interface StoreUnderTest {
  open(): Promise<Store>
  /** Closes the store as a crash would leave it and opens it again on what it had made durable. */
  reopen(store: Store): Promise<Store>
  /** Leaves no space for another megabyte; the function it returns gives the space back. */
  fill(store: Store): Promise<() => Promise<void>>
  dispose(store: Store): Promise<void>
}

const ALL = { entries: 1000, bytes: 1_000_000 }

/** The contract of the store port; every adapter passes it. */
export const storeContract = (name: string, make: () => StoreUnderTest): void => {
  describe(`store contract: ${name}`, () => {
    let adapter: StoreUnderTest
    let store: Store
    let team: string
    const stream = compartmentStream(newId())

    beforeEach(async () => {
      adapter = make()
      store = await adapter.open()
      team = newId()
    })
    afterEach(() => adapter.dispose(store))

    const land = async (...parts: LogPart[]) => (await store.log.append([batch(team, ...parts)]))[0]
    const textsOf = async (of: string, from = 0) =>
      (await store.log.read(team, of, from, ALL)).map((bytes) => toHex(bytes))

    test('P5 a batch over several streams lands as a whole', async () => {
      const ledger = part(LEDGER, null, logEntry(), logEntry())
      const items = part(stream, null, logEntry())
      expect(await land(ledger, items)).toEqual({ state: 'appended' })
      expect(await store.log.heads(team)).toEqual(
        new Map([
          [LEDGER, headAfter(ledger)],
          [stream, headAfter(items)],
        ]),
      )
    })

    test('P5 a batch with one stale part leaves nothing of the others', async () => {
      const first = part(stream, null, logEntry())
      await land(first)
      const outcome = await land(part(LEDGER, null, logEntry()), part(stream, null, logEntry()))
      expect(outcome).toEqual({ state: 'stale', streams: [stream] })
      expect(await store.log.heads(team)).toEqual(new Map([[stream, headAfter(first)]]))
      expect(await textsOf(LEDGER)).toEqual([])
    })

    test('P5 a head with the right number and another hash is stale', async () => {
      const first = part(stream, null, logEntry())
      await land(first)
      const forged = { seq: 0, hash: new Uint8Array(32).fill(7) }
      expect(await land(part(stream, forged, logEntry()))).toEqual({ state: 'stale', streams: [stream] })
    })

    test('P5 a guard compares and writes nothing', async () => {
      const first = part(LEDGER, null, logEntry())
      await land(first)
      const good = await land(part(LEDGER, headAfter(first)), part(stream, null, logEntry()))
      expect(good).toEqual({ state: 'appended' })
      const other = compartmentStream(newId())
      expect(await land(part(LEDGER, null), part(other, null, logEntry()))).toEqual({
        state: 'stale',
        streams: [LEDGER],
      })
      expect((await store.log.heads(team)).has(other)).toBe(false)
    })

    test('P19 the same batch again is repeated and changes nothing, also after more has landed', async () => {
      const first = part(stream, null, logEntry(), logEntry())
      await land(first)
      expect(await land(first)).toEqual({ state: 'repeated' })
      const second = part(stream, headAfter(first), logEntry())
      await land(second)
      expect(await land(first)).toEqual({ state: 'repeated' })
      expect(await store.log.has(batch(team, first))).toBe(true)
      expect((await store.log.heads(team)).get(stream)).toEqual(headAfter(second))
    })

    test('P19 a repeated batch with one byte changed is not a repetition', async () => {
      const entry = logEntry()
      await land(part(stream, null, entry))
      const other = part(stream, null, { ...entry, bytes: bytesOf('another') })
      expect(await store.log.has(batch(team, other))).toBe(false)
      expect(await land(other)).toEqual({ state: 'stale', streams: [stream] })
    })

    test('P19 an entry id used again in its stream is refused, and so is the rest of its batch', async () => {
      const first = part(stream, null, logEntry())
      await land(first)
      const id = first.entries[0]?.id ?? ''
      const again = part(stream, headAfter(first), logEntry(), logEntry(id, bytesOf('other bytes')))
      expect(await land(part(LEDGER, null, logEntry()), again)).toEqual({ state: 'id_reused', stream, id })
      expect((await store.log.heads(team)).get(stream)).toEqual(headAfter(first))
      expect(await textsOf(LEDGER)).toEqual([])
    })

    test('P19 one entry whose id was used is refused alone: what was sent with it in one call lands', async () => {
      const first = part(stream, null, logEntry())
      await land(first)
      const id = first.entries[0]?.id ?? ''
      const good = part(stream, headAfter(first), logEntry())
      const outcomes = await store.log.append([
        batch(team, part(LEDGER, null, logEntry())),
        batch(team, part(stream, headAfter(first), logEntry(id, bytesOf('other bytes')))),
        batch(team, good),
      ])
      expect(outcomes.map(({ state }) => state)).toEqual(['appended', 'id_reused', 'appended'])
      expect((await store.log.heads(team)).get(stream)).toEqual(headAfter(good))
      expect(await textsOf(stream)).toHaveLength(2)
    })

    test('P19 an entry id may occur in two streams', async () => {
      const id = newId()
      expect(await land(part(stream, null, logEntry(id)))).toEqual({ state: 'appended' })
      expect(await land(part(LEDGER, null, logEntry(id)))).toEqual({ state: 'appended' })
    })

    test('P5 batches of one call are judged in order, each on its own', async () => {
      const first = part(stream, null, logEntry())
      const second = part(stream, headAfter(first), logEntry())
      const outcomes = await store.log.append([
        batch(team, first),
        batch(team, part(stream, null, logEntry())),
        batch(team, second),
      ])
      expect(outcomes.map((each) => each.state)).toEqual(['appended', 'stale', 'appended'])
      expect(await textsOf(stream)).toEqual(
        [...first.entries, ...second.entries].map((each) => toHex(each.bytes)),
      )
    })

    test('P5 of concurrent appends to one head exactly one lands', async () => {
      const rivals = Array.from({ length: 8 }, () => part(stream, null, logEntry()))
      const outcomes = await Promise.all(rivals.map((each) => store.log.append([batch(team, each)])))
      const states = outcomes.flat().map((each) => each.state)
      expect(states.filter((each) => each === 'appended')).toHaveLength(1)
      expect(states.filter((each) => each === 'stale')).toHaveLength(7)
      expect(await textsOf(stream)).toHaveLength(1)
    })

    test('teams are apart: the same streams and ids of another team are other streams', async () => {
      const mine = part(LEDGER, null, logEntry())
      await land(mine)
      const other = newId()
      expect(await store.log.heads(other)).toEqual(new Map())
      expect(await store.log.read(other, LEDGER, 0, ALL)).toEqual([])
      expect(await store.log.has(batch(other, mine))).toBe(false)
      expect((await store.log.append([batch(other, mine)]))[0]).toEqual({ state: 'appended' })
      expect((await store.log.append([batch(other, part(LEDGER, headAfter(mine), logEntry()))]))[0]).toEqual({
        state: 'appended',
      })
      expect(await textsOf(LEDGER)).toHaveLength(1)
    })

    test('reads keep to their limits but always give one entry', async () => {
      const entries = Array.from({ length: 6 }, () => logEntry())
      await land(part(stream, null, ...entries))
      expect(await store.log.read(team, stream, 2, { entries: 2, bytes: 1_000_000 })).toHaveLength(2)
      expect(await store.log.read(team, stream, 0, { entries: 100, bytes: 450 })).toHaveLength(2)
      expect(await store.log.read(team, stream, 0, { entries: 100, bytes: 1 })).toHaveLength(1)
      expect(await store.log.read(team, stream, 6, ALL)).toEqual([])
    })

    test('subscribers hear of everything durable, in order, before the append resolves', async () => {
      const heard: Committed[] = []
      const stop = store.log.subscribe((committed) => heard.push(...committed))
      const first = part(stream, null, logEntry(), logEntry())
      const second = part(stream, headAfter(first), logEntry())
      const appending = store.log.append([
        batch(team, first),
        batch(team, part(stream, null, logEntry())),
        batch(team, second),
      ])
      const heardFirst = appending.then(() => heard.length)
      expect(await heardFirst).toBe(2)
      expect(heard.map(({ from, head }) => [from, head.seq])).toEqual([
        [0, 1],
        [2, 2],
      ])
      expect(heard[0]).toMatchObject({ team, stream, entries: first.entries.map((each) => each.bytes) })
      stop()
      await land(part(stream, headAfter(second), logEntry()))
      expect(heard).toHaveLength(2)
    })

    test('what was acknowledged is there after a crash, and so is the server’s name', async () => {
      const first = part(stream, null, logEntry(), logEntry())
      await land(first)
      const { serverId, nodeSecret } = store
      store = await adapter.reopen(store)
      expect(store.serverId).toEqual(serverId)
      expect(store.nodeSecret).toEqual(nodeSecret)
      expect((await store.log.heads(team)).get(stream)).toEqual(headAfter(first))
      expect(await land(first)).toEqual({ state: 'repeated' })
    })

    test('a full store refuses writes with a code, keeps reading, loses nothing, and recovers', async () => {
      const first = part(stream, null, logEntry())
      await land(first)
      const makeSpace = await adapter.fill(store)
      const big = part(
        stream,
        headAfter(first),
        ...Array.from({ length: 3 }, () => logEntry(newId(), bytesOf(newId(), 400_000))),
      )
      const failure = await land(big).catch((cause: unknown) => cause)
      expect(failure).toBeInstanceOf(StoreError)
      expect(failure).toMatchObject({ code: 'full' })
      expect(store.mode()).toBe('full')
      expect(await textsOf(stream)).toHaveLength(1)
      const small = part(LEDGER, null, logEntry())
      await expect(store.log.append([batch(team, small), batch(team, big)])).rejects.toThrow(StoreError)
      expect(await textsOf(LEDGER)).toHaveLength(0)
      await makeSpace()
      expect(await store.probe()).toBe('normal')
      expect(await land(small)).toEqual({ state: 'appended' })
      expect(await land(big)).toEqual({ state: 'appended' })
      expect(store.mode()).toBe('normal')
    })

    test('a set-up token makes one team, once; unknown ones make none', async () => {
      const token = new Uint8Array(32).fill(1)
      const genesis = logEntry()
      expect(await store.teams.needsToken()).toBe(true)
      expect(await store.teams.create(team, token, genesis)).toBe('token_unknown')
      await store.teams.admitToken(token)
      expect(await store.teams.needsToken()).toBe(false)
      expect(await store.teams.create(team, token, genesis)).toBe('created')
      expect(await store.teams.create(team, token, genesis)).toBe('repeated')
      expect(await store.teams.create(newId(), token, logEntry())).toBe('token_used')
      await store.teams.admitToken(token)
      expect(await store.teams.create(newId(), token, logEntry())).toBe('token_used')
      expect(await textsOf(LEDGER)).toEqual([toHex(genesis.bytes)])
    })

    test('a team that is there is not created again, and the token stays good', async () => {
      const token = new Uint8Array(32).fill(2)
      await land(part(LEDGER, null, logEntry()))
      await store.teams.admitToken(token)
      expect(await store.teams.create(team, token, logEntry())).toBe('team_exists')
      expect(await store.teams.create(newId(), token, logEntry())).toBe('created')
    })

    test('P12 a mailbox takes each step once, pins its joiner, and goes when it expires', async () => {
      const mailbox = toHex(new Uint8Array(32).fill(3))
      const opened = { mailbox, team, member: newId(), expiresAt: 1000 }
      const joiner = new Uint8Array(32).fill(4)
      expect(await store.mailboxes.open(opened, 2, 500)).toBe(true)
      expect(await store.mailboxes.open(opened, 2, 500)).toBe(false)
      expect(await store.mailboxes.post(mailbox, 'commit', bytesOf('commit'), joiner)).toBe(true)
      expect(await store.mailboxes.post(mailbox, 'commit', bytesOf('other'), new Uint8Array(32))).toBe(false)
      store = await adapter.reopen(store)
      const record = await store.mailboxes.get(mailbox)
      expect(record).toMatchObject({ ...opened, joiner })
      expect(record?.slots).toEqual(new Map([['commit', bytesOf('commit')]]))
      const second = { ...opened, mailbox: toHex(new Uint8Array(32).fill(5)), expiresAt: 9000 }
      expect(await store.mailboxes.open(second, 1, 500)).toBe(false)
      expect(await store.mailboxes.open(second, 1, 1000)).toBe(true)
      expect(await store.mailboxes.get(mailbox)).toBeUndefined()
      expect(await store.mailboxes.post(mailbox, 'nonce', bytesOf('nonce'), null)).toBe(false)
      await store.mailboxes.close(second.mailbox)
      expect(await store.mailboxes.get(second.mailbox)).toBeUndefined()
    })

    test('P17 of each device the newest statement is kept', async () => {
      const device = newId()
      const seen = (time: number) => ({
        statement: { team, member: newId(), device, time, heads: [] },
        signature: new Uint8Array(64).fill(time),
      })
      expect(await store.records.putSeen(seen(2))).toBe(true)
      expect(await store.records.putSeen(seen(1))).toBe(false)
      expect(await store.records.putSeen(seen(3))).toBe(true)
      expect((await store.records.listSeen(team)).map((each) => each.statement.time)).toEqual([3])
      expect(await store.records.listSeen(newId())).toEqual([])
    })

    test('a wrap replaces the one of the same credential, of that member only', async () => {
      const member = newId()
      const wrap = (credential: number, fill: number) => ({
        record: {
          team,
          member,
          credential: new Uint8Array(16).fill(credential),
          salt: new Uint8Array(32),
          blob: new Uint8Array(100).fill(fill),
          locatorKey: null,
        },
        signature: new Uint8Array(64),
      })
      await store.records.putWrap(wrap(1, 1))
      await store.records.putWrap(wrap(2, 2))
      await store.records.putWrap(wrap(1, 3))
      const kept = await store.records.listWraps(team, member)
      expect(kept.map((each) => each.record.blob[0]).sort()).toEqual([2, 3])
      expect(await store.records.listWraps(team, newId())).toEqual([])
      expect(await store.records.listWraps(newId(), member)).toEqual([])
    })

    test('P9 a nonce is used once', async () => {
      const nonce = new Uint8Array(48).fill(1)
      expect(await store.records.useNonce(nonce, 1000, 1)).toBe(true)
      expect(await store.records.useNonce(nonce, 1000, 2)).toBe(false)
    })
  })
}

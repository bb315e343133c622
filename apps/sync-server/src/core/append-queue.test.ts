import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cryptoReady } from '@countersign/crypto/ready'
import type { Head } from '@countersign/schema/entry'
import { auditStream, LEDGER, newId } from '@countersign/schema/ids'
import type { AppendPart } from '@countersign/schema/wire'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openSqliteStore } from '../adapters/store-sqlite/sqlite-store.ts'
import { TestMember } from '../test/test-member.ts'
import { TestTeam } from '../test/test-team.ts'
import { AppendQueue, type AppendReply } from './append-queue.ts'
import { checkGenesis, tokenHash } from './create-team.ts'
import { Hub } from './hub.ts'
import { isRefusal, parseBatch } from './parse-batch.ts'
import type { Store } from './store.ts'
import type { TeamState } from './team-state.ts'

let folder: string
let store: Store
let team: TestTeam
let state: TeamState
let flushes: number[]
let queue: AppendQueue

const newQueue = (checksAhead: boolean) =>
  new AppendQueue({
    log: store.log,
    checksAhead,
    schedule: setImmediate,
    now: () => 0,
    onFlush: ({ appends }) => flushes.push(appends),
  })

beforeAll(() => cryptoReady())
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-queue-'))
  store = openSqliteStore({ file: join(folder, 'server.db'), maxBytes: null })
  team = new TestTeam()
  const token = tokenHash('a token')
  const genesis = checkGenesis(team.id, team.genesis)
  if ('code' in genesis) throw new Error(genesis.message)
  await store.teams.admitToken(token)
  await store.teams.create(team.id, token, genesis)
  const hub = new Hub({ log: store.log, schedule: (work) => work(), idleTeams: 1, onPush: () => {} })
  const loaded = await hub.team(team.id)
  if (loaded === undefined) throw new Error('the team is gone')
  state = loaded
  flushes = []
})
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const ACCESS_LOST = { teamKeyEpoch: 0, authority: null, epochs: [] } as const

const submit = (parts: readonly AppendPart[], by = team.founder) =>
  new Promise<AppendReply>((reply) => {
    const batch = parseBatch(team.id, parts)
    if (isRefusal(batch)) throw new Error(batch.message)
    queue.submit({ team: state, device: by.device, batch, bytes: 1000, reply })
  })
const landed = async (stream: string) =>
  (await store.log.read(team.id, stream, 0, { entries: 100, bytes: 1e7 })).length

describe.each([
  { checksAhead: true, where: 'on other threads while appends wait' },
  { checksAhead: false, where: 'when their turn comes' },
])('append queue that verifies signatures $where', ({ checksAhead }) => {
  beforeEach(() => {
    queue = newQueue(checksAhead)
  })

  test('what waits lands in the order in which it came, each judged after the ones before', async () => {
    const environment = newId()
    const appends = [
      [team.environment(environment, [team.founder])],
      [team.item(team.founder, environment)],
      [team.item(team.founder, environment)],
    ]
    const replies = appends.map((parts) => submit(parts))
    expect(queue.depth).toBe(3)
    expect((await Promise.all(replies)).map((each) => each.state)).toEqual([
      'appended',
      'appended',
      'appended',
    ])
    await queue.drain()
    expect(flushes.reduce((sum, each) => sum + each, 0)).toBe(3)
  })

  test('P5 an entry whose right was given in the same tick lands only after what gave it', async () => {
    const environment = newId()
    const holder = new TestMember([])
    const setUp = [submit([team.environment(environment, [team.founder])]), submit([team.add(holder)])]
    await Promise.all(setUp)
    const give = team.give(holder, environment, 'hold')
    const item = team.item(holder, environment)
    const tooEarly = submit([item], holder)
    const given = submit([give])
    const inTime = submit([item], holder)
    expect(await tooEarly).toMatchObject({ state: 'refused', refusal: { code: 'append.not_allowed' } })
    expect(await given).toMatchObject({ state: 'appended' })
    expect(await inTime).toMatchObject({ state: 'appended' })
    expect(await landed(item.stream)).toBe(1)
  })

  test('P5 an entry whose right was taken in the same tick does not land', async () => {
    const environment = newId()
    const holder = new TestMember([])
    const setUp = [
      submit([team.environment(environment, [team.founder])]),
      submit([team.add(holder, [{ environment, level: 'hold' }])]),
    ]
    await Promise.all(setUp)
    const removed = submit([team.remove(holder, [team.founder], [environment])])
    const late = submit([team.item(holder, environment)], holder)
    expect(await removed).toMatchObject({ state: 'appended' })
    expect(await late).toMatchObject({ state: 'refused', refusal: { code: 'append.not_allowed' } })
    expect(await landed(`c/${environment}`)).toBe(0)
  })

  test('P5 a cut that states another place than where its stream stands is stale, whoever states it, and removals go on', async () => {
    const environment = newId()
    const holder = new TestMember([])
    const item = () => team.item(team.founder, environment)
    for (const parts of [
      [team.environment(environment, [team.founder])],
      [team.add(holder, [{ environment, level: 'hold' }])],
      [item()],
    ])
      expect(await submit(parts)).toMatchObject({ state: 'appended' })
    const first = team.head(`c/${environment}`)
    expect(await submit([item()])).toMatchObject({ state: 'appended' })
    const true1 = team.head(`c/${environment}`)
    if (true1 === null) throw new Error('there is no item')
    /** Not noted as landed: it must not land. */
    const stating = (head: Head | null) => ({
      stream: LEDGER,
      expected: team.head(LEDGER),
      entries: [
        team.entry(team.founder, LEDGER, 'member.access', {
          ...ACCESS_LOST,
          member: holder.id,
          access: [{ environment, level: 'none', approve: false, wrap: null }],
          cuts: [{ environment, head }],
        }),
      ],
    })
    const other = new Uint8Array(32).fill(7)
    for (const head of [
      { seq: Number.MAX_SAFE_INTEGER, hash: other },
      { seq: true1.seq + 1, hash: other },
      { seq: true1.seq, hash: other },
      { seq: 0, hash: true1.hash },
      first,
      null,
    ])
      expect(await submit([stating(head)])).toMatchObject({
        state: 'refused',
        refusal: { code: 'append.head_stale' },
      })
    expect(await submit([team.withdraw(holder, environment)])).toMatchObject({ state: 'appended' })
  })

  test('L3 a signature that is not its author’s is refused first and behind others, and holds up nothing', async () => {
    const forged = () => {
      const entry = Uint8Array.from(
        team.entry(team.founder, auditStream(team.founder.device), 'audit.records', {}),
      )
      entry[entry.length - 1] = (entry.at(-1) ?? 0) ^ 1
      return { stream: auditStream(team.founder.device), expected: null, entries: [entry] }
    }
    const good = team.ledger(team.founder, 'vault.create', { teamKeyEpoch: 0, vault: newId() })
    const replies = [forged(), good, forged(), forged()].map((part) => submit([part]))
    replies.push(submit([team.ledger(team.founder, 'vault.create', { teamKeyEpoch: 0, vault: newId() })]))
    const states = (await Promise.all(replies)).map((each) =>
      each.state === 'refused' ? each.refusal.code : each.state,
    )
    expect(states).toEqual(['append.refused', 'appended', 'append.refused', 'append.refused', 'appended'])
  })

  test('a refusal halfway through a batch leaves nothing behind for the next', async () => {
    const vault = newId()
    const expected = team.head(LEDGER)
    const good = team.entry(team.founder, LEDGER, 'vault.create', { teamKeyEpoch: 0, vault })
    team.advance(LEDGER, good)
    const twice = team.entry(team.founder, LEDGER, 'vault.create', { teamKeyEpoch: 0, vault })
    const refused = submit([{ stream: LEDGER, expected, entries: [good, twice] }])
    const alone = submit([{ stream: LEDGER, expected, entries: [good] }])
    expect(await refused).toMatchObject({ state: 'refused', refusal: { code: 'append.not_allowed' } })
    expect(await alone).toMatchObject({ state: 'appended' })
    expect(state.projection.vaults).toEqual(new Set([vault]))
  })

  test('an append behind a full store is refused with its code and can be sent again', async () => {
    await store.close()
    store = openSqliteStore({ file: join(folder, 'server.db'), maxBytes: 1 })
    const full = new AppendQueue({
      log: store.log,
      checksAhead,
      schedule: (flush) => flush(),
      now: () => 0,
      onFlush: () => {},
    })
    const part = team.ledger(team.founder, 'bootstrap.close', { teamKeyEpoch: 0 })
    const big = team.audit(team.founder, { bodyBytes: 200_000 })
    const batch = parseBatch(team.id, [part, big])
    if (isRefusal(batch)) throw new Error(batch.message)
    const send = () =>
      new Promise<AppendReply>((reply) =>
        full.submit({ team: state, device: team.founder.device, batch, bytes: 1, reply }),
      )
    expect(await send()).toMatchObject({ state: 'refused', refusal: { code: 'store.full' } })
    expect(await landed(LEDGER)).toBe(1)
    expect(state.head(LEDGER)?.seq).toBe(0)
  })
})

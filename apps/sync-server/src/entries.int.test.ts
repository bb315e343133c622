import { cryptoReady } from '@countersign/crypto/ready'
import { auditStream, compartmentStream, LEDGER, newId } from '@countersign/schema/ids'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { TestClient } from './test/test-client.ts'
import { isEntriesOf, refusedWith, seqsOf, settle, TestRoom } from './test/test-room.ts'

let room: TestRoom
beforeAll(async () => {
  await cryptoReady()
  room = await TestRoom.open()
})
afterEach(() => room.hangUp())
afterAll(() => room.dispose())

const flipped = (bytes: Uint8Array, at: number): Uint8Array => {
  const copy = new Uint8Array(bytes)
  const index = at < 0 ? copy.length + at : at
  copy[index] = (copy[index] ?? 0) ^ 1
  return copy
}

describe('entries', () => {
  test('P10 appends are pushed to who may read them and to nobody else', async () => {
    const place = await room.newTeam()
    const { team, environment, admin } = place
    const reading = await room.login(team, await room.addMember(place, 'view'))
    const outside = await room.login(team, await room.addMember(place, 'none'))
    const item = team.item(team.founder, environment)
    const stream = compartmentStream(environment)
    expect(await admin.append(item)).toMatchObject({
      type: 'appended',
      heads: [{ stream, head: team.head(stream) }],
    })
    expect(await reading.wait(isEntriesOf(stream))).toMatchObject({
      ref: null,
      from: 0,
      entries: item.entries,
    })
    await settle(outside)
    expect(outside.received.filter(isEntriesOf(stream))).toEqual([])
    const fetched = await outside.request((ref) => ({ type: 'fetch', ref, stream, after: null, limit: 10 }))
    expect(fetched).toMatchObject(refusedWith('stream.not_allowed'))
    await settle(admin)
    expect(admin.received.filter(isEntriesOf(stream))).toEqual([])
  })

  test('P19 catch-up starts after the cursors and misses nothing, in batches', async () => {
    const { team, environment, admin } = await room.newTeam()
    const stream = compartmentStream(environment)
    for (let i = 0; i < 4; i++) {
      const expected = team.head(stream)
      const parts = Array.from({ length: 300 }, () => team.item(team.founder, environment))
      expect(
        await admin.append({ stream, expected, entries: parts.flatMap((part) => part.entries) }),
      ).toMatchObject({ type: 'appended' })
    }
    const fromStart = await room.login(team, team.founder)
    expect(seqsOf(fromStart, stream)).toEqual(Array.from({ length: 1200 }, (_, i) => i))
    expect(seqsOf(fromStart, LEDGER)).toEqual([0, 1, 2])
    expect(fromStart.received.filter(isEntriesOf(stream)).length).toBeGreaterThan(1)
    const head = { seq: 1189, hash: new Uint8Array(32) }
    const resumed = await room.login(team, team.founder, [
      { stream, head },
      { stream: LEDGER, head: team.head(LEDGER) },
    ])
    expect(seqsOf(resumed, stream)).toEqual([1190, 1191, 1192, 1193, 1194, 1195, 1196, 1197, 1198, 1199])
    expect(seqsOf(resumed, LEDGER)).toEqual([])
  })

  test('P5 a stale head is refused and what was missed follows', async () => {
    const { team, environment, admin } = await room.newTeam()
    const other = await room.login(team, team.founder)
    const stream = compartmentStream(environment)
    const before = team.head(stream)
    const mine = { stream, expected: before, entries: [team.entry(team.founder, stream, 'item.put', {})] }
    const first = team.item(team.founder, environment)
    expect(await admin.append(first)).toMatchObject({ type: 'appended' })
    expect(await other.append(mine)).toMatchObject(refusedWith('append.head_stale'))
    expect(await other.wait(isEntriesOf(stream))).toMatchObject({ from: 0, entries: first.entries })
    expect(await other.append(team.item(team.founder, environment))).toMatchObject({ type: 'appended' })
  })

  test('P19 the same append again is acknowledged again; its id with other bytes is refused', async () => {
    const { team, environment, admin } = await room.newTeam()
    const item = team.item(team.founder, environment, { id: 'ab'.repeat(16) })
    const first = await admin.append(item)
    const again = await room.login(team, team.founder)
    expect(await again.append(item)).toMatchObject({
      type: 'appended',
      heads: (first as { heads: unknown }).heads,
    })
    const reused = team.entry(team.founder, item.stream, 'item.put', {}, { id: 'ab'.repeat(16) })
    const refused = await admin.append({
      stream: item.stream,
      expected: team.head(item.stream),
      entries: [reused],
    })
    expect(refused).toMatchObject(refusedWith('append.refused'))
  })

  test('P19 two copies sent at once land once', async () => {
    const { team, environment, admin } = await room.newTeam()
    const item = team.item(team.founder, environment)
    const [one, two] = await Promise.all([admin.append(item), admin.append(item)])
    expect([one?.type, two?.type]).toEqual(['appended', 'appended'])
    const fetched = await admin.request((ref) => ({
      type: 'fetch',
      ref,
      stream: item.stream,
      after: null,
      limit: 10,
    }))
    expect(fetched).toMatchObject({ entries: item.entries })
  })

  test('P5 a batch over several streams lands as a whole or not at all', async () => {
    const { team, environment, admin } = await room.newTeam()
    const item = team.item(team.founder, environment)
    const good = team.item(team.founder, environment)
    const bad = { ...team.audit(team.founder), entries: [new Uint8Array(200)] }
    const both = { stream: item.stream, expected: item.expected, entries: [...item.entries, ...good.entries] }
    expect(await admin.append(both, bad)).toMatchObject(refusedWith('append.refused'))
    const audit = auditStream(team.founder.device)
    team.heads.delete(audit)
    expect(await admin.append(both, team.audit(team.founder))).toMatchObject({
      type: 'appended',
      heads: [{ stream: item.stream }, { stream: audit }],
    })
  })

  test('P5 appends pipelined without waiting all land, in order', async () => {
    const { team, environment, admin } = await room.newTeam()
    const parts = Array.from({ length: 50 }, () => team.item(team.founder, environment))
    const answers = await Promise.all(parts.map((part) => admin.append(part)))
    expect(answers.map((each) => each.type)).toEqual(parts.map(() => 'appended'))
  })

  test('P10 what does not belong is refused: forged author, foreign stream, broken chain, unparsable', async () => {
    const place = await room.newTeam()
    const { team, environment, admin } = place
    const member = await room.addMember(place, 'view')
    const reading = await room.login(team, member)
    const stream = compartmentStream(environment)
    const expected = team.head(stream)
    const cases: [TestClient, string, { stream?: string; entry: Uint8Array }][] = [
      [reading, 'append.not_allowed', { entry: team.entry(member, stream, 'item.put', {}) }],
      [reading, 'append.not_allowed', { entry: team.entry(team.founder, stream, 'item.put', {}) }],
      [admin, 'append.refused', { entry: team.entry(team.founder, stream, 'vault.create', {}) }],
      [
        admin,
        'append.refused',
        { entry: team.entry(team.founder, compartmentStream(newId()), 'item.put', {}) },
      ],
      [admin, 'append.refused', { entry: flipped(team.entry(team.founder, stream, 'item.put', {}), -1) }],
      [admin, 'append.refused', { entry: new Uint8Array(500) }],
      [
        admin,
        'append.refused',
        {
          entry: team.entry(
            team.founder,
            stream,
            'item.put',
            {},
            { after: { seq: 4, hash: new Uint8Array(32) } },
          ),
        },
      ],
      [
        admin,
        'append.not_allowed',
        {
          stream: auditStream(member.device),
          entry: team.entry(team.founder, auditStream(member.device), 'audit.records', {}),
        },
      ],
    ]
    for (const [client, code, { entry, stream: other = stream }] of cases) {
      expect(await client.append({ stream: other, expected, entries: [entry] })).toMatchObject(
        refusedWith(code),
      )
    }
    expect(await admin.append(team.item(team.founder, environment))).toMatchObject({ type: 'appended' })
  })

  test('P10 a read-your-writes question is never answered from the past', async () => {
    const { team, admin } = await room.newTeam()
    const ahead = { seq: 900, hash: new Uint8Array(32) }
    const answer = await admin.request((ref) => ({
      type: 'fetch',
      ref,
      stream: LEDGER,
      after: ahead,
      limit: 10,
    }))
    expect(answer).toMatchObject(refusedWith('stream.behind'))
    expect(team.head(LEDGER)?.seq).toBe(2)
  })
})

import { cryptoReady } from '@countersign/crypto/ready'
import { sign } from '@countersign/crypto/sign'
import { encodeCanonical } from '@countersign/schema/canonical'
import { auditStream, compartmentStream, LEDGER, newId } from '@countersign/schema/ids'
import type { Cursor, ServerMessage } from '@countersign/schema/wire'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { TestClient } from './test/test-client.ts'
import { TestMember } from './test/test-member.ts'
import { foundTeam, startTestServer, type TestServer } from './test/test-server.ts'
import { TestTeam } from './test/test-team.ts'

let server: TestServer
const clients: TestClient[] = []

beforeAll(async () => {
  await cryptoReady()
})
afterEach(async () => {
  for (const client of clients.splice(0)) client.ws.terminate()
})

const login = async (team: TestTeam, member: TestMember, cursors: Cursor[] = []) => {
  const client = await TestClient.login(server.url, team, member, cursors)
  clients.push(client)
  return client
}
const open = async () => {
  const client = await TestClient.open(server.url)
  clients.push(client)
  return client
}
const isEntriesOf = (stream: string) => (message: ServerMessage) =>
  message.type === 'entries' && message.stream === stream
const seqsOf = (client: TestClient, stream: string): number[] =>
  client.received.flatMap((m) =>
    m.type === 'entries' && m.stream === stream ? m.entries.map((_, i) => m.from + i) : [],
  )
/** Everything that was on its way has arrived. */
const settle = (client: TestClient) => client.request((ref) => ({ type: 'ping', ref }))
const refusedWith = (code: string) => ({ type: 'refused', code })

/** One server for each file's tests; one team for each test. */
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.dispose())

/** A team under a token of its own: tokens are single use. */
const newTeam = async (): Promise<{ team: TestTeam; environment: string; admin: TestClient }> => {
  const team = await foundTeam(server.url, server.freshToken())
  const environment = newId()
  const admin = await login(team, team.founder)
  expect(await admin.append(team.environment(environment, [team.founder]))).toMatchObject({
    type: 'appended',
  })
  return { team, environment, admin }
}
const addMember = async (
  { team, admin, environment }: Awaited<ReturnType<typeof newTeam>>,
  level: 'view' | 'request' | 'hold' | 'none',
): Promise<TestMember> => {
  const member = new TestMember([])
  const access = level === 'none' ? [] : [{ environment, level } as const]
  expect(await admin.append(team.add(member, access))).toMatchObject({ type: 'appended' })
  return member
}

describe('creating a team', () => {
  test('P10 a set-up token makes one team and says what to do when it was used', async () => {
    const token = server.freshToken()
    const team = new TestTeam()
    const client = await open()
    expect(await client.create(team, token)).toMatchObject({
      type: 'created',
      team: team.id,
      head: team.head(LEDGER),
    })
    expect(await client.create(team, token)).toMatchObject({ type: 'created' })
    const second = await open()
    expect(await second.create(new TestTeam(), token)).toMatchObject({
      ...refusedWith('setup.refused'),
      message: expect.stringContaining('COUNTERSIGN_SETUP_TOKEN'),
    })
    expect(await second.closed).toBe(1008)
  })

  test('P10 a wrong token makes none', async () => {
    const client = await open()
    expect(await client.create(new TestTeam(), 'not the token at all')).toMatchObject(
      refusedWith('setup.refused'),
    )
  })

  test('L10 a first entry for another team’s id is refused before the token is touched', async () => {
    const token = server.freshToken()
    const client = await open()
    const team = new TestTeam()
    client.send({ type: 'create', protocol: 1, setupToken: token, team: newId(), entry: team.genesis })
    expect(await client.next('refused')).toMatchObject(refusedWith('append.refused'))
    const again = await open()
    expect(await again.create(team, token)).toMatchObject({ type: 'created' })
  })
})

describe('login', () => {
  test('P9 a signature by another key, for another device or by a stranger has one answer', async () => {
    const { team } = await newTeam()
    const stranger = new TestMember([])
    const attempts: [string, string, TestMember][] = [
      [team.id, team.founder.device, stranger],
      [team.id, stranger.device, stranger],
      [newId(), team.founder.device, team.founder],
    ]
    const answers: ServerMessage[] = []
    for (const [id, device, by] of attempts) {
      const client = await open()
      await client.hello(id, device, by.deviceSign)
      answers.push(await client.next('refused'))
      expect(await client.closed).toBe(1008)
    }
    expect(answers[0]).toMatchObject({ ...refusedWith('login.refused'), ref: null })
    expect(answers.every((each) => JSON.stringify(each) === JSON.stringify(answers[0]))).toBe(true)
  })

  test('P9 a login recorded on one connection does not work on the next', async () => {
    const { team } = await newTeam()
    const first = await open()
    const sent: Uint8Array[] = []
    const send = first.ws.send.bind(first.ws)
    first.ws.send = (data: unknown) => {
      sent.push(data as Uint8Array)
      send(data as Uint8Array)
    }
    await first.hello(team.id, team.founder.device, team.founder.deviceSign)
    await first.next('welcome')
    const second = await open()
    await second.next('challenge')
    second.ws.send(sent[0] ?? new Uint8Array())
    expect(await second.next('refused')).toMatchObject(refusedWith('login.refused'))
  })

  test('P14 the member key is not a device key: it does not log in', async () => {
    const { team } = await newTeam()
    const client = await open()
    await client.hello(team.id, team.founder.device, team.founder.sign)
    expect(await client.next('refused')).toMatchObject(refusedWith('login.refused'))
  })

  test('P10 nothing but create, hello and mailbox.join is taken before login', async () => {
    const client = await open()
    client.send({ type: 'fetch', ref: 1, stream: LEDGER, after: null, limit: 10 })
    expect(await client.next('refused')).toMatchObject({ ...refusedWith('state.unexpected'), ref: null })
    expect(await client.closed).toBe(1008)
  })
})

describe('entries', () => {
  test('P10 appends are pushed to who may read them and to nobody else', async () => {
    const place = await newTeam()
    const { team, environment, admin } = place
    const reading = await login(team, await addMember(place, 'view'))
    const outside = await login(team, await addMember(place, 'none'))
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
    const { team, environment, admin } = await newTeam()
    const stream = compartmentStream(environment)
    for (let i = 0; i < 4; i++) {
      const expected = team.head(stream)
      const parts = Array.from({ length: 300 }, () => team.item(team.founder, environment))
      expect(
        await admin.append({ stream, expected, entries: parts.flatMap((part) => part.entries) }),
      ).toMatchObject({ type: 'appended' })
    }
    const fromStart = await login(team, team.founder)
    expect(seqsOf(fromStart, stream)).toEqual(Array.from({ length: 1200 }, (_, i) => i))
    expect(seqsOf(fromStart, LEDGER)).toEqual([0, 1, 2])
    expect(fromStart.received.filter(isEntriesOf(stream)).length).toBeGreaterThan(1)
    const head = { seq: 1189, hash: new Uint8Array(32) }
    const resumed = await login(team, team.founder, [
      { stream, head },
      { stream: LEDGER, head: team.head(LEDGER) },
    ])
    expect(seqsOf(resumed, stream)).toEqual([1190, 1191, 1192, 1193, 1194, 1195, 1196, 1197, 1198, 1199])
    expect(seqsOf(resumed, LEDGER)).toEqual([])
  })

  test('P5 a stale head is refused and what was missed follows', async () => {
    const { team, environment, admin } = await newTeam()
    const other = await login(team, team.founder)
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
    const { team, environment, admin } = await newTeam()
    const item = team.item(team.founder, environment, { id: 'ab'.repeat(16) })
    const first = await admin.append(item)
    const again = await login(team, team.founder)
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
    const { team, environment, admin } = await newTeam()
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
    const { team, environment, admin } = await newTeam()
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
    const { team, environment, admin } = await newTeam()
    const parts = Array.from({ length: 50 }, () => team.item(team.founder, environment))
    const answers = await Promise.all(parts.map((part) => admin.append(part)))
    expect(answers.map((each) => each.type)).toEqual(parts.map(() => 'appended'))
  })

  test('P10 what does not belong is refused: forged author, foreign stream, broken chain, unparsable', async () => {
    const place = await newTeam()
    const { team, environment, admin } = place
    const member = await addMember(place, 'view')
    const reading = await login(team, member)
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
    const { team, admin } = await newTeam()
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

const flipped = (bytes: Uint8Array, at: number): Uint8Array => {
  const copy = new Uint8Array(bytes)
  const index = at < 0 ? copy.length + at : at
  copy[index] = (copy[index] ?? 0) ^ 1
  return copy
}

describe('access', () => {
  test('P5 a removed member is shown the entry that removed it and no later one, is cut off at once and cannot come back', async () => {
    const place = await newTeam()
    const { team, environment, admin } = place
    const member = await addMember(place, 'view')
    const leaving = await login(team, member)
    const removal = team.remove(member, [team.founder], [environment])
    const later = team.ledger(team.founder, 'vault.create', { teamKeyEpoch: 1, vault: newId() })
    leaving.received.splice(0)
    const together = { ...removal, entries: [...removal.entries, ...later.entries] }
    expect(await admin.append(together)).toMatchObject({ type: 'appended' })
    expect(await leaving.wait(isEntriesOf(LEDGER))).toMatchObject({
      from: (removal.expected?.seq ?? 0) + 1,
      entries: removal.entries,
    })
    expect(await leaving.next('refused')).toMatchObject({ ...refusedWith('login.refused'), ref: null })
    expect(await leaving.closed).toBe(1008)
    expect(leaving.received.filter((m) => m.type === 'entries')).toEqual([])
    const back = await open()
    await back.hello(team.id, member.device, member.deviceSign)
    expect(await back.next('refused')).toMatchObject(refusedWith('login.refused'))
  })

  test('P5 a compartment taken away is pushed no more; one given is sent from its start', async () => {
    const place = await newTeam()
    const { team, environment, admin } = place
    const member = await addMember(place, 'none')
    const client = await login(team, member)
    const stream = compartmentStream(environment)
    const old = team.item(team.founder, environment)
    await admin.append(old)
    expect(await admin.append(team.give(member, environment, 'view'))).toMatchObject({ type: 'appended' })
    expect(await client.wait(isEntriesOf(stream))).toMatchObject({ from: 0, entries: old.entries })
    const live = team.item(team.founder, environment)
    await admin.append(live)
    expect(await client.wait(isEntriesOf(stream))).toMatchObject({ from: 1, entries: live.entries })
    expect(await admin.append(team.withdraw(member, environment))).toMatchObject({ type: 'appended' })
    await client.wait((m) => m.type === 'entries' && m.stream === LEDGER && m.from === team.head(LEDGER)?.seq)
    const refused = await client.request((ref) => ({ type: 'fetch', ref, stream, after: null, limit: 5 }))
    expect(refused).toMatchObject(refusedWith('stream.not_allowed'))
    await settle(client)
    expect(client.received.filter(isEntriesOf(stream))).toEqual([])
  })

  test('teams are apart: a member of one reads, writes and names nothing of another', async () => {
    const mine = await newTeam()
    const other = await newTeam()
    const item = other.team.item(other.team.founder, other.environment)
    await other.admin.append(item)
    const client = mine.admin
    const stream = compartmentStream(other.environment)
    const fetched = await client.request((ref) => ({ type: 'fetch', ref, stream, after: null, limit: 5 }))
    expect(fetched).toMatchObject(refusedWith('stream.not_allowed'))
    const foreign = other.team.entry(other.team.founder, LEDGER, 'vault.create', {
      teamKeyEpoch: 0,
      vault: newId(),
    })
    const appended = await client.append({
      stream: LEDGER,
      expected: other.team.head(LEDGER),
      entries: [foreign],
    })
    expect(appended).toMatchObject(refusedWith('append.refused'))
    const login2 = await open()
    await login2.hello(other.team.id, mine.team.founder.device, mine.team.founder.deviceSign)
    expect(await login2.next('refused')).toMatchObject(refusedWith('login.refused'))
    expect(client.received.filter((m) => m.type === 'entries' && m.stream === stream)).toEqual([])
  })
})

describe('seen', () => {
  const signedSeen = (team: TestTeam, member: TestMember, time: number, by = member) => {
    const heads = [...team.heads].map(([stream, head]) => ({ stream, head }))
    const statement = { team: team.id, member: member.id, device: member.device, time, heads }
    return { statement, signature: sign(by.deviceSign.secretKey, 'seen', encodeCanonical(statement)) }
  }

  test('P17 a device’s statement reaches the team now and whoever connects later', async () => {
    const place = await newTeam()
    const { team, admin } = place
    const member = await addMember(place, 'view')
    const client = await login(team, member)
    const seen = signedSeen(team, member, Date.now())
    expect(await client.request((ref) => ({ type: 'seen', ref, seen }))).toMatchObject({ type: 'ok' })
    expect(await admin.next('seen')).toEqual({ type: 'seen', seen })
    const later = await open()
    await later.hello(team.id, team.founder.device, team.founder.deviceSign)
    expect(await later.next('welcome')).toMatchObject({ seen: [seen] })
    const older = signedSeen(team, member, Date.now() - 60_000)
    expect(await client.request((ref) => ({ type: 'seen', ref, seen: older }))).toMatchObject({ type: 'ok' })
    await settle(admin)
    expect(admin.received.filter((m) => m.type === 'seen')).toEqual([])
  })

  test('P17 nobody speaks for another device, nor from the future', async () => {
    const place = await newTeam()
    const { team, admin } = place
    const member = await addMember(place, 'view')
    const forged = [
      signedSeen(team, member, Date.now()),
      signedSeen(team, team.founder, Date.now(), member),
      signedSeen(team, team.founder, Date.now() + 3_600_000),
    ]
    for (const seen of forged) {
      expect(await admin.request((ref) => ({ type: 'seen', ref, seen }))).toMatchObject(
        refusedWith('append.refused'),
      )
    }
  })
})

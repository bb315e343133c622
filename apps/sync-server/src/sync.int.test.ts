import { cryptoReady } from '@countersign/crypto/ready'
import { sign } from '@countersign/crypto/sign'
import { encodeCanonical } from '@countersign/schema/canonical'
import { compartmentStream, LEDGER, newId } from '@countersign/schema/ids'
import type { ServerMessage } from '@countersign/schema/wire'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { TestMember } from './test/test-member.ts'
import { isEntriesOf, refusedWith, settle, TestRoom } from './test/test-room.ts'
import { TestTeam } from './test/test-team.ts'

let room: TestRoom
beforeAll(async () => {
  await cryptoReady()
  room = await TestRoom.open()
})
afterEach(() => room.hangUp())
afterAll(() => room.dispose())

describe('creating a team', () => {
  test('P10 a set-up token makes one team and says what to do when it was used', async () => {
    const token = room.server.freshToken()
    const team = new TestTeam()
    const client = await room.connect()
    expect(await client.create(team, token)).toMatchObject({
      type: 'created',
      team: team.id,
      head: team.head(LEDGER),
    })
    expect(await client.create(team, token)).toMatchObject({ type: 'created' })
    const second = await room.connect()
    expect(await second.create(new TestTeam(), token)).toMatchObject({
      ...refusedWith('setup.refused'),
      message: expect.stringContaining('COUNTERSIGN_SETUP_TOKEN'),
    })
    expect(await second.closed).toBe(1008)
  })

  test('P10 a wrong token makes none', async () => {
    const client = await room.connect()
    expect(await client.create(new TestTeam(), 'not the token at all')).toMatchObject(
      refusedWith('setup.refused'),
    )
  })

  test('L10 a first entry for another team’s id is refused before the token is touched', async () => {
    const token = room.server.freshToken()
    const client = await room.connect()
    const team = new TestTeam()
    client.send({ type: 'create', protocol: 1, setupToken: token, team: newId(), entry: team.genesis })
    expect(await client.next('refused')).toMatchObject(refusedWith('append.refused'))
    const again = await room.connect()
    expect(await again.create(team, token)).toMatchObject({ type: 'created' })
  })
})

describe('login', () => {
  test('P9 a signature by another key, for another device or by a stranger has one answer', async () => {
    const { team } = await room.newTeam()
    const stranger = new TestMember([])
    const attempts: [string, string, TestMember][] = [
      [team.id, team.founder.device, stranger],
      [team.id, stranger.device, stranger],
      [newId(), team.founder.device, team.founder],
    ]
    const answers: ServerMessage[] = []
    for (const [id, device, by] of attempts) {
      const client = await room.connect()
      await client.hello(id, device, by.deviceSign)
      answers.push(await client.next('refused'))
      expect(await client.closed).toBe(1008)
    }
    expect(answers[0]).toMatchObject({ ...refusedWith('login.refused'), ref: null })
    expect(answers.every((each) => JSON.stringify(each) === JSON.stringify(answers[0]))).toBe(true)
  })

  test('P9 a login recorded on one connection does not work on the next', async () => {
    const { team } = await room.newTeam()
    const first = await room.connect()
    const sent: Uint8Array[] = []
    const send = first.ws.send.bind(first.ws)
    first.ws.send = (data: unknown) => {
      sent.push(data as Uint8Array)
      send(data as Uint8Array)
    }
    await first.hello(team.id, team.founder.device, team.founder.deviceSign)
    await first.next('welcome')
    const second = await room.connect()
    await second.next('challenge')
    second.ws.send(sent[0] ?? new Uint8Array())
    expect(await second.next('refused')).toMatchObject(refusedWith('login.refused'))
  })

  test('P14 the member key is not a device key: it does not log in', async () => {
    const { team } = await room.newTeam()
    const client = await room.connect()
    await client.hello(team.id, team.founder.device, team.founder.sign)
    expect(await client.next('refused')).toMatchObject(refusedWith('login.refused'))
  })

  test('P10 nothing but create, hello and mailbox.join is taken before login', async () => {
    const client = await room.connect()
    client.send({ type: 'fetch', ref: 1, stream: LEDGER, after: null, limit: 10 })
    expect(await client.next('refused')).toMatchObject({ ...refusedWith('state.unexpected'), ref: null })
    expect(await client.closed).toBe(1008)
  })
})

describe('access', () => {
  test('P5 a removed member is shown the entry that removed it and no later one, is cut off at once and cannot come back', async () => {
    const place = await room.newTeam()
    const { team, environment, admin } = place
    const member = await room.addMember(place, 'view')
    const leaving = await room.login(team, member)
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
    const back = await room.connect()
    await back.hello(team.id, member.device, member.deviceSign)
    expect(await back.next('refused')).toMatchObject(refusedWith('login.refused'))
  })

  test('P5 a compartment taken away is pushed no more; one given is sent from its start', async () => {
    const place = await room.newTeam()
    const { team, environment, admin } = place
    const member = await room.addMember(place, 'none')
    const client = await room.login(team, member)
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
    const mine = await room.newTeam()
    const other = await room.newTeam()
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
    const login2 = await room.connect()
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
    const place = await room.newTeam()
    const { team, admin } = place
    const member = await room.addMember(place, 'view')
    const client = await room.login(team, member)
    const seen = signedSeen(team, member, Date.now())
    expect(await client.request((ref) => ({ type: 'seen', ref, seen }))).toMatchObject({ type: 'ok' })
    expect(await admin.next('seen')).toEqual({ type: 'seen', seen })
    const later = await room.connect()
    await later.hello(team.id, team.founder.device, team.founder.deviceSign)
    expect(await later.next('welcome')).toMatchObject({ seen: [seen] })
    const older = signedSeen(team, member, Date.now() - 60_000)
    expect(await client.request((ref) => ({ type: 'seen', ref, seen: older }))).toMatchObject({ type: 'ok' })
    await settle(admin)
    expect(admin.received.filter((m) => m.type === 'seen')).toEqual([])
  })

  test('P17 nobody speaks for another device, nor from the future', async () => {
    const place = await room.newTeam()
    const { team, admin } = place
    const member = await room.addMember(place, 'view')
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

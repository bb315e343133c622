import { cryptoReady } from '@countersign/crypto/ready'
import { LEDGER, newId } from '@countersign/schema/ids'
import type { AppendPart, ServerMessage } from '@countersign/schema/wire'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DEFAULT_RATES } from './core/limits.ts'
import { TestClient } from './test/test-client.ts'
import { TestMember } from './test/test-member.ts'
import { foundTeam, startTestServer, type TestServer } from './test/test-server.ts'
import type { TestTeam } from './test/test-team.ts'

/** A member all of whose devices are lost: what their key alone opens on the server, and everything it does not (P11). */
let server: TestServer
let team: TestTeam
let back: TestMember
const opened: TestClient[] = []
beforeAll(async () => {
  await cryptoReady()
  server = await startTestServer()
})
afterAll(() => server.dispose())
beforeEach(async () => {
  for (const client of opened.splice(0)) client.ws.terminate()
  team = await foundTeam(server.url, server.freshToken())
  back = team.founder.onNewDevice()
})

const open = async (): Promise<TestClient> => {
  const client = await TestClient.open(server.url)
  opened.push(client)
  return client
}
const returning = async (as = back): Promise<TestClient> => {
  const client = await open()
  await client.helloMember(team.id, as.id, as.device, as.sign)
  await client.next('caught_up')
  return client
}
/** `device.add` of `as` as the next entry of the ledger; not noted as landed. */
const deviceAdd = (as: TestMember, author = as): AppendPart => {
  const plain = { teamKeyEpoch: 0, device: as.deviceRecord(team.id) }
  return {
    stream: LEDGER,
    expected: team.head(LEDGER),
    entries: [team.entry(author, LEDGER, 'device.add', plain)],
  }
}
const admin = (): Promise<TestClient> =>
  TestClient.login(server.url, team, team.founder).then((client) => {
    opened.push(client)
    return client
  })
const refusedWith = (code: string) => ({ type: 'refused', code })

describe('a member without a device', () => {
  test('P11 reads the ledger, adds its device, and goes on with that device’s own key', async () => {
    const client = await open()
    await client.helloMember(team.id, back.id, back.device, back.sign)
    expect(await client.next('welcome')).toMatchObject({ heads: [{ stream: LEDGER }], seen: [] })
    expect((await client.next('entries')).entries).toEqual([team.genesis])
    await client.next('caught_up')
    expect(await client.append(deviceAdd(back))).toMatchObject({ type: 'appended' })
    const device = await open()
    await device.hello(team.id, back.device, back.deviceSign)
    expect(await device.next('welcome')).toMatchObject({ heads: [{ head: { seq: 1 } }] })
  })

  test('P11 a lost answer is asked for again: the device that is there already is let in to see that it is', async () => {
    const part = deviceAdd(back)
    expect(await (await returning()).append(part)).toMatchObject({ type: 'appended' })
    const again = await returning()
    expect(await again.append(part)).toMatchObject({ type: 'appended' })
  })

  test('P11 writes nothing else: no other type, stream, device, member or batch, and only once', async () => {
    const environment = newId()
    const founder = await admin()
    await founder.append(team.environment(environment, [team.founder]))
    const mate = new TestMember([])
    await founder.append(team.add(mate))
    const client = await returning()
    const fromBack = (type: string, plain: Parameters<TestTeam['entry']>[3]): AppendPart => ({
      stream: LEDGER,
      expected: team.head(LEDGER),
      entries: [team.entry(back, LEDGER, type, plain)],
    })
    const good = deviceAdd(back)
    const other = back.onNewDevice()
    const audit: AppendPart = {
      stream: `a/${back.device}`,
      expected: null,
      entries: [team.entry(back, `a/${back.device}`, 'audit.records', { segment: newId() })],
    }
    const refused: [string, AppendPart[]][] = [
      ['vault', [fromBack('vault.create', { teamKeyEpoch: 0, vault: newId() })]],
      ['removal', [fromBack('device.remove', { teamKeyEpoch: 0, device: team.founder.device })]],
      ['another device of the member', [deviceAdd(other)]],
      ['another device by this one', [{ ...deviceAdd(other, back) }]],
      ['another member’s device', [deviceAdd(mate.onNewDevice())]],
      ['audit', [audit]],
      ['more than one part', [good, audit]],
      ['two entries', [{ ...good, entries: [...good.entries, ...good.entries] }]],
    ]
    for (const [what, parts] of refused) {
      const answer = await client.append(...parts)
      expect(answer.type, what).toBe('refused')
      expect(answer, what).toMatchObject({ code: expect.stringMatching(/^append\.(not_allowed|refused)$/) })
    }
    const item = team.entry(back, `c/${environment}`, 'item.put', {
      item: newId(),
      version: 1,
      base: 0,
      epoch: 0,
      meta: new Uint8Array(80),
      value: new Uint8Array(80),
      itemKey: new Uint8Array(80),
    })
    expect(
      await client.append({ stream: `c/${environment}`, expected: null, entries: [item] }),
    ).toMatchObject(refusedWith('append.not_allowed'))
    expect(await client.append(good)).toMatchObject({ type: 'appended' })
    team.advance(LEDGER, good.entries[0] as Uint8Array)
    expect(await client.append(deviceAdd(other))).toMatchObject(refusedWith('append.not_allowed'))
  })

  test('P11 reads nothing but the ledger and is pushed nothing', async () => {
    const environment = newId()
    const founder = await admin()
    await founder.append(team.environment(environment, [team.founder]))
    const client = await returning()
    for (const stream of [`c/${environment}`, `a/${team.founder.device}`]) {
      const answer = await client.request((ref) => ({ type: 'fetch', ref, stream, after: null, limit: 10 }))
      expect(answer).toMatchObject(refusedWith('stream.not_allowed'))
    }
    client.received.splice(0)
    await founder.append(team.item(team.founder, environment))
    await client.request((ref) => ({ type: 'ping', ref }))
    expect(client.received).toEqual([])
  })

  test('P10 any other message ends the connection', async () => {
    const client = await returning()
    client.send({ type: 'wrap.put', ref: 1, wrap: team.founder.wrap(team.id, 'key') })
    expect(await client.next('refused')).toMatchObject({ ...refusedWith('state.unexpected'), ref: null })
    expect(await client.closed).toBe(1008)
  })

  test('P9 P11 a stranger, a removed member, another team and a device that is not theirs have one answer', async () => {
    const founder = await admin()
    const gone = new TestMember([])
    const mate = new TestMember([])
    await founder.append(team.add(gone))
    await founder.append(team.add(mate))
    await founder.append(team.remove(gone, [team.founder, mate], []))
    const elsewhere = await foundTeam(server.url, server.freshToken())
    const stranger = new TestMember([])
    const attempts: Parameters<TestClient['helloMember']>[] = [
      [team.id, stranger.id, stranger.device, stranger.sign],
      [team.id, gone.id, newId(), gone.sign],
      [elsewhere.id, back.id, back.device, back.sign],
      [newId(), back.id, back.device, back.sign],
      [team.id, back.id, mate.device, back.sign],
      [team.id, back.id, back.device, mate.sign],
      [team.id, back.id, back.device, back.deviceSign],
    ]
    const answers: ServerMessage[] = []
    for (const attempt of attempts) {
      const client = await open()
      await client.helloMember(...attempt)
      answers.push(await client.next('refused'))
      expect(await client.closed).toBe(1008)
    }
    expect(answers[0]).toMatchObject({ ...refusedWith('login.refused'), ref: null })
    expect(answers.every((each) => JSON.stringify(each) === JSON.stringify(answers[0]))).toBe(true)
  })

  test('P9 a login recorded on one connection does not work on the next', async () => {
    const first = await open()
    const sent: Uint8Array[] = []
    const send = first.ws.send.bind(first.ws)
    first.ws.send = (data: unknown) => {
      sent.push(data as Uint8Array)
      send(data as Uint8Array)
    }
    await first.helloMember(team.id, back.id, back.device, back.sign)
    await first.next('welcome')
    const second = await open()
    await second.next('challenge')
    second.ws.send(sent[0] ?? new Uint8Array())
    expect(await second.next('refused')).toMatchObject(refusedWith('login.refused'))
  })

  test('P11 a member removed meanwhile adds nothing more and reads nothing more', async () => {
    const founder = await admin()
    const mate = new TestMember([])
    await founder.append(team.add(mate))
    const late = mate.onNewDevice()
    const client = await returning(late)
    await founder.append(team.remove(mate, [team.founder], []))
    expect(await client.append(deviceAdd(late))).toMatchObject({ type: 'refused' })
    const read = await client.request((ref) => ({
      type: 'fetch',
      ref,
      stream: LEDGER,
      after: null,
      limit: 10,
    }))
    expect(read).toMatchObject(refusedWith('stream.not_allowed'))
  })

  test('P11 who comes back again and again has to wait; somebody else does not', async () => {
    const founder = await admin()
    const mate = new TestMember([])
    await founder.append(team.add(mate))
    for (let i = 0; i < DEFAULT_RATES.returnsPerMember.burst; i++) await returning()
    const once = await open()
    await once.helloMember(team.id, back.id, back.device, back.sign)
    expect(await once.next('refused')).toMatchObject({ ...refusedWith('rate.limited'), ref: null })
    await returning(mate.onNewDevice())
  })
})

import { cryptoReady } from '@countersign/crypto/ready'
import { compartmentStream, LEDGER, newId } from '@countersign/schema/ids'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestClient } from './test/test-client.ts'
import { TestMember } from './test/test-member.ts'
import { foundTeam, startTestServer, type TestServer } from './test/test-server.ts'

let server: TestServer
beforeAll(async () => {
  await cryptoReady()
  server = await startTestServer()
})
afterAll(() => server.dispose())

describe('sync', () => {
  test('P10 a team is created once, appends are pushed to who may read them', async () => {
    const team = await foundTeam(server.url)
    const environment = newId()
    const reader = new TestMember([])
    const stranger = new TestMember([])
    const admin = await TestClient.login(server.url, team, team.founder)
    expect(await admin.append(team.environment(environment, [team.founder]))).toMatchObject({
      type: 'appended',
    })
    expect(await admin.append(team.add(reader, [{ environment, level: 'view' }]))).toMatchObject({
      type: 'appended',
    })
    expect(await admin.append(team.add(stranger))).toMatchObject({ type: 'appended' })
    const reading = await TestClient.login(server.url, team, reader)
    const outside = await TestClient.login(server.url, team, stranger)
    const item = team.item(team.founder, environment)
    expect(await admin.append(item)).toMatchObject({ type: 'appended', heads: [{ stream: item.stream }] })
    const pushed = await reading.wait(
      (m) => m.type === 'entries' && m.stream === compartmentStream(environment),
    )
    expect(pushed).toMatchObject({ ref: null, from: 0, entries: item.entries })
    expect(await outside.request((ref) => ({ type: 'ping', ref }))).toMatchObject({ type: 'pong' })
    expect(outside.received.filter((m) => m.type === 'entries' && m.stream !== LEDGER)).toEqual([])
    for (const each of [admin, reading, outside]) await each.close()
  })
})

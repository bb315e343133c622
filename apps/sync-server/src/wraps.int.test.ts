import { cryptoReady } from '@countersign/crypto/ready'
import { sign } from '@countersign/crypto/sign'
import { equalBytes, randomBytes, webauthnChallenge } from '@countersign/crypto/verify'
import { type CborValue, decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import { newId } from '@countersign/schema/ids'
import type { SignedWrap } from '@countersign/schema/wire'
import {
  WRAP_CONTENT_TYPE,
  WRAP_FETCH_PATH,
  WRAP_OPTIONS_PATH,
  type WrapFetchRequest,
  type WrapOptions,
  wrapFetchedSchema,
  wrapOptionsSchema,
  wrapProblemSchema,
} from '@countersign/schema/wrap-http'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DEFAULT_RATES } from './core/limits.ts'
import { TestClient } from './test/test-client.ts'
import { TestMember } from './test/test-member.ts'
import { foundTeam, startTestServer, type TestServer } from './test/test-server.ts'
import type { TestTeam } from './test/test-team.ts'

let server: TestServer
let team: TestTeam
let member: TestMember
let wrap: SignedWrap
beforeAll(async () => {
  await cryptoReady()
  server = await startTestServer({
    rates: { ...DEFAULT_RATES, proofsPerAddress: { perSecond: 1000, burst: 1000 } },
  })
})
afterAll(() => server.dispose())
beforeEach(async () => {
  team = await foundTeam(server.url, server.freshToken())
  member = team.founder
  wrap = member.wrap(team.id, 'key')
  await put(team, member, wrap)
})

const put = async (of: TestTeam, by: TestMember, signed: SignedWrap) => {
  const client = await TestClient.login(server.url, of, by)
  const answer = await client.request((ref) => ({ type: 'wrap.put', ref, wrap: signed }))
  await client.close()
  return answer
}
const post = async (path: string, body: CborValue, headers: Record<string, string> = {}) => {
  const response = await fetch(server.url + path, {
    method: 'POST',
    headers: { 'content-type': WRAP_CONTENT_TYPE, ...headers },
    body: new Uint8Array(encodeCanonical(body)),
  })
  return {
    status: response.status,
    body: decodeCanonical(new Uint8Array(await response.arrayBuffer())),
    response,
  }
}
const options = async (of = team.id, who = member.id): Promise<WrapOptions> =>
  wrapOptionsSchema.parse((await post(WRAP_OPTIONS_PATH, { team: of, member: who })).body)
const challengeOf = ({ server: id, nonce }: WrapOptions, of = team.id, who = member.id) =>
  webauthnChallenge('fetch-wrap', { team: of, member: who, server: id, nonce })
const asserted = (given: WrapOptions, by = member, challenge = challengeOf(given)): WrapFetchRequest => ({
  team: team.id,
  member: member.id,
  nonce: given.nonce,
  proof: { type: 'assertion', assertion: by.assert(challenge) },
})
const expectRefused = async (request: CborValue) => {
  const { status, body } = await post(WRAP_FETCH_PATH, request)
  expect(status).toBe(403)
  expect(wrapProblemSchema.parse(body).code).toBe('wrap.refused')
  return body
}

describe('wrapped roots', () => {
  test('P9 a touch over the bound challenge fetches the member’s own wrap, once', async () => {
    const given = await options()
    expect(given.credentials).toEqual([{ credentialId: member.credentialId, salt: wrap.record.salt }])
    const request = asserted(given)
    const { status, body } = await post(WRAP_FETCH_PATH, request)
    expect(status).toBe(200)
    expect(wrapFetchedSchema.parse(body)).toEqual({ wrap })
    await expectRefused(request)
  })

  test('P10 knowledge of the recovery code fetches the recovery wrap', async () => {
    const recovery = member.wrap(team.id, 'recovery')
    expect(await put(team, member, recovery)).toMatchObject({ type: 'ok' })
    const given = await options()
    expect(given.credentials).toHaveLength(1)
    const statement = encodeCanonical({
      team: team.id,
      member: member.id,
      server: given.server,
      nonce: given.nonce,
    })
    const request = (key = member.locator.secretKey) => ({
      team: team.id,
      member: member.id,
      nonce: given.nonce,
      proof: { type: 'recovery', signature: sign(key, 'fetch-wrap', statement) },
    })
    await expectRefused(request(member.sign.secretKey))
    expect(wrapFetchedSchema.parse((await post(WRAP_FETCH_PATH, request())).body)).toEqual({ wrap: recovery })
    await expectRefused(request())
  })

  test('P9 every wrong proof and every unknown name has the same answer', async () => {
    const given = await options()
    const stranger = new TestMember([])
    const otherTeam = await foundTeam(server.url, server.freshToken())
    const forgedNonce = new Uint8Array(given.nonce)
    forgedNonce[0] = 0x7f
    const unlock = webauthnChallenge('unlock', {
      team: team.id,
      member: member.id,
      server: given.server,
      nonce: given.nonce,
    })
    const tampered = asserted(given)
    const assertion = tampered.proof.type === 'assertion' ? tampered.proof.assertion : null
    const wrong: WrapFetchRequest[] = [
      asserted(given, stranger),
      asserted(given, member, randomBytes(32)),
      asserted(given, member, unlock),
      asserted(given, member, challengeOf(given, otherTeam.id)),
      { ...asserted(given), nonce: forgedNonce },
      { ...asserted(given), nonce: randomBytes(48) },
      { ...asserted(given), member: stranger.id },
      { ...asserted(given), team: newId() },
      { ...asserted(given), team: otherTeam.id, member: otherTeam.founder.id },
      {
        ...tampered,
        proof: { type: 'recovery', signature: assertion?.signature.slice(0, 64) ?? new Uint8Array(64) },
      },
    ]
    const answers: unknown[] = []
    for (const request of wrong) answers.push(await expectRefused(request))
    expect(new Set(answers.map((each) => JSON.stringify(each))).size).toBe(1)
    expect((await post(WRAP_FETCH_PATH, asserted(given))).status).toBe(200)
  })

  test('P9 an authenticator that did not verify its user is refused', async () => {
    const given = await options()
    const request = asserted(given)
    if (request.proof.type !== 'assertion') throw new Error('unreachable')
    const data = new Uint8Array(request.proof.assertion.authenticatorData)
    data[32] = (data[32] ?? 0) & ~0x04
    const assertion = { ...request.proof.assertion, authenticatorData: data }
    await expectRefused({ ...request, proof: { type: 'assertion', assertion } })
  })

  test('an unknown member looks like one with a security key, every time the same', async () => {
    const who = newId()
    const one = await options(team.id, who)
    const two = await options(team.id, who)
    expect(one.credentials).toEqual(two.credentials)
    expect(one.credentials[0]?.credentialId).toHaveLength(64)
    expect(equalBytes(one.nonce, two.nonce)).toBe(false)
    expect((await options(newId(), newId())).credentials).toHaveLength(1)
  })

  test('P5 a removed member fetches nothing any more', async () => {
    const leaving = new TestMember([])
    const admin = await TestClient.login(server.url, team, team.founder)
    await admin.append(team.add(leaving))
    await put(team, leaving, leaving.wrap(team.id, 'key'))
    const given = await options(team.id, leaving.id)
    await admin.append(team.remove(leaving, [team.founder], []))
    await admin.close()
    const assertion = { ...leaving.assert(challengeOf(given, team.id, leaving.id)) }
    await expectRefused({
      team: team.id,
      member: leaving.id,
      nonce: given.nonce,
      proof: { type: 'assertion', assertion },
    })
    expect((await options(team.id, leaving.id)).credentials[0]?.credentialId).not.toEqual(
      leaving.credentialId,
    )
  })

  test('a wrap is put only by its member, signed, for a key they have', async () => {
    const other = new TestMember([])
    const admin = await TestClient.login(server.url, team, team.founder)
    await admin.append(team.add(other))
    await admin.close()
    const own = member.wrap(team.id, 'key')
    const foreign = { ...own.record, credential: other.credentialId }
    const signedForeign = {
      record: foreign,
      signature: sign(member.sign.secretKey, 'root-wrap', encodeCanonical(foreign)),
    }
    for (const signed of [
      other.wrap(team.id, 'key'),
      { ...own, signature: new Uint8Array(64) },
      { ...own, record: { ...own.record, blob: randomBytes(200) } },
      member.wrap(newId(), 'key'),
      signedForeign,
    ]) {
      expect(await put(team, member, signed)).toMatchObject({ type: 'refused', code: 'wrap.refused' })
    }
  })
})

describe('http', () => {
  test('health, readiness and metrics say how it is and name nobody', async () => {
    const health = await (await fetch(`${server.url}/health`)).json()
    expect(health).toMatchObject({
      status: 'ok',
      mode: 'normal',
      store: { kind: 'embedded', mode: 'normal' },
      queueDepth: 0,
    })
    expect((await fetch(`${server.url}/livez`)).status).toBe(200)
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    expect(metrics).toContain('countersign_append_flush_seconds_count')
    expect(metrics).not.toContain(team.id)
    expect(metrics).not.toContain(member.id)
  })

  test('no page of a browser is answered, no other address exists', async () => {
    for (const path of ['/livez', WRAP_OPTIONS_PATH]) {
      const response = await fetch(server.url + path, {
        method: path === '/livez' ? 'GET' : 'POST',
        headers: { origin: 'https://example.org' },
      })
      expect(response.status).toBe(403)
      expect(response.headers.get('access-control-allow-origin')).toBeNull()
    }
    expect((await fetch(`${server.url}/health`, { method: 'OPTIONS' })).status).toBe(404)
    expect((await fetch(`${server.url}/v1/sync`)).status).toBe(404)
    expect((await fetch(`${server.url}/../etc/passwd`)).status).toBe(404)
  })

  test('a body of the wrong type, size or shape is refused', async () => {
    expect((await post(WRAP_OPTIONS_PATH, {}, { 'content-type': 'application/json' })).status).toBe(415)
    expect((await post(WRAP_OPTIONS_PATH, { team: 'x', member: 'y' })).status).toBe(400)
    expect((await post(WRAP_OPTIONS_PATH, { blob: new Uint8Array(40_000) })).status).toBe(413)
  })

  test('guessing is slowed down', async () => {
    const strict = await startTestServer({
      rates: { ...DEFAULT_RATES, proofsPerAddress: { perSecond: 0.01, burst: 3 } },
    })
    const statuses: number[] = []
    for (let i = 0; i < 5; i++) {
      const response = await fetch(strict.url + WRAP_OPTIONS_PATH, {
        method: 'POST',
        headers: { 'content-type': WRAP_CONTENT_TYPE },
        body: new Uint8Array(encodeCanonical({ team: newId(), member: newId() })),
      })
      statuses.push(response.status)
    }
    await strict.dispose()
    expect(statuses).toEqual([200, 200, 200, 429, 429])
  })
})

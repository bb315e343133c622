import { recoveryLocatorKey } from '@countersign/crypto/derive'
import { randomBytes } from '@countersign/crypto/random'
import { cryptoReady } from '@countersign/crypto/ready'
import { newRecoveryCode } from '@countersign/crypto/recovery-code'
import { RP_ID, RP_ORIGIN } from '@countersign/crypto/rp'
import { sign } from '@countersign/crypto/sign'
import type { SoftwareAuthenticator } from '@countersign/crypto/software-authenticator'
import { type CborValue, encodeCanonical } from '@countersign/schema/canonical'
import { newId } from '@countersign/schema/ids'
import type { SignedWrap, WrapRecord } from '@countersign/schema/wire'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ServerProcess } from '../../test/server-process.ts'
import { foundTeam, live, openReplica, type Team } from '../../test/team.ts'
import type { Replica } from '../replica/replica.ts'
import { createTeam } from './create-team.ts'
import { fetchServerId } from './server-id.ts'
import {
  fetchWrapByKey,
  fetchWrapByRecoveryCode,
  fetchWrapChallenge,
  type WrapPlace,
  wrapOptions,
} from './wraps.ts'
import { wsConnector } from './ws-connector.ts'

let server: ServerProcess
let team: Team
let replica: Replica
let place: WrapPlace
const recovery = newRecoveryCode()
const blob = randomBytes(100)

const put = async (record: Omit<WrapRecord, 'team' | 'member' | 'salt' | 'blob'>): Promise<void> => {
  const { founder } = team
  const whole: WrapRecord = { team: team.id, member: founder.member, salt: randomBytes(32), blob, ...record }
  const signature = sign(founder.keys.sign.secretKey, 'root-wrap', encodeCanonical(whole as CborValue))
  const wrap: SignedWrap = { record: whole, signature }
  expect(await replica.request((ref) => ({ type: 'wrap.put', ref, wrap }))).toMatchObject({ type: 'ok' })
}

beforeAll(async () => {
  await cryptoReady()
  server = await ServerProcess.start()
  team = await foundTeam(server)
  replica = await openReplica(team, team.founder)
  await live(replica)
  place = { url: server.url, server: team.server.id, team: team.id, member: team.founder.member }
  const [credential] = replica.projection.credentials.values()
  await put({ credential: credential!.credentialId, locatorKey: null })
  const locatorKey = recoveryLocatorKey(recovery.code).publicKey
  await put({ credential: new TextEncoder().encode('recovery'), locatorKey })
})
afterAll(async () => {
  await replica.stop()
  await server.remove()
})

const options = async () => {
  const result = await wrapOptions(place)
  if (!result.ok) throw new Error(result.code)
  return result.value
}

const touch = (authenticator: SoftwareAuthenticator, challenge: Uint8Array, allow: readonly Uint8Array[]) => {
  const got = authenticator.get({ rpId: RP_ID, origin: RP_ORIGIN, challenge, allowCredentials: allow })
  if ('code' in got) throw new Error(got.code)
  return got.assertion
}

describe('P10 a wrapped root', () => {
  it('P10 is fetched with a touch of the member’s key, once for each nonce', async () => {
    const asked = await options()
    const allow = asked.credentials.map(({ credentialId }) => credentialId)
    const assertion = touch(team.founder.authenticator, fetchWrapChallenge(place, asked), allow)
    expect(await fetchWrapByKey(place, asked, assertion)).toMatchObject({
      ok: true,
      value: { record: { blob } },
    })
    expect(await fetchWrapByKey(place, asked, assertion)).toMatchObject({ ok: false })
  })

  it('P10 is fetched with the recovery code, and with no other', async () => {
    const asked = await options()
    const wrong = recoveryLocatorKey(newRecoveryCode().code)
    expect(await fetchWrapByRecoveryCode(place, asked, wrong)).toMatchObject({ ok: false })
    const right = recoveryLocatorKey(recovery.code)
    expect(await fetchWrapByRecoveryCode(place, asked, right)).toMatchObject({
      ok: true,
      value: { record: { blob } },
    })
  })

  it('P9 is not given for a touch over another challenge', async () => {
    const asked = await options()
    const allow = asked.credentials.map(({ credentialId }) => credentialId)
    const other = touch(team.founder.authenticator, randomBytes(32), allow)
    expect(await fetchWrapByKey(place, asked, other)).toMatchObject({ ok: false })
  })

  it('P10 an unknown member looks like a known one, and a changed server is said', async () => {
    const unknown = await wrapOptions({ ...place, member: newId() })
    expect(unknown).toMatchObject({ ok: true, value: { credentials: [{ salt: expect.anything() }] } })
    expect(await wrapOptions({ ...place, server: randomBytes(32) })).toMatchObject({
      ok: false,
      code: 'server.changed',
    })
    expect(await wrapOptions({ ...place, url: 'http://127.0.0.1:9' })).toMatchObject({
      code: 'server.unreachable',
    })
  })
})

describe('first contact', () => {
  it('learns the server’s id without logging in', async () => {
    expect(await fetchServerId(wsConnector, server.url)).toEqual(team.server.id)
  })

  it('refuses a set-up token that was used, and one that never was one', async () => {
    const genesis = (await replica.entries('ledger')[Symbol.asyncIterator]().next()).value!.bytes
    const base = { connect: wsConnector, url: server.url, team: team.id, genesis }
    const { setupToken } = server
    expect(await createTeam({ ...base, setupToken })).toMatchObject({ ok: true, head: { seq: 0 } })
    expect(await createTeam({ ...base, setupToken: 'no-such-set-up-token' })).toMatchObject({
      code: 'setup.refused',
    })
    const other = { ...base, setupToken, team: newId() }
    expect(await createTeam(other)).toMatchObject({ ok: false })
    expect(await createTeam({ ...base, setupToken, url: 'http://127.0.0.1:9' })).toMatchObject({
      code: 'server.unreachable',
    })
  })
})

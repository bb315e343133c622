import type { KeyPair } from '@countersign/crypto/key-pair'
import { cryptoReady } from '@countersign/crypto/ready'
import { Secret } from '@countersign/crypto/secret'
import { signKeypair } from '@countersign/crypto/sign'
import { randomBytes } from '@countersign/crypto/verify'
import type { MailboxSlot } from '@countersign/schema/wire'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { MAILBOX_MAX_LIFE_MS, MAILBOXES_PER_TEAM } from './core/limits.ts'
import { TestClient } from './test/test-client.ts'
import { TestMember } from './test/test-member.ts'
import { foundTeam, startTestServer, type TestServer } from './test/test-server.ts'
import type { TestTeam } from './test/test-team.ts'

const HOUR = 3_600_000
let server: TestServer
let team: TestTeam
const clients: TestClient[] = []
beforeAll(async () => {
  await cryptoReady()
  server = await startTestServer()
  team = await foundTeam(server.url)
})
afterAll(() => server.dispose())
afterEach(() => {
  for (const client of clients.splice(0)) client.ws.terminate()
})

const admin = async (): Promise<TestClient> => {
  const client = await TestClient.login(server.url, team, team.founder)
  clients.push(client)
  return client
}
const joiner = async (invite: KeyPair, clientNonce = randomBytes(32)): Promise<TestClient> => {
  const client = await TestClient.open(server.url)
  clients.push(client)
  await client.join(invite, clientNonce)
  return client
}
const opened = async (client: TestClient, expiresAt = Date.now() + HOUR): Promise<KeyPair> => {
  const invite = signKeypair(Secret.random())
  const mailbox = invite.publicKey
  expect(await client.request((ref) => ({ type: 'mailbox.open', ref, mailbox, expiresAt }))).toMatchObject({
    type: 'ok',
  })
  return invite
}
const post = (client: TestClient, invite: KeyPair, slot: MailboxSlot, blob = randomBytes(100)) =>
  client.request((ref) => ({ type: 'mailbox.post', ref, mailbox: invite.publicKey, slot, blob }))
const refused = (code: string) => ({ type: 'refused', code })

describe('mailboxes', () => {
  test('P12 both sides walk through the steps and each hears of the other’s at once', async () => {
    const inviter = await admin()
    const invite = await opened(inviter)
    const invitee = await joiner(invite)
    expect(await invitee.next('mailbox.joined')).toMatchObject({ mailbox: invite.publicKey })
    const steps: [TestClient, TestClient, MailboxSlot][] = [
      [invitee, inviter, 'commit'],
      [inviter, invitee, 'nonce'],
      [invitee, inviter, 'open'],
      [invitee, inviter, 'confirmed'],
      [inviter, invitee, 'accepted'],
    ]
    for (const [from, to, slot] of steps) {
      const blob = randomBytes(50)
      expect(await post(from, invite, slot, blob)).toMatchObject({ type: 'ok' })
      expect(await to.next('mailbox')).toEqual({ type: 'mailbox', mailbox: invite.publicKey, slot, blob })
      expect(from.received.filter((m) => m.type === 'mailbox')).toEqual([])
    }
  })

  test('P12 both sides may leave and come back: what is there is sent again', async () => {
    const inviter = await admin()
    const invite = await opened(inviter)
    const nonce = randomBytes(32)
    const first = await joiner(invite, nonce)
    await first.next('mailbox.joined')
    await post(first, invite, 'commit')
    await first.close()
    await inviter.close()
    const back = await joiner(invite, nonce)
    await back.next('mailbox.joined')
    expect(await back.next('mailbox')).toMatchObject({ slot: 'commit' })
    const again = await admin()
    const mailbox = invite.publicKey
    const expiresAt = Date.now() + HOUR
    expect(await again.request((ref) => ({ type: 'mailbox.open', ref, mailbox, expiresAt }))).toMatchObject({
      type: 'ok',
    })
    expect(await again.next('mailbox')).toMatchObject({ slot: 'commit' })
    expect(await post(again, invite, 'nonce')).toMatchObject({ type: 'ok' })
    expect(await back.next('mailbox')).toMatchObject({ slot: 'nonce' })
  })

  test('P12 a second person with the same link is refused once the first has committed', async () => {
    const invite = await opened(await admin())
    const first = await joiner(invite)
    await first.next('mailbox.joined')
    const early = await joiner(invite)
    await early.next('mailbox.joined')
    expect(await post(first, invite, 'commit')).toMatchObject({ type: 'ok' })
    expect(await post(early, invite, 'commit')).toMatchObject(refused('mailbox.used'))
    expect(await post(early, invite, 'open')).toMatchObject(refused('mailbox.used'))
    const late = await joiner(invite)
    expect(await late.next('refused')).toMatchObject(refused('mailbox.used'))
    expect(await late.closed).toBe(1008)
  })

  test('P12 steps are taken once, in order, each by its side', async () => {
    const inviter = await admin()
    const invite = await opened(inviter)
    const invitee = await joiner(invite)
    await invitee.next('mailbox.joined')
    expect(await post(inviter, invite, 'nonce')).toMatchObject(refused('state.unexpected'))
    expect(await post(inviter, invite, 'commit')).toMatchObject(refused('mailbox.used'))
    expect(await post(invitee, invite, 'commit')).toMatchObject({ type: 'ok' })
    expect(await post(invitee, invite, 'commit')).toMatchObject(refused('mailbox.used'))
    expect(await post(invitee, invite, 'nonce')).toMatchObject(refused('mailbox.used'))
    expect(await post(invitee, invite, 'accepted')).toMatchObject(refused('mailbox.used'))
    expect(await post(inviter, invite, 'nonce', new Uint8Array(65 * 1024))).toMatchObject(
      refused('size.limited'),
    )
    expect(await post(inviter, invite, 'nonce')).toMatchObject({ type: 'ok' })
  })

  test('P10 an invite key opens its mailbox and nothing else', async () => {
    const inviter = await admin()
    const invite = await opened(inviter)
    const other = await opened(inviter)
    const invitee = await joiner(invite)
    await invitee.next('mailbox.joined')
    expect(await post(invitee, other, 'commit')).toMatchObject(refused('mailbox.unknown'))
    invitee.send({ type: 'fetch', ref: 50, stream: 'ledger', after: null, limit: 1 })
    expect(await invitee.wait((m) => m.type === 'refused' && m.ref === null)).toMatchObject(
      refused('state.unexpected'),
    )
    expect(await invitee.closed).toBe(1008)
  })

  test('P9 a join by another key, or to no mailbox, has one answer', async () => {
    const invite = await opened(await admin())
    const forged = await joiner({
      publicKey: invite.publicKey,
      secretKey: signKeypair(Secret.random()).secretKey,
    })
    const nowhere = await joiner(signKeypair(Secret.random()))
    const answer = await forged.next('refused')
    expect(answer).toMatchObject(refused('mailbox.unknown'))
    expect(await nowhere.next('refused')).toEqual(answer)
  })

  test('P12 an invitation that expired, or lasts too long, or was withdrawn is refused', async () => {
    const inviter = await admin()
    const invite = await opened(inviter, Date.now() + 300)
    const invitee = await joiner(invite)
    await invitee.next('mailbox.joined')
    await new Promise((resolve) => setTimeout(resolve, 350))
    expect(await post(invitee, invite, 'commit')).toMatchObject(refused('mailbox.expired'))
    const late = await joiner(invite)
    expect(await late.next('refused')).toMatchObject(refused('mailbox.expired'))
    const mailbox = signKeypair(Secret.random()).publicKey
    const tooLong = Date.now() + MAILBOX_MAX_LIFE_MS + HOUR
    const long = await inviter.request((ref) => ({ type: 'mailbox.open', ref, mailbox, expiresAt: tooLong }))
    expect(long).toMatchObject(refused('size.limited'))
    const past = await inviter.request((ref) => ({
      type: 'mailbox.open',
      ref,
      mailbox,
      expiresAt: Date.now() - 1,
    }))
    expect(past).toMatchObject(refused('mailbox.expired'))
    const open = await opened(inviter)
    const close = (ref: number) => ({ type: 'mailbox.close', ref, mailbox: open.publicKey }) as const
    expect(await inviter.request(close)).toMatchObject({ type: 'ok' })
    const gone = await joiner(open)
    expect(await gone.next('refused')).toMatchObject(refused('mailbox.unknown'))
  })

  test('P12 another member neither takes over nor closes an invitation', async () => {
    const inviter = await admin()
    const invite = await opened(inviter)
    const member = new TestMember([])
    expect(await inviter.append(team.add(member))).toMatchObject({ type: 'appended' })
    const other = await TestClient.login(server.url, team, member)
    clients.push(other)
    const mailbox = invite.publicKey
    const take = await other.request((ref) => ({
      type: 'mailbox.open',
      ref,
      mailbox,
      expiresAt: Date.now() + HOUR,
    }))
    expect(take).toMatchObject(refused('mailbox.used'))
    expect(await post(other, invite, 'declined')).toMatchObject(refused('mailbox.unknown'))
    expect(await other.request((ref) => ({ type: 'mailbox.close', ref, mailbox }))).toMatchObject(
      refused('mailbox.unknown'),
    )
  })

  test('a team has so many invitations and no more', async () => {
    const crowded = await foundTeam(server.url, server.freshToken())
    const client = await TestClient.login(server.url, crowded, crowded.founder)
    clients.push(client)
    for (let i = 0; i < MAILBOXES_PER_TEAM; i++) await opened(client)
    const mailbox = randomBytes(32)
    const one = await client.request((ref) => ({
      type: 'mailbox.open',
      ref,
      mailbox,
      expiresAt: Date.now() + HOUR,
    }))
    expect(one).toMatchObject(refused('mailbox.full'))
  })
})

import { randomBytes } from '@countersign/crypto/random'
import { cryptoReady } from '@countersign/crypto/ready'
import { Secret } from '@countersign/crypto/secret'
import { sign, signKeypair } from '@countersign/crypto/sign'
import { newId } from '@countersign/schema/ids'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { Person } from '../../test/people.ts'
import { newcomerRecords } from '../members/new-member.ts'
import { type JoinOffer, type MailboxKey, openSlot, type SlotMessage, sealSlot } from './invite-messages.ts'
import { INVITEE_START, type InviteeState, inviteeStep } from './invitee-exchange.ts'
import { INVITER_START, type InviterState, inviterStep } from './inviter-exchange.ts'
import { INVITE_NONCE_PURPOSE, nonceStatement } from './transcript.ts'

const NOW = 1_900_000_000_000
let parts: ReturnType<typeof setUp>

const offerOf = (team: string): JoinOffer => {
  const person = new Person()
  const { member, device, credentials } = newcomerRecords(team, person.newMember(team), [])
  const { roles: _, ...keys } = member
  return { ...keys, device, credentials, names: { name: 'Ada', device: 'Laptop', credentials: ['Key'] } }
}

const setUp = () => {
  const inviterKey = signKeypair(Secret.random())
  const team = newId()
  const ground = {
    server: randomBytes(32),
    team,
    genesisHash: randomBytes(32),
    mailbox: randomBytes(32),
    inviter: inviterKey.publicKey,
    expiresAt: NOW + 60_000,
  }
  const about = { team: 'Team', inviter: 'Grace' }
  const nonce = randomBytes(32)
  const signNonce = (commitment: Uint8Array): Uint8Array =>
    sign(inviterKey.secretKey, INVITE_NONCE_PURPOSE, nonceStatement(ground, commitment, nonce, about))
  return {
    inviter: { ...ground, about, nonce, signNonce },
    invitee: { ...ground, offer: offerOf(team), nonce: randomBytes(32) },
    otherOffer: offerOf(team),
    otherKey: signKeypair(Secret.random()),
    ground,
  }
}

beforeAll(async () => {
  await cryptoReady()
  parts = setUp()
})

const slot = (message: SlotMessage) => ({ type: 'slot', message }) as const

/** Both sides up to the comparison. */
const comparing = () => {
  const { inviter, invitee } = parts
  const committed = inviteeStep(invitee, INVITEE_START, { type: 'start' }, NOW)
  const answered = inviterStep(inviter, INVITER_START, slot(committed.posts[0]!), NOW)
  const opened = inviteeStep(invitee, committed.state, slot(answered.posts[0]!), NOW)
  const here = inviterStep(inviter, answered.state, slot(opened.posts[0]!), NOW)
  return { committed, answered, opened, here }
}

describe('P12 the exchange of an invite', () => {
  it('P12 gives both sides the same code and hash, and joins only after both confirmed', () => {
    const { inviter, invitee } = parts
    const { opened, here } = comparing()
    if (here.state.state !== 'comparing' || opened.state.state !== 'comparing')
      throw new Error('not comparing')
    expect(here.state.comparison).toEqual(opened.state.comparison)
    expect(here.state.comparison.transcript.code).toMatch(/^\d{6}$/)

    const head = { seq: 3, hash: randomBytes(32) }
    const tooEarly = inviterStep(inviter, here.state, { type: 'added', head }, NOW)
    expect(tooEarly.state).toMatchObject({ state: 'refused', code: 'mailbox.order' })

    const mine = inviterStep(inviter, here.state, { type: 'confirm' }, NOW)
    expect(mine.state.state).toBe('comparing')
    const confirmed = inviteeStep(invitee, opened.state, { type: 'confirm' }, NOW)
    const agreed = inviterStep(inviter, mine.state, slot(confirmed.posts[0]!), NOW)
    expect(agreed.state.state).toBe('agreed')
    const added = inviterStep(inviter, agreed.state, { type: 'added', head }, NOW)
    const done = inviteeStep(invitee, confirmed.state, slot(added.posts[0]!), NOW)
    expect(done.state).toMatchObject({ state: 'accepted', head })
  })

  it('P12 refuses an opening to other keys or another nonce than committed to', () => {
    const { inviter, invitee, otherOffer } = parts
    const { answered } = comparing()
    for (const content of [
      { offer: otherOffer, nonce: invitee.nonce },
      { offer: invitee.offer, nonce: randomBytes(32) },
    ]) {
      const step = inviterStep(inviter, answered.state, slot({ slot: 'open', content }), NOW)
      expect(step.state).toMatchObject({ state: 'refused', code: 'mailbox.commitment' })
      expect(step.posts).toMatchObject([
        { slot: 'declined', content: { by: 'inviter', code: 'mailbox.commitment' } },
      ])
    }
  })

  it('P12 refuses a nonce that somebody else than the inviter signed, or signed for another commitment', () => {
    const { invitee, otherKey, ground, inviter } = parts
    const { committed } = comparing()
    const nonce = randomBytes(32)
    const about = { team: 'Team', inviter: 'Mallory' }
    const commitment = committed.posts[0]!.slot === 'commit' ? committed.posts[0]!.content.commitment : nonce
    const byOther = sign(
      otherKey.secretKey,
      INVITE_NONCE_PURPOSE,
      nonceStatement(ground, commitment, nonce, about),
    )
    const forOther = inviter.signNonce(randomBytes(32))
    for (const content of [
      { nonce, about, signature: byOther },
      { nonce: inviter.nonce, about: inviter.about, signature: forOther },
      { nonce, about: inviter.about, signature: inviter.signNonce(commitment) },
    ]) {
      const step = inviteeStep(invitee, committed.state, slot({ slot: 'nonce', content }), NOW)
      expect(step.state).toMatchObject({ state: 'refused', code: 'mailbox.inviter' })
    }
  })

  it('P12 refuses a confirmation or acceptance of another transcript', () => {
    const { inviter, invitee } = parts
    const { opened, here } = comparing()
    const transcript = randomBytes(32)
    const confirmed = inviterStep(
      inviter,
      here.state,
      slot({ slot: 'confirmed', content: { transcript } }),
      NOW,
    )
    expect(confirmed.state).toMatchObject({ state: 'refused', code: 'mailbox.transcript' })
    const waiting = inviteeStep(invitee, opened.state, { type: 'confirm' }, NOW)
    const head = { seq: 1, hash: transcript }
    const accepted = inviteeStep(
      invitee,
      waiting.state,
      slot({ slot: 'accepted', content: { transcript, head } }),
      NOW,
    )
    expect(accepted.state).toMatchObject({ state: 'refused', code: 'mailbox.transcript' })
  })

  it('P12 refuses what comes late', () => {
    const { inviter, invitee } = parts
    const { committed, answered, opened } = comparing()
    const late = NOW + 60_000
    expect(inviterStep(inviter, answered.state, slot(opened.posts[0]!), late).state).toMatchObject({
      code: 'mailbox.expired',
    })
    expect(inviteeStep(invitee, committed.state, slot(answered.posts[0]!), late).state).toMatchObject({
      code: 'mailbox.expired',
    })
  })

  it('P12 takes its own steps again after a restart, and refuses them changed', () => {
    const { inviter, invitee } = parts
    const { committed, answered, opened, here } = comparing()
    for (const post of [committed.posts[0]!, answered.posts[0]!, opened.posts[0]!]) {
      expect(inviterStep(inviter, here.state, slot(post), NOW).state).toEqual(here.state)
      expect(inviteeStep(invitee, opened.state, slot(post), NOW).state).toEqual(opened.state)
    }
    const commitment = randomBytes(32)
    const changed = slot({ slot: 'commit', content: { commitment } })
    expect(inviterStep(inviter, here.state, changed, NOW).state.state).toBe('refused')
    expect(inviteeStep(invitee, opened.state, changed, NOW).state.state).toBe('refused')
  })

  it('P12 no order of messages makes anybody a member before both confirmed', () => {
    const { inviter, invitee } = parts
    const { committed, answered, opened } = comparing()
    const head = { seq: 1, hash: randomBytes(32) }
    const confirmed = inviteeStep(invitee, opened.state, { type: 'confirm' }, NOW).posts[0]!
    const events = [
      slot(committed.posts[0]!),
      slot(answered.posts[0]!),
      slot(opened.posts[0]!),
      slot(confirmed),
      { type: 'confirm' } as const,
      { type: 'added', head } as const,
      { type: 'altered' } as const,
    ]
    fc.assert(
      fc.property(fc.array(fc.nat(events.length - 1), { maxLength: 12 }), (order) => {
        let state: InviterState = INVITER_START
        let here = false
        let there = false
        for (const index of order) {
          const event = events[index]!
          const before: InviterState = state
          state = inviterStep(inviter, state, event, NOW).state
          here ||= event.type === 'confirm' && before.state === 'comparing'
          there ||=
            event.type === 'slot' && event.message.slot === 'confirmed' && before.state === 'comparing'
          if (state.state === 'agreed' || state.state === 'accepted')
            expect([here, there]).toEqual([true, true])
        }
      }),
    )
  })

  it('P12 the invitee accepts nothing it has not confirmed, whatever comes', () => {
    const { inviter, invitee } = parts
    const { answered, opened, here } = comparing()
    if (here.state.state !== 'comparing') throw new Error('not comparing')
    const transcript = here.state.comparison.transcript.hash
    const head = { seq: 1, hash: randomBytes(32) }
    const events = [
      slot(answered.posts[0]!),
      slot(opened.posts[0]!),
      slot({ slot: 'accepted', content: { transcript, head } }),
      { type: 'start' } as const,
      slot({
        slot: 'nonce',
        content: { nonce: randomBytes(32), about: inviter.about, signature: randomBytes(64) },
      }),
    ]
    fc.assert(
      fc.property(fc.array(fc.nat(events.length - 1), { maxLength: 12 }), (order) => {
        let state: InviteeState = INVITEE_START
        for (const index of order) state = inviteeStep(invitee, state, events[index]!, NOW).state
        expect(['accepted', 'confirmed']).not.toContain(state.state)
      }),
    )
  })
})

describe('P12 what stands in a mailbox', () => {
  it('P12 opens only in its slot, mailbox, team and with its key, and no bit changed', () => {
    const key: MailboxKey = { team: newId(), mailbox: randomBytes(32), seal: Secret.random() }
    const message: SlotMessage = { slot: 'confirmed', content: { transcript: randomBytes(32) } }
    const blob = sealSlot(key, message)
    expect(openSlot(key, 'confirmed', blob)).toEqual(message)
    expect(openSlot(key, 'commit', blob)).toBeUndefined()
    expect(openSlot({ ...key, team: newId() }, 'confirmed', blob)).toBeUndefined()
    expect(openSlot({ ...key, mailbox: randomBytes(32) }, 'confirmed', blob)).toBeUndefined()
    expect(openSlot({ ...key, seal: Secret.random() }, 'confirmed', blob)).toBeUndefined()
    fc.assert(
      fc.property(fc.nat(blob.length * 8 - 1), (bit) => {
        const changed = Uint8Array.from(blob)
        changed[bit >> 3]! ^= 1 << (bit & 7)
        expect(openSlot(key, 'confirmed', changed)).toBeUndefined()
      }),
    )
  })
})

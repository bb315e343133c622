import { deviceSign } from '@countersign/crypto/derive'
import { MerkleTree } from '@countersign/crypto/merkle-tree'
import { randomBytes } from '@countersign/crypto/random'
import { sign } from '@countersign/crypto/sign'
import { decodeCanonical } from '@countersign/schema/canonical'
import { auditStream, LEDGER, type StreamName } from '@countersign/schema/ids'
import { INITIAL_POLICY } from '@countersign/schema/policy'
import { type SignedSeen, signedSeenSchema } from '@countersign/schema/wire'
import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../test/memory-store.ts'
import { auditDraft, memberDraft, Person, removalDraft, vaultDraft } from '../../test/people.ts'
import { ReplicaFixture } from '../../test/replica-fixture.ts'
import { type Tamper, tampering } from '../../test/tampering.ts'
import { live, until } from '../../test/team.ts'
import { ClientError } from '../client-error.ts'
import { type Clock, systemClock } from './clock.ts'
import { freshness } from './freshness.ts'
import type { Replica } from './replica.ts'
import { encodeSeen, SEEN_PURPOSE } from './seen-book.ts'

const at = new ReplicaFixture()

/** A server that gives nothing of a stream from `from` on, neither unasked nor asked, and denies that it is there. */
const truncating =
  (stream: StreamName, from: () => number): Tamper =>
  (message) => {
    if (message.type === 'welcome') {
      const heads = message.heads.filter((each) => each.stream !== stream || each.head.seq < from())
      return [{ ...message, heads }]
    }
    if (message.type !== 'entries' || message.stream !== stream) return [message]
    const kept = message.entries.slice(0, Math.max(0, from() - message.from))
    return kept.length === 0 && message.ref === null ? [] : [{ ...message, entries: kept }]
  }

/** Another person in the team, with a replica of their own. */
const join = async (
  founder: Replica,
  options: Parameters<ReplicaFixture['replicaOf']>[1] = {},
): Promise<{ person: Person; replica: Replica }> => {
  const person = new Person()
  await at.append(founder, memberDraft(at.team.id, person))
  const replica = await at.replicaOf(person, options)
  await live(replica)
  return { person, replica }
}

const stated = (person: Person, time: number, heads: SignedSeen['statement']['heads']): SignedSeen => {
  const statement = { team: at.team.id, member: person.member, device: person.device, time, heads }
  return {
    statement,
    signature: sign(deviceSign(person.deviceSecret).secretKey, SEEN_PURPOSE, encodeSeen(statement)),
  }
}

describe('Witnessed log', () => {
  it('P17 a suppressed removal shows by the statement of whoever saw it, with the statement as evidence', async () => {
    let from = Number.MAX_SAFE_INTEGER
    const founder = await at.replicaOf(at.team.founder)
    await live(founder)
    const leaver = await join(founder)
    const witness = await join(founder, { connect: tampering(truncating(LEDGER, () => from)) })
    from = (founder.head(LEDGER)?.seq ?? 0) + 1
    const removed = await at.append(founder, removalDraft(leaver.person, [at.team.founder, witness.person]))
    expect(removed).toMatchObject({ ok: true })
    await until(witness.replica, ({ connection }) => connection === 'alarm')
    const { alarm } = witness.replica.status()
    expect(alarm).toMatchObject({ code: 'withheld', stream: LEDGER, seq: from })
    expect(alarm?.evidence[0]?.label).toBe('signed statement')
    const { statement } = signedSeenSchema.parse(decodeCanonical(alarm!.evidence[0]!.bytes))
    expect(statement.device).toBe(at.team.founder.device)
    expect(witness.replica.head(LEDGER)?.seq).toBe(from - 1)
  })

  it('P17 the cut end of another device’s audit stream shows to the auditor by that device’s own statement', async () => {
    let writer: Person | null = null
    let from = Number.MAX_SAFE_INTEGER
    const tamper: Tamper = (message) =>
      writer === null ? [message] : truncating(auditStream(writer.device), () => from)(message)
    const auditor = await at.replicaOf(at.team.founder, { connect: tampering(tamper) })
    await live(auditor)
    const { person, replica } = await join(auditor)
    writer = person
    const stream = auditStream(person.device)
    const append = () => replica.append(() => [auditDraft(person)], person.signer)
    expect(await append()).toMatchObject({ ok: true })
    await until(auditor, () => auditor.head(stream)?.seq === 0)
    from = 1
    expect(await append()).toMatchObject({ ok: true })
    await until(auditor, ({ connection }) => connection === 'alarm')
    expect(auditor.status().alarm).toMatchObject({ code: 'withheld', stream, seq: 1 })
  })

  it('P17 an audit stream of which nothing at all was ever shown is missed, too', async () => {
    let writer: Person | null = null
    const tamper: Tamper = (message) =>
      writer === null ? [message] : truncating(auditStream(writer.device), () => 0)(message)
    const auditor = await at.replicaOf(at.team.founder, { connect: tampering(tamper) })
    await live(auditor)
    const { person, replica } = await join(auditor)
    writer = person
    expect(await replica.append(() => [auditDraft(person)], person.signer)).toMatchObject({ ok: true })
    await until(auditor, ({ connection }) => connection === 'alarm')
    expect(auditor.status().alarm).toMatchObject({
      code: 'withheld',
      stream: auditStream(person.device),
      seq: 0,
    })
  })

  it('P17 what a slow network drops is fetched and no alarm', async () => {
    let dropping = false
    const drop: Tamper = (message) =>
      dropping && message.type === 'entries' && message.ref === null ? [] : [message]
    const founder = await at.replicaOf(at.team.founder)
    await live(founder)
    const { replica } = await join(founder, { connect: tampering(drop) })
    dropping = true
    await at.append(founder, vaultDraft())
    const head = founder.head(LEDGER)?.seq ?? 0
    await until(replica, () => replica.head(LEDGER)?.seq === head)
    await until(founder, () => founder.witnesses().every(({ state }) => state === 'agrees'))
    expect(replica.status()).toMatchObject({ connection: 'live', alarm: null })
  })

  it('T22 statements about entries that did not come yet are not exported as if the server kept them back', async () => {
    let losing = false
    const lose: Tamper = (message) => (losing && message.type === 'entries' ? [] : [message])
    const founder = await at.replicaOf(at.team.founder)
    await live(founder)
    const { replica } = await join(founder, { connect: tampering(lose) })
    await until(founder, () => founder.witnesses().some(({ state }) => state === 'agrees'))
    expect(await replica.settledStatements()).toHaveLength(1)
    losing = true
    await at.append(founder, vaultDraft())
    await until(replica, () => replica.witnesses().some(({ state }) => state === 'ahead'))
    await at.server.stop()
    expect(await replica.settledStatements()).toBeNull()
    losing = false
    await at.server.start()
    await until(replica, () => replica.head(LEDGER)?.seq === founder.head(LEDGER)?.seq)
    await live(replica)
    expect(await replica.settledStatements()).toHaveLength(1)
    expect(replica.status().alarm).toBeNull()
  })

  it('P17 a freeze is no alarm but runs out: the devices that agree, and when they said so, are what is shown', async () => {
    let frozen = false
    const freeze: Tamper = (message) =>
      frozen && (message.type === 'entries' || message.type === 'seen') ? [] : [message]
    const founder = await at.replicaOf(at.team.founder)
    await live(founder)
    const { replica } = await join(founder, { connect: tampering(freeze) })
    const silent = new Person()
    await at.append(founder, memberDraft(at.team.id, silent))
    await until(replica, () => replica.witnesses().some(({ state }) => state === 'agrees'))
    await until(replica, () => replica.witnesses().length === 2)
    expect(replica.witnesses().find(({ device }) => device === silent.device)).toMatchObject({
      time: null,
      state: 'never',
    })
    frozen = true
    const before = replica.status().lastWitness
    await at.append(founder, vaultDraft())
    await until(founder, () => founder.head(LEDGER)?.seq === 3)
    await founder.publishSeen()
    expect(replica.status()).toMatchObject({ connection: 'live', alarm: null, lastWitness: before })
    const now = (before?.time ?? 0) + INITIAL_POLICY.maxUnwitnessedMs + 1
    const fresh = freshness({
      now,
      lastServerContact: now,
      lastWitness: replica.status().lastWitness?.time ?? null,
      policy: INITIAL_POLICY,
      others: ['Ada'],
    })
    expect(fresh).toMatchObject({ state: 'expired', code: 'freshness.expired', which: 'witness' })
  })

  it('P17 a device that states less than before was rolled back: rollback, with both signed statements', async () => {
    const founder = await at.replicaOf(at.team.founder)
    await live(founder)
    const { person, replica } = await join(founder)
    await until(founder, () => founder.witnesses().some(({ state }) => state === 'agrees'))
    const [newest] = founder.seen()
    const hash = randomBytes(32)
    const seen = stated(person, (newest?.statement.time ?? 0) + 1000, [
      { stream: LEDGER, head: { seq: 0, hash } },
    ])
    await replica.request((ref) => ({ type: 'seen', ref, seen }))
    await until(founder, ({ connection }) => connection === 'alarm')
    expect(founder.status().alarm).toMatchObject({ code: 'rollback', stream: LEDGER, seq: 1 })
    expect(founder.status().alarm?.evidence.map(({ label }) => label)).toEqual([
      'signed statement',
      'earlier signed statement',
    ])
  })

  it('C22 statements carry cosigned Merkle trees of every stream; an altered one is not taken', async () => {
    let altering = false
    const alter: Tamper = (message) => {
      if (message.type !== 'seen' || !altering) return [message]
      const trees = message.seen.trees?.map((tree) => ({ ...tree, root: randomBytes(32) }))
      return [{ ...message, seen: { ...message.seen, trees } }]
    }
    const founder = await at.replicaOf(at.team.founder)
    await live(founder)
    const { replica } = await join(founder, { connect: tampering(alter) })
    await at.append(founder, vaultDraft())
    await until(replica, () => (replica.seen()[0]?.trees?.[0]?.size ?? 0) === 3)
    const tree = new MerkleTree()
    for await (const { hash } of founder.entries(LEDGER)) tree.append(hash)
    expect(replica.seen()[0]?.trees?.[0]).toMatchObject({ stream: LEDGER, size: 3, root: tree.root() })
    altering = true
    const before = replica.seen()[0]?.statement.time ?? 0
    await at.append(founder, vaultDraft())
    await until(replica, () => replica.head(LEDGER)?.seq === 3)
    await founder.publishSeen()
    expect(replica.seen()[0]?.statement.time).toBe(before)
    altering = false
    await founder.publishSeen()
    await until(replica, () => (replica.seen()[0]?.trees?.[0]?.size ?? 0) === 4)
  })

  it('P17 a statement that a fast clock dated in the future counts as made when it was heard, over a restart too', async () => {
    const MINUTE = 60_000
    const ahead = (minutes: number): Clock => ({
      wall: () => Date.now() + minutes * MINUTE,
      monotonic: systemClock.monotonic,
    })
    const store = memoryStore()
    const founder = await at.replicaOf(at.team.founder, { store })
    await live(founder)
    // As far as a server that is honest passes on.
    const { replica } = await join(founder, { clock: ahead(4) })
    await replica.publishSeen()
    await until(founder, ({ lastWitness }) => lastWitness !== null)
    await founder.stop()
    const { lastWitness } = founder.status()
    expect(lastWitness?.time).toBeLessThanOrEqual(founder.now())
    expect(founder.seen()[0]?.statement.time).toBeGreaterThan(founder.now() + MINUTE)
    // Three minutes later, out of reach of everybody: it is three minutes old, and not still from now.
    const connect = () => Promise.reject(new ClientError('server.unreachable', 'nobody is there'))
    const again = await at.replicaOf(at.team.founder, { store, connect, clock: ahead(3) })
    expect(again.status().lastWitness).toEqual(lastWitness)
    const now = again.now()
    const policy = { maxOfflineMs: 60 * MINUTE, maxUnwitnessedMs: 2 * MINUTE }
    const heard = { now, lastServerContact: now, lastWitness: lastWitness?.time ?? null, policy }
    expect(freshness({ ...heard, others: ['Bea'] })).toMatchObject({ state: 'expired', which: 'witness' })
  })
})

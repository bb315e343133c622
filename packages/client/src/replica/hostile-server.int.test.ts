import { cp, rm } from 'node:fs/promises'
import { deviceSign } from '@countersign/crypto/derive'
import { randomBytes } from '@countersign/crypto/random'
import { sign } from '@countersign/crypto/sign'
import { compartmentStream, LEDGER } from '@countersign/schema/ids'
import type { ServerMessage, SignedSeen } from '@countersign/schema/wire'
import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../test/memory-store.ts'
import { itemDraft, memberDraft, Person, secondDevice, vaultDraft } from '../../test/people.ts'
import { ReplicaFixture } from '../../test/replica-fixture.ts'
import { leash, type Tamper, tampering } from '../../test/tampering.ts'
import { live, QUICK, until } from '../../test/team.ts'
import type { Replica } from './replica.ts'
import { encodeSeen, SEEN_PURPOSE } from './seen-book.ts'

const at = new ReplicaFixture()

describe('Replica: never backwards, never forked', () => {
  it('P11 sounds rollback when the server has less than it showed before', async () => {
    const copy = await at.folder()
    const store = memoryStore()
    const replica = await at.replicaOf(at.team.founder, { store })
    await live(replica)
    await at.server.stop()
    await cp(at.server.folder, copy, { recursive: true })
    await at.server.start()
    await live(replica)
    await at.append(replica, vaultDraft())
    await at.server.stop('SIGKILL')
    await rm(at.server.folder, { recursive: true })
    await cp(copy, at.server.folder, { recursive: true })
    await at.server.start()
    await until(replica, ({ connection }) => connection === 'alarm')
    expect(replica.status().alarm).toMatchObject({ code: 'rollback', stream: LEDGER, seq: 1 })
    expect(await at.append(replica, vaultDraft())).toMatchObject({ ok: false, code: 'alarm' })
    // Reading goes on, and the alarm is still there after a restart.
    expect(replica.head(LEDGER)?.seq).toBe(1)
    await replica.stop()
    const again = await at.replicaOf(at.team.founder, { store })
    expect(again.status()).toMatchObject({ connection: 'alarm', alarm: { code: 'rollback' } })
  })

  it('P11 sounds rollback at a floor that the server’s ledger does not reach', async () => {
    const identity = {
      ...at.team.founder.identity(at.team, at.team.server),
      floors: [{ seq: 9, hash: randomBytes(32) }],
    }
    const replica = await at.replicaOf(at.team.founder, { identity })
    await until(replica, ({ connection }) => connection === 'alarm')
    expect(replica.status().alarm).toMatchObject({ code: 'rollback', seq: 9 })
  })

  it('P11 sounds fork at a floor that the server’s ledger contradicts', async () => {
    const identity = {
      ...at.team.founder.identity(at.team, at.team.server),
      floors: [{ seq: 0, hash: randomBytes(32) }],
    }
    const replica = await at.replicaOf(at.team.founder, { identity })
    await until(replica, ({ connection }) => connection === 'alarm')
    expect(replica.status().alarm).toMatchObject({ code: 'fork', seq: 0 })
  })

  it('P11 sounds genesis when the first entry is not the pinned one', async () => {
    const identity = { ...at.team.founder.identity(at.team, at.team.server), genesisHash: randomBytes(32) }
    const replica = await at.replicaOf(at.team.founder, { identity })
    await until(replica, ({ connection }) => connection === 'alarm')
    expect(replica.status().alarm).toMatchObject({ code: 'genesis' })
    expect(replica.head(LEDGER)).toBeNull()
  })

  const hostile = async (tamper: Tamper): Promise<Replica> => {
    const [first, second] = await at.two({ connect: tampering(tamper) })
    await live(second)
    await at.makeEnvironment(first)
    await until(second, ({ connection }) => connection === 'alarm')
    return second
  }
  const ofLedger = (message: ServerMessage) => message.type === 'entries' && message.stream === LEDGER

  it('P5 sounds bad_entry at a changed signature and keeps what was good before it', async () => {
    const second = await hostile((message) => {
      if (message.type !== 'entries' || message.from + message.entries.length < 3) return [message]
      const entries = message.entries.map((bytes) => Uint8Array.from(bytes))
      entries.at(-1)![entries.at(-1)!.length - 1]! ^= 1
      return [{ ...message, entries }]
    })
    expect(second.status().alarm).toMatchObject({ code: 'bad_entry' })
    expect(second.head(LEDGER)?.seq).toBeGreaterThanOrEqual(1)
  })

  it('P5 asks again for dropped entries, and does not accept what comes after a hole', async () => {
    let dropped = 0
    const [first, second] = await at.two({
      connect: tampering((message) => {
        if (!ofLedger(message) || message.type !== 'entries' || message.from !== 2 || dropped > 0)
          return [message]
        dropped++
        return []
      }),
    })
    await live(second)
    await at.append(first, vaultDraft())
    await at.append(first, vaultDraft())
    await until(second, () => second.head(LEDGER)?.seq === 3)
    expect(dropped).toBe(1)
  })

  it('P5 sounds fork when the server shows another entry at a verified place', async () => {
    const replay: Tamper = (message) => {
      if (message.type !== 'entries' || message.from < 2) return [message]
      const bytes = Uint8Array.from(message.entries[0]!)
      bytes[bytes.length - 1]! ^= 1
      return [message, { ...message, entries: [bytes] }]
    }
    const second = await hostile(replay)
    expect(second.status().alarm).toMatchObject({ code: 'fork' })
  })

  it('P5 sounds withheld when entries rest on ledger entries that are kept back', async () => {
    const first = await at.replicaOf(at.team.founder)
    const { device, draft } = secondDevice(at.team.id, at.team.founder)
    await at.append(first, draft)
    const environment = await at.makeEnvironment(first)
    await at.append(first, vaultDraft())
    await at.append(first, itemDraft(environment))
    const head = { seq: 3, hash: randomBytes(32) }
    const second = await at.replicaOf(device, {
      connect: tampering((message) => {
        if (message.type === 'welcome') {
          return [
            {
              ...message,
              heads: message.heads.map((each) => (each.stream === LEDGER ? { ...each, head } : each)),
            },
          ]
        }
        return ofLedger(message) && message.type === 'entries'
          ? [{ ...message, entries: message.entries.slice(0, 4 - message.from) }]
          : [message]
      }),
    })
    await until(second, ({ connection }) => connection === 'alarm')
    expect(second.status().alarm).toMatchObject({ code: 'withheld', stream: compartmentStream(environment) })
  })

  it('P17 sounds fork with the signed statement when another device verified another history', async () => {
    // What the second device really saw is kept from the first, or the two statements would contradict each other.
    const time = Date.now() + 1000
    const forged = (seen: SignedSeen): boolean => seen.statement.time === time
    const first = await at.replicaOf(at.team.founder, {
      connect: tampering((message) => {
        if (message.type === 'welcome') return [{ ...message, seen: message.seen.filter(forged) }]
        return message.type === 'seen' && !forged(message.seen) ? [] : [message]
      }),
    })
    const { device, draft } = secondDevice(at.team.id, at.team.founder)
    await at.append(first, draft)
    const second = await at.replicaOf(device)
    await live(first)
    await live(second)
    const statement = {
      team: at.team.id,
      member: device.member,
      device: device.device,
      time,
      heads: [{ stream: LEDGER, head: { seq: 0, hash: randomBytes(32) } }],
    }
    const key = deviceSign(device.deviceSecret)
    const signature = sign(key.secretKey, SEEN_PURPOSE, encodeSeen(statement))
    await second.request((ref) => ({ type: 'seen', ref, seen: { statement, signature } }))
    await until(first, ({ connection }) => connection === 'alarm')
    expect(first.status().alarm).toMatchObject({ code: 'fork', stream: LEDGER, seq: 0 })
    expect(first.status().alarm?.evidence.map(({ label }) => label)).toEqual([
      'signed statement',
      'entry here',
    ])
  })

  it('tries again after a person dismissed the alarm, and sounds it again while the cause is there', async () => {
    let evil = false
    const replica = await at.replicaOf(at.team.founder, {
      connect: tampering((message) =>
        message.type === 'welcome' && evil ? [{ ...message, heads: [] }] : [message],
      ),
    })
    await live(replica)
    evil = true
    await at.server.stop()
    await at.server.start()
    await until(replica, ({ connection }) => connection === 'alarm')
    await replica.dismissAlarm()
    await until(replica, ({ connection }) => connection === 'alarm')
    evil = false
    await replica.dismissAlarm()
    await live(replica)
  })
})

describe('Replica: who is there', () => {
  it('P9 refuses another server at the same address with at.server.changed', async () => {
    const pinned = { ...at.team.server, id: randomBytes(32) }
    const replica = await at.replicaOf(at.team.founder, {
      identity: at.team.founder.identity(at.team, pinned),
    })
    await until(replica, ({ connection }) => connection === 'refused')
    expect(replica.status().problem?.code).toBe('server.changed')
    expect(await at.append(replica, vaultDraft())).toMatchObject({ ok: false, code: 'server.changed' })
  })

  it('P10 is refused as a device the team does not know', async () => {
    const replica = await at.replicaOf(new Person())
    await until(replica, ({ connection }) => connection === 'refused')
    expect(replica.status().problem?.code).toBe('login.refused')
  })

  it('gives up a server that says nothing, and says so', async () => {
    const line = leash()
    line.deaf = true
    const replica = await at.replicaOf(at.team.founder, {
      connect: line.connect,
      timing: { ...QUICK, heartbeatMs: 50, silenceMs: 150 },
    })
    await until(replica, ({ problem }) => problem?.code === 'server.silent')
    line.deaf = false
    await live(replica)
  })

  it('keeps a quiet connection by asking for signs of life', async () => {
    const replica = await at.replicaOf(at.team.founder, {
      timing: { ...QUICK, heartbeatMs: 40, silenceMs: 200 },
    })
    await live(replica)
    const states: string[] = []
    replica.onStatus(({ connection }) => states.push(connection))
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(states.filter((state) => state !== 'live')).toEqual([])
  })

  it('P17 counts as witness only the device of another person, about a history that is ours', async () => {
    const [first, second] = await at.two()
    await live(second)
    await until(first, () => first.seen().length === 1)
    // The founder's own second device is no witness.
    expect(first.status().lastWitness).toBeNull()
    const other = new Person()
    await at.append(first, memberDraft(at.team.id, other))
    const theirs = await at.replicaOf(other)
    await live(theirs)
    await until(first, ({ lastWitness }) => lastWitness !== null)
    expect(first.status().lastWitness).toMatchObject({ member: other.member, device: other.device })
    expect(first.status().lastServerContact).toBeGreaterThan(Date.now() - 60_000)
  })

  it('P17 takes no statement that its device did not sign', async () => {
    const [first, second, device] = await at.two({
      connect: tampering((message) =>
        message.type === 'seen'
          ? [{ ...message, seen: { ...message.seen, statement: { ...message.seen.statement, time: 5e12 } } }]
          : [message],
      ),
    })
    await live(first)
    await live(second)
    await first.publishSeen()
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(second.seen().filter(({ statement }) => statement.time === 5e12)).toEqual([])
    expect(device.device).not.toBe(at.team.founder.device)
  })
})

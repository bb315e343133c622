import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deviceSign } from '@countersign/crypto/derive'
import { randomBytes } from '@countersign/crypto/random'
import { cryptoReady } from '@countersign/crypto/ready'
import { sign } from '@countersign/crypto/sign'
import { compartmentStream, LEDGER, newId } from '@countersign/schema/ids'
import type { ServerMessage } from '@countersign/schema/wire'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { memoryStore } from '../../test/memory-store.ts'
import {
  environmentDraft,
  itemDraft,
  memberDraft,
  Person,
  secondDevice,
  vaultDraft,
} from '../../test/people.ts'
import { ServerProcess } from '../../test/server-process.ts'
import { leash, type Tamper, tampering } from '../../test/tampering.ts'
import { foundTeam, live, openReplica, QUICK, type Team, until } from '../../test/team.ts'
import { openLevelStore } from '../store/level-store.ts'
import { type LocalStore, LocalStoreError } from '../store/local-store.ts'
import type { Replica } from './replica.ts'
import { encodeSeen, SEEN_PURPOSE } from './seen-book.ts'

let server: ServerProcess
let team: Team
const open: Replica[] = []
const folders: string[] = []

const replicaOf = async (...args: Parameters<typeof openReplica>): Promise<Replica> => {
  const replica = await openReplica(...args)
  open.push(replica)
  return replica
}
const folder = async (): Promise<string> => {
  const made = await mkdtemp(join(tmpdir(), 'countersign-replica-'))
  folders.push(made)
  return made
}

/** The store as a crash at this moment would leave it. */
const copyOf = async (location: string): Promise<string> => {
  const to = await folder()
  await cp(location, to, { recursive: true })
  return to
}

beforeAll(() => cryptoReady())
beforeEach(async () => {
  server = await ServerProcess.start()
  team = await foundTeam(server)
})
afterEach(async () => {
  for (const replica of open.splice(0)) await replica.stop()
  await server.remove()
  for (const each of folders.splice(0)) await rm(each, { recursive: true, force: true })
})

const append = (replica: Replica, ...drafts: ReturnType<typeof vaultDraft>[]) =>
  replica.append(() => drafts, team.founder.signer)

/** A replica of the founder, and one of a second installation of theirs that follows it. */
const two = async (options: Parameters<typeof openReplica>[2] = {}): Promise<[Replica, Replica, Person]> => {
  const first = await replicaOf(team, team.founder)
  const { device, draft } = secondDevice(team.id, team.founder)
  await append(first, draft)
  const second = await replicaOf(team, device, options)
  return [first, second, device]
}

const makeEnvironment = async (replica: Replica): Promise<string> => {
  const vault = vaultDraft()
  const environment = newId()
  await append(
    replica,
    vault,
    environmentDraft(String(vault.plain.vault), environment, [team.founder.member]),
  )
  return environment
}

describe('Replica: appends', () => {
  it('P5 lands over several streams in one batch, and another device gets all of it', async () => {
    const [first, second] = await two()
    const environment = await makeEnvironment(first)
    const appended = await append(first, vaultDraft(), itemDraft(environment), itemDraft(environment))
    expect(appended).toMatchObject({ ok: true, heads: [{ stream: LEDGER }, { head: { seq: 1 } }] })
    await until(second, () => second.head(compartmentStream(environment))?.seq === 1)
    expect(second.head(LEDGER)).toEqual(first.head(LEDGER))
  })

  it('P15 on a stale head takes what was missed, tells the listeners, and builds again', async () => {
    const [first, second, device] = await two()
    await live(second)
    const builds: string[] = []
    const raced = second.append(async ({ head, attempt }) => {
      builds.push(`${attempt}@${head(LEDGER)?.seq}`)
      if (attempt === 0) await append(first, vaultDraft())
      return [vaultDraft()]
    }, device.signer)
    // The push of the other's entry may come before or after the server's refusal: both end the same.
    expect(await raced).toMatchObject({ ok: true, heads: [{ stream: LEDGER, head: { seq: 3 } }] })
    expect(builds).toEqual(['0@1', '1@2'])
  })

  it('P19 sends the same signed bytes again after a lost answer, and writes once', async () => {
    const line = leash()
    const replica = await replicaOf(team, team.founder, {
      connect: line.connect,
      timing: { ...QUICK, answerMs: 300 },
    })
    await live(replica)
    const draft = vaultDraft()
    let builds = 0
    line.deaf = true
    const appending = replica.append(() => {
      builds++
      return [draft]
    }, team.founder.signer)
    await new Promise((resolve) => setTimeout(resolve, 150))
    line.cut()
    line.deaf = false
    expect(await appending).toMatchObject({ ok: true, heads: [{ head: { seq: 1 } }] })
    expect(builds).toBe(1)
    expect(replica.head(LEDGER)?.seq).toBe(1)
  })

  it('P19 recognises an entry id that landed before, over a restart, and does not write it again', async () => {
    const store = memoryStore()
    const draft = vaultDraft()
    const before = await replicaOf(team, team.founder, { store })
    await append(before, draft)
    await before.stop()
    const after = await replicaOf(team, team.founder, { store })
    expect(await append(after, draft)).toMatchObject({ ok: true, heads: [{ head: { seq: 1 } }] })
    expect(after.head(LEDGER)?.seq).toBe(1)
    expect(await after.ownEntry(String(draft.id))).toEqual({ stream: LEDGER, seq: 1 })
  })

  it('P14 hands back the server’s refusal of an entry whose author may not write it', async () => {
    const [, second, device] = await two()
    const refused = await second.append(() => [vaultDraft()], new Person().signer)
    expect(refused).toMatchObject({ ok: false, code: expect.stringMatching(/^append\./) })
    expect(await second.append(() => [vaultDraft()], device.signer)).toMatchObject({ ok: true })
  })

  it('hands back what build refuses, and passes on what it throws', async () => {
    const replica = await replicaOf(team, team.founder)
    const refusal = { code: 'item.conflict', message: 'changed' }
    expect(await replica.append(() => refusal, team.founder.signer)).toEqual({ ok: false, ...refusal })
    const failing = replica.append(() => {
      throw new Error('broken')
    }, team.founder.signer)
    await expect(failing).rejects.toThrow('broken')
  })

  it('says offline when the server is down, and lands later with the server back', async () => {
    const replica = await replicaOf(team, team.founder, { timing: { ...QUICK, patienceMs: 200 } })
    await live(replica)
    await server.stop()
    expect(await append(replica, vaultDraft())).toMatchObject({ ok: false, code: 'offline' })
    await server.start()
    await live(replica)
    expect(await append(replica, vaultDraft())).toMatchObject({ ok: true })
  })
})

describe('Replica: local copy', () => {
  it('tells listeners only of what is on the disk already, in order', async () => {
    const location = await folder()
    const store = await openLevelStore(location)
    const [first, second] = await two({ store })
    const told: number[] = []
    let copies: Promise<string>[] = []
    second.onEntries(({ stream, entries }) => {
      if (stream !== LEDGER) return
      told.push(...entries.map(({ seq }) => seq))
      copies.push(copyOf(location))
    })
    await append(first, vaultDraft())
    await append(first, vaultDraft())
    await until(second, () => second.head(LEDGER)?.seq === 3)
    expect(told.slice(-2)).toEqual([2, 3])
    const crashed = await openLevelStore((await Promise.all(copies)).at(-1)!)
    expect(await crashed.get(`replica/entry/ledger/${(3).toString(16).padStart(10, '0')}`)).toBeDefined()
    await crashed.close()
    copies = []
    await second.stop()
    await store.close()
  })

  it('starts again from the disk without the server, with the same projection', async () => {
    const store = memoryStore()
    const first = await replicaOf(team, team.founder, { store })
    await makeEnvironment(first)
    const { projection } = first
    await first.stop()
    await server.stop()
    const again = await replicaOf(team, team.founder, { store })
    expect(again.projection).toEqual(projection)
    const seqs: number[] = []
    for await (const { seq } of again.entries(LEDGER, 1)) seqs.push(seq)
    expect(seqs).toEqual([1, 2])
  })

  it('starts from a checkpoint as from the entries, and from the entries where it does not fit', async () => {
    const store = memoryStore()
    const first = await replicaOf(team, team.founder, { store })
    await makeEnvironment(first)
    await first.stop()
    const checkpoint = await store.get('replica/ledger-checkpoint')
    expect(checkpoint).toBeDefined()
    const { projection } = first
    for (const damaged of [
      randomBytes(200),
      checkpoint!.subarray(1),
      checkpoint!.map((byte, at) => (at === 300 ? byte ^ 1 : byte)),
    ]) {
      await store.batch({ puts: [['replica/ledger-checkpoint', damaged]] }, { durable: true })
      const again = await replicaOf(team, team.founder, { store })
      expect(again.projection.head).toEqual(projection.head)
      await again.stop()
    }
    const other = await replicaOf(team, team.founder)
    await append(other, vaultDraft())
    const later = await replicaOf(team, team.founder, { store })
    await until(later, () => later.head(LEDGER)?.seq === 3)
    expect(later.projection).toEqual(other.projection)
  })

  it('waits with everything while the disk is full, and goes on when there is room', async () => {
    const inner = memoryStore()
    let full = false
    const store: LocalStore = {
      ...inner,
      batch: (write, options) =>
        full
          ? Promise.reject(new LocalStoreError('store.full', 'the disk is full'))
          : inner.batch(write, options),
    }
    const [first, second] = await two({ store })
    await live(second)
    const told: number[] = []
    second.onEntries(({ entries }) => told.push(...entries.map(({ seq }) => seq)))
    full = true
    await append(first, vaultDraft())
    await until(second, ({ problem }) => problem?.code === 'store.full')
    expect(told).toEqual([])
    full = false
    await until(second, ({ problem }) => problem === null && told.length > 0)
    expect(told).toEqual([2])
  })

  it('refuses a store that belongs to another team or device', async () => {
    const store = memoryStore()
    await (await replicaOf(team, team.founder, { store })).stop()
    await expect(replicaOf(team, new Person(), { store })).rejects.toMatchObject({
      code: 'replica.other_team',
    })
  })
})

describe('Replica: never backwards, never forked', () => {
  it('P11 sounds rollback when the server has less than it showed before', async () => {
    const copy = await folder()
    const store = memoryStore()
    const replica = await replicaOf(team, team.founder, { store })
    await live(replica)
    await server.stop()
    await cp(server.folder, copy, { recursive: true })
    await server.start()
    await live(replica)
    await append(replica, vaultDraft())
    await server.stop('SIGKILL')
    await rm(server.folder, { recursive: true })
    await cp(copy, server.folder, { recursive: true })
    await server.start()
    await until(replica, ({ connection }) => connection === 'alarm')
    expect(replica.status().alarm).toMatchObject({ code: 'rollback', stream: LEDGER, seq: 1 })
    expect(await append(replica, vaultDraft())).toMatchObject({ ok: false, code: 'alarm' })
    // Reading goes on, and the alarm is still there after a restart.
    expect(replica.head(LEDGER)?.seq).toBe(1)
    await replica.stop()
    const again = await replicaOf(team, team.founder, { store })
    expect(again.status()).toMatchObject({ connection: 'alarm', alarm: { code: 'rollback' } })
  })

  it('P11 sounds rollback at a floor that the server’s ledger does not reach', async () => {
    const identity = { ...team.founder.identity(team, team.server), floor: { seq: 9, hash: randomBytes(32) } }
    const replica = await replicaOf(team, team.founder, { identity })
    await until(replica, ({ connection }) => connection === 'alarm')
    expect(replica.status().alarm).toMatchObject({ code: 'rollback', seq: 9 })
  })

  it('P11 sounds fork at a floor that the server’s ledger contradicts', async () => {
    const identity = { ...team.founder.identity(team, team.server), floor: { seq: 0, hash: randomBytes(32) } }
    const replica = await replicaOf(team, team.founder, { identity })
    await until(replica, ({ connection }) => connection === 'alarm')
    expect(replica.status().alarm).toMatchObject({ code: 'fork', seq: 0 })
  })

  it('P11 sounds genesis when the first entry is not the pinned one', async () => {
    const identity = { ...team.founder.identity(team, team.server), genesisHash: randomBytes(32) }
    const replica = await replicaOf(team, team.founder, { identity })
    await until(replica, ({ connection }) => connection === 'alarm')
    expect(replica.status().alarm).toMatchObject({ code: 'genesis' })
    expect(replica.head(LEDGER)).toBeNull()
  })

  const hostile = async (tamper: Tamper): Promise<Replica> => {
    const [first, second] = await two({ connect: tampering(tamper) })
    await live(second)
    await makeEnvironment(first)
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
    const [first, second] = await two({
      connect: tampering((message) => {
        if (!ofLedger(message) || message.type !== 'entries' || message.from !== 2 || dropped > 0)
          return [message]
        dropped++
        return []
      }),
    })
    await live(second)
    await append(first, vaultDraft())
    await append(first, vaultDraft())
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
    const first = await replicaOf(team, team.founder)
    const { device, draft } = secondDevice(team.id, team.founder)
    await append(first, draft)
    const environment = await makeEnvironment(first)
    await append(first, vaultDraft())
    await append(first, itemDraft(environment))
    const head = { seq: 3, hash: randomBytes(32) }
    const second = await replicaOf(team, device, {
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
    const [first, second, device] = await two()
    await live(first)
    await live(second)
    const statement = {
      team: team.id,
      member: device.member,
      device: device.device,
      time: Date.now() + 1000,
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
    const replica = await replicaOf(team, team.founder, {
      connect: tampering((message) =>
        message.type === 'welcome' && evil ? [{ ...message, heads: [] }] : [message],
      ),
    })
    await live(replica)
    evil = true
    await server.stop()
    await server.start()
    await until(replica, ({ connection }) => connection === 'alarm')
    await replica.dismissAlarm()
    await until(replica, ({ connection }) => connection === 'alarm')
    evil = false
    await replica.dismissAlarm()
    await live(replica)
  })
})

describe('Replica: who is there', () => {
  it('P9 refuses another server at the same address with server.changed', async () => {
    const pinned = { ...team.server, id: randomBytes(32) }
    const replica = await replicaOf(team, team.founder, { identity: team.founder.identity(team, pinned) })
    await until(replica, ({ connection }) => connection === 'refused')
    expect(replica.status().problem?.code).toBe('server.changed')
    expect(await append(replica, vaultDraft())).toMatchObject({ ok: false, code: 'server.changed' })
  })

  it('P10 is refused as a device the team does not know', async () => {
    const replica = await replicaOf(team, new Person())
    await until(replica, ({ connection }) => connection === 'refused')
    expect(replica.status().problem?.code).toBe('login.refused')
  })

  it('gives up a server that says nothing, and says so', async () => {
    const line = leash()
    line.deaf = true
    const replica = await replicaOf(team, team.founder, {
      connect: line.connect,
      timing: { ...QUICK, heartbeatMs: 50, silenceMs: 150 },
    })
    await until(replica, ({ problem }) => problem?.code === 'server.silent')
    line.deaf = false
    await live(replica)
  })

  it('keeps a quiet connection by asking for signs of life', async () => {
    const replica = await replicaOf(team, team.founder, {
      timing: { ...QUICK, heartbeatMs: 40, silenceMs: 200 },
    })
    await live(replica)
    const states: string[] = []
    replica.onStatus(({ connection }) => states.push(connection))
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(states.filter((state) => state !== 'live')).toEqual([])
  })

  it('P17 counts as witness only the device of another person, about a history that is ours', async () => {
    const [first, second] = await two()
    await live(second)
    await until(first, () => first.seen().length === 1)
    // The founder's own second device is no witness.
    expect(first.status().lastWitness).toBeNull()
    const other = new Person()
    await append(first, memberDraft(team.id, other))
    const theirs = await replicaOf(team, other)
    await live(theirs)
    await until(first, ({ lastWitness }) => lastWitness !== null)
    expect(first.status().lastWitness).toMatchObject({ member: other.member, device: other.device })
    expect(first.status().lastServerContact).toBeGreaterThan(Date.now() - 60_000)
  })

  it('P17 takes no statement that its device did not sign', async () => {
    const [first, second, device] = await two({
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
    expect(device.device).not.toBe(team.founder.device)
  })
})

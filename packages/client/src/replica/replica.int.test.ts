import { randomBytes } from '@countersign/crypto/random'
import { compartmentStream, LEDGER } from '@countersign/schema/ids'
import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../test/memory-store.ts'
import { itemDraft, Person, vaultDraft } from '../../test/people.ts'
import { ReplicaFixture } from '../../test/replica-fixture.ts'
import { leash } from '../../test/tampering.ts'
import { live, QUICK, until } from '../../test/team.ts'
import { openLevelStore } from '../store/level-store.ts'
import { type LocalStore, LocalStoreError } from '../store/local-store.ts'

const at = new ReplicaFixture()

describe('Replica: appends', () => {
  it('P5 lands over several streams in one batch, and another device gets all of it', async () => {
    const [first, second] = await at.two()
    const environment = await at.makeEnvironment(first)
    const appended = await at.append(first, vaultDraft(), itemDraft(environment), itemDraft(environment))
    expect(appended).toMatchObject({ ok: true, heads: [{ stream: LEDGER }, { head: { seq: 1 } }] })
    await until(second, () => second.head(compartmentStream(environment))?.seq === 1)
    expect(second.head(LEDGER)).toEqual(first.head(LEDGER))
  })

  it('P15 on a stale head takes what was missed, tells the listeners, and builds again', async () => {
    const [first, second, device] = await at.two()
    await live(second)
    const builds: string[] = []
    const raced = second.append(async ({ head, attempt }) => {
      builds.push(`${attempt}@${head(LEDGER)?.seq}`)
      if (attempt === 0) await at.append(first, vaultDraft())
      return [vaultDraft()]
    }, device.signer)
    // The push of the other's entry may come before or after the server's refusal: both end the same.
    expect(await raced).toMatchObject({ ok: true, heads: [{ stream: LEDGER, head: { seq: 3 } }] })
    expect(builds).toEqual(['0@1', '1@2'])
  })

  it('P19 sends the same signed bytes again after a lost answer, and writes once', async () => {
    const line = leash()
    const replica = await at.replicaOf(at.team.founder, {
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
    }, at.team.founder.signer)
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
    const before = await at.replicaOf(at.team.founder, { store })
    await at.append(before, draft)
    await before.stop()
    const after = await at.replicaOf(at.team.founder, { store })
    expect(await at.append(after, draft)).toMatchObject({ ok: true, heads: [{ head: { seq: 1 } }] })
    expect(after.head(LEDGER)?.seq).toBe(1)
    expect(await after.ownEntry(String(draft.id))).toEqual({ stream: LEDGER, seq: 1 })
  })

  it('P14 hands back the server’s refusal of an entry whose author may not write it', async () => {
    const [, second, device] = await at.two()
    const refused = await second.append(() => [vaultDraft()], new Person().signer)
    expect(refused).toMatchObject({ ok: false, code: expect.stringMatching(/^append\./) })
    expect(await second.append(() => [vaultDraft()], device.signer)).toMatchObject({ ok: true })
  })

  it('hands back what build refuses, and passes on what it throws', async () => {
    const replica = await at.replicaOf(at.team.founder)
    const refusal = { code: 'item.conflict', message: 'changed' }
    expect(await replica.append(() => refusal, at.team.founder.signer)).toEqual({ ok: false, ...refusal })
    const failing = replica.append(() => {
      throw new Error('broken')
    }, at.team.founder.signer)
    await expect(failing).rejects.toThrow('broken')
  })

  it('refuses a batch larger than a frame with size.limited, and goes on', async () => {
    const replica = await at.replicaOf(at.team.founder)
    await live(replica)
    const huge = Array.from({ length: 36 }, () => ({ ...vaultDraft(), body: randomBytes(250_000) }))
    expect(await at.append(replica, ...huge)).toMatchObject({ ok: false, code: 'size.limited' })
    expect(await at.append(replica, vaultDraft())).toMatchObject({ ok: true })
  })

  it('says offline when the server is down, and lands later with the server back', async () => {
    const replica = await at.replicaOf(at.team.founder, { timing: { ...QUICK, patienceMs: 200 } })
    await live(replica)
    await at.server.stop()
    expect(await at.append(replica, vaultDraft())).toMatchObject({ ok: false, code: 'offline' })
    await at.server.start()
    await live(replica)
    expect(await at.append(replica, vaultDraft())).toMatchObject({ ok: true })
  })
})

describe('Replica: local copy', () => {
  it('tells listeners only of what is on the disk already, in order', async () => {
    const location = await at.folder()
    const store = await openLevelStore(location)
    const [first, second] = await at.two({ store })
    const told: number[] = []
    let copies: Promise<string>[] = []
    second.onEntries(({ stream, entries }) => {
      if (stream !== LEDGER) return
      told.push(...entries.map(({ seq }) => seq))
      copies.push(at.copyOf(location))
    })
    await at.append(first, vaultDraft())
    await at.append(first, vaultDraft())
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
    const first = await at.replicaOf(at.team.founder, { store })
    await at.makeEnvironment(first)
    const { projection } = first
    await first.stop()
    await at.server.stop()
    const again = await at.replicaOf(at.team.founder, { store })
    expect(again.projection).toEqual(projection)
    const seqs: number[] = []
    for await (const { seq } of again.entries(LEDGER, 1)) seqs.push(seq)
    expect(seqs).toEqual([1, 2])
  })

  it('starts from a checkpoint as from the entries, and from the entries where it does not fit', async () => {
    const store = memoryStore()
    const first = await at.replicaOf(at.team.founder, { store })
    await at.makeEnvironment(first)
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
      const again = await at.replicaOf(at.team.founder, { store })
      expect(again.projection.head).toEqual(projection.head)
      await again.stop()
    }
    const other = await at.replicaOf(at.team.founder)
    await at.append(other, vaultDraft())
    const later = await at.replicaOf(at.team.founder, { store })
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
    const [first, second] = await at.two({ store })
    await live(second)
    const told: number[] = []
    second.onEntries(({ entries }) => told.push(...entries.map(({ seq }) => seq)))
    full = true
    await at.append(first, vaultDraft())
    await until(second, ({ problem }) => problem?.code === 'store.full')
    expect(told).toEqual([])
    full = false
    await until(second, ({ problem }) => problem === null && told.length > 0)
    expect(told).toEqual([2])
  })

  it('refuses a store that belongs to another team or device', async () => {
    const store = memoryStore()
    await (await at.replicaOf(at.team.founder, { store })).stop()
    await expect(at.replicaOf(new Person(), { store })).rejects.toMatchObject({
      code: 'replica.other_team',
    })
  })
})

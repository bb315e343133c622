import { cryptoReady } from '@countersign/crypto/ready'
import { Secret } from '@countersign/crypto/secret'
import { wholeState } from '@countersign/ledger/test/whole-state'
import { newId } from '@countersign/schema/ids'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { memoryStore } from '../../test/memory-store.ts'
import { ServerProcess } from '../../test/server-process.ts'
import { type Opened, SessionTeam } from '../../test/session-team.ts'
import { changeRequest } from '../requests/request-bodies.ts'
import { SealedRecords } from '../session/sealed-records.ts'
import { UnlockedSession } from '../session/unlocked-session.ts'
import type { LocalStore } from '../store/local-store.ts'
import { ledgerDraft } from './author.ts'
import { LedgerCheckpoints } from './ledger-checkpoint.ts'

const HEADER = 'sealed/checkpoint/ledger'
const STATE = 'sealed/checkpoint/ledger.state.0'
const CLOSED = 'sealed/checkpoint/ledger.closed.0'
const INDEX = 'checkpoint/ledger.index'
const PARTS = [HEADER, STATE, CLOSED, INDEX]
const ENTRIES = 'replica/entry/ledger/'
const VAULTS = 220

/** Tells from where on the ledger was read, each time: undefined is its beginning. */
const readingFrom = (inner: LocalStore) => {
  const from: (string | undefined)[] = []
  const store: LocalStore = {
    ...inner,
    range: (prefix, options) => {
      if (prefix === ENTRIES) from.push(options?.after)
      return inner.range(prefix, options)
    },
  }
  return { store, from }
}

describe('L73 an unlock with a checkpoint of the ledger', () => {
  let server: ServerProcess
  let team: SessionTeam
  let store: LocalStore
  let expected: Uint8Array
  let joinedAt: number | undefined
  let checkpoint: [string, Uint8Array][]
  const opened: Opened[] = []

  const open = async (on: LocalStore): Promise<Opened> => {
    const each = await team.open(team.first, on)
    opened.push(each)
    return each
  }
  const addVaults = async ({ session }: Opened, count: number): Promise<void> => {
    const added = await session.append((author) =>
      Array.from({ length: count }, (_, i) =>
        ledgerDraft(author, 'vault.create', { vault: newId() }, { name: `vault-${i}-${newId()}` }),
      ),
    )
    if (!added.ok) throw new Error(added.code)
  }
  /** Requests that were taken back. */
  const closeRequests = async ({ session }: Opened, count: number): Promise<void> => {
    const change = { type: 'member.roles' as const, member: newId(), roles: [] }
    const about = { environments: [], change, subject: null, reason: 'a role' }
    const added = await session.append((author) => {
      const createdAt = session.now()
      const by = { requester: author.member, device: author.device, createdAt, deadlineMs: 60_000 }
      return Array.from({ length: count }, () => changeRequest({ ...by, ...about })).flatMap((body) => [
        ledgerDraft(author, 'request.create', { request: body.request }, body),
        ledgerDraft(author, 'request.cancel', { request: body.request }, { reason: 'a mistake' }),
      ])
    })
    if (!added.ok) throw new Error(added.code)
  }
  const saved = async (from: LocalStore): Promise<[string, Uint8Array][]> =>
    Promise.all(
      PARTS.map(
        async (key): Promise<[string, Uint8Array]> => [key, (await from.get(key)) ?? new Uint8Array(0)],
      ),
    )
  /** Unlocks on this store, gives the state and whether the whole ledger was read for it. */
  const unlock = async (on: LocalStore) => {
    const { store: watched, from } = readingFrom(on)
    // What a locked installation reads is not what is looked at here.
    const each = await open(watched)
    const before = from.length
    each.session.stop()
    const device = each.device
    const session = await UnlockedSession.open(device, team.first.deviceSecret, team.root.copy())
    const wholly = from.slice(before).includes(undefined)
    const result = {
      wholly,
      state: wholeState(session.ledger),
      joinedAt: session.joinedAt(session.member),
      teamKey: session.ring.teamKey(0) !== null,
    }
    session.stop()
    await device.stop()
    return result
  }
  const copyOf = async (change: [string, Uint8Array][] = [], dels: string[] = []): Promise<LocalStore> => {
    const copy = memoryStore()
    for await (const page of store.range('')) await copy.batch({ puts: page }, { durable: true })
    await copy.batch({ puts: change, dels }, { durable: true })
    return copy
  }

  beforeAll(async () => {
    await cryptoReady()
    server = await ServerProcess.start()
    team = await SessionTeam.found(server)
    store = memoryStore()
    const first = await open(store)
    await addVaults(first, VAULTS)
    await closeRequests(first, 3)
    await first.stop()
    // A session that judges that much anew writes the checkpoint a little after the unlock.
    const second = await open(store)
    while ((await store.get(HEADER)) === undefined) await new Promise((resolve) => setTimeout(resolve, 20))
    expected = wholeState(second.session.ledger)
    joinedAt = second.session.joinedAt(second.session.member)
    await second.stop()
    checkpoint = await saved(store)
    await server.stop()
  })
  afterAll(async () => {
    for (const each of opened) await each.stop()
    await server.remove()
  })

  it('L73 has the same state as a replay, without reading the ledger', async () => {
    expect(await unlock(await copyOf())).toEqual({ wholly: false, state: expected, joinedAt, teamKey: true })
    const without = await copyOf([], PARTS)
    expect(await unlock(without)).toEqual({ wholly: true, state: expected, joinedAt, teamKey: true })
    expect(joinedAt).toBeGreaterThan(0)
  })

  it('L73 falls back to replay where the checkpoint is damaged, half there, or sealed by somebody else', async () => {
    const flipped = (bytes: Uint8Array): Uint8Array =>
      bytes.map((byte, at) => (at === bytes.length - 20 ? byte ^ 1 : byte))
    const stranger = new SealedRecords(memoryStore(), Secret.random(), 'checkpoint')
    const foreign = stranger.sealed('ledger', {
      v: 1,
      seq: 0,
      hash: new Uint8Array(32),
      state: 1,
      joinedAt: [],
    })
    const header = checkpoint[0]?.[1] ?? new Uint8Array(0)
    for (const [key, bytes] of checkpoint) {
      for (const damaged of [flipped(bytes), new Uint8Array(3), key === HEADER ? foreign : header]) {
        const replayed = await unlock(await copyOf([[key, damaged]]))
        expect(replayed, key).toMatchObject({ wholly: true, state: expected, joinedAt })
      }
      expect(await unlock(await copyOf([], [key])), key).toMatchObject({ wholly: true, state: expected })
    }
  })

  it('L73 goes on from a stale checkpoint, and replays where it is of a history that is not on this disk', async () => {
    await server.start()
    const ahead = await copyOf()
    const session = await open(ahead)
    await addVaults(session, 3)
    await closeRequests(session, 2)
    const now = wholeState(session.session.ledger)
    await session.stop()
    await server.stop()
    await ahead.batch({ puts: checkpoint }, { durable: true })
    expect(await unlock(ahead)).toMatchObject({ wholly: false, state: now })

    // The same member's checkpoint after entries that this disk does not have.
    const behind = await copyOf()
    const records = session.session.records('checkpoint')
    const foreign = new LedgerCheckpoints(records, ahead)
    await foreign.save({ state: session.session.ledger, joinedAt: new Map() })
    await behind.batch({ puts: await saved(ahead) }, { durable: true })
    await server.stop()
    expect(await unlock(behind)).toMatchObject({ wholly: true, state: expected })
  })
})

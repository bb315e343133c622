import { cryptoReady } from '@countersign/crypto/ready'
import { Secret } from '@countersign/crypto/secret'
import { serializeState } from '@countersign/ledger/checkpoint'
import { newId } from '@countersign/schema/ids'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { memoryStore } from '../../test/memory-store.ts'
import { ServerProcess } from '../../test/server-process.ts'
import { type Opened, SessionTeam } from '../../test/session-team.ts'
import { SealedRecords } from '../session/sealed-records.ts'
import { UnlockedSession } from '../session/unlocked-session.ts'
import type { LocalStore } from '../store/local-store.ts'
import { ledgerDraft } from './author.ts'
import { LedgerCheckpoints } from './ledger-checkpoint.ts'

const HEADER = 'sealed/checkpoint/ledger'
const STATE = 'sealed/checkpoint/ledger.state.0'
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
  let header: Uint8Array
  let state: Uint8Array
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
      state: serializeState(session.ledger),
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
    await first.stop()
    // A session that judges that much anew writes the checkpoint a little after the unlock.
    const second = await open(store)
    while ((await store.get(HEADER)) === undefined) await new Promise((resolve) => setTimeout(resolve, 20))
    expected = serializeState(second.session.ledger)
    joinedAt = second.session.joinedAt(second.session.member)
    await second.stop()
    header = (await store.get(HEADER)) ?? new Uint8Array(0)
    state = (await store.get(STATE)) ?? new Uint8Array(0)
    await server.stop()
  })
  afterAll(async () => {
    for (const each of opened) await each.stop()
    await server.remove()
  })

  it('L73 has the same state as a replay, without reading the ledger', async () => {
    expect(await unlock(await copyOf())).toEqual({ wholly: false, state: expected, joinedAt, teamKey: true })
    const without = await copyOf([], [HEADER, STATE])
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
    for (const damaged of [
      await copyOf([[HEADER, flipped(header)]]),
      await copyOf([[STATE, flipped(state)]]),
      await copyOf([[STATE, header]]),
      await copyOf([[STATE, new Uint8Array(3)]]),
      await copyOf([[HEADER, foreign]]),
      await copyOf([], [STATE]),
    ]) {
      expect(await unlock(damaged)).toMatchObject({ wholly: true, state: expected, joinedAt })
    }
  })

  it('L73 goes on from a stale checkpoint, and replays where it is of a history that is not on this disk', async () => {
    await server.start()
    const ahead = await copyOf()
    const session = await open(ahead)
    await addVaults(session, 3)
    const now = serializeState(session.session.ledger)
    await session.stop()
    await server.stop()
    await ahead.batch(
      {
        puts: [
          [HEADER, header],
          [STATE, state],
        ],
      },
      { durable: true },
    )
    expect(await unlock(ahead)).toMatchObject({ wholly: false, state: now })

    // The same member's checkpoint after entries that this disk does not have.
    const behind = await copyOf()
    const records = session.session.records('checkpoint')
    const foreign = new LedgerCheckpoints(records)
    await foreign.save({ state: session.session.ledger, joinedAt: new Map() })
    const later: [string, Uint8Array][] = []
    for (const key of [HEADER, STATE]) later.push([key, (await ahead.get(key)) ?? new Uint8Array(0)])
    await behind.batch({ puts: later }, { durable: true })
    await server.stop()
    expect(await unlock(behind)).toMatchObject({ wholly: true, state: expected })
  })
})

import { memberKeys } from '@countersign/crypto/derive'
import { randomBytes } from '@countersign/crypto/random'
import { cryptoReady } from '@countersign/crypto/ready'
import { wholeState } from '@countersign/ledger/test/whole-state'
import { encodeCanonical } from '@countersign/schema/canonical'
import { LEDGER } from '@countersign/schema/ids'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { memoryStore } from '../../test/memory-store.ts'
import { Person } from '../../test/people.ts'
import { ServerProcess } from '../../test/server-process.ts'
import { type Opened, SessionTeam } from '../../test/session-team.ts'
import { QUICK } from '../../test/team.ts'
import { newcomerRecords } from '../members/new-member.ts'
import { systemClock } from '../replica/clock.ts'
import { changeTeam } from '../requests/change-actions.ts'
import { DeviceSession } from '../session/device-session.ts'
import { UnlockedSession } from '../session/unlocked-session.ts'
import type { LocalStore, StoreWrite } from '../store/local-store.ts'
import { wsConnector } from '../transport/ws-connector.ts'

const ENTRY = 'replica/entry/ledger/'
const HEAD = 'replica/head/ledger'
/** Turns of the event loop in which an unlock that does not wait would long be over: it has nothing to wait for but its own promises. */
const TURNS = 200

/** Holds back every batch with one of these keys until it is let through. */
const holding = (inner: LocalStore, key: string) => {
  let letThrough = (): void => undefined
  let reach = (): void => undefined
  const open = new Promise<void>((resolve) => {
    letThrough = resolve
  })
  const reached = new Promise<void>((resolve) => {
    reach = resolve
  })
  const store: LocalStore = {
    ...inner,
    batch: async (write: StoreWrite, options) => {
      if (write.puts.some(([each]) => each === key)) {
        reach()
        await open
      }
      return inner.batch(write, options)
    },
  }
  return { store, reached, letThrough }
}

let server: ServerProcess
let team: SessionTeam
let first: Opened
const opened: DeviceSession[] = []

beforeAll(async () => {
  await cryptoReady()
  server = await ServerProcess.start()
  team = await SessionTeam.found(server)
  first = await team.open(team.first, memoryStore())
})

afterAll(async () => {
  for (const device of opened) await device.stop()
  await first.stop()
  await server.remove()
})

it('L9 an unlock beside a first sync waits for the entry that brings its team key, and reads those before it', async () => {
  const { session } = first
  await team.makeEnvironment(session)
  const before = session.ledger.projection.head?.seq ?? -1
  const person = new Person()
  const newcomer = newcomerRecords(session.team, person.newMember(session.team), ['developer'])
  const added = await changeTeam(
    session,
    {
      type: 'member.add',
      newcomer,
      names: { name: 'Bea', device: 'Laptop', credentials: ['Key'] },
      access: [],
      transcript: randomBytes(32),
    },
    'Add Bea',
  )
  if (!added.ok) throw new Error(added.code)
  const invited = before + 1
  expect(session.ledger.projection.head?.seq).toBe(invited)

  // What a first sync has written when its program ended: everything before the entry that adds the newcomer and brings their key.
  const disk = memoryStore()
  const hash = await first.device.replica.hashAt(LEDGER, before)
  const puts: [string, Uint8Array][] = []
  for await (const page of first.device.store.range(ENTRY)) {
    puts.push(...page.slice(0, before + 1).map(([key, value]): [string, Uint8Array] => [key, value]))
  }
  expect(puts).toHaveLength(before + 1)
  expect(hash).toBeDefined()
  puts.push([HEAD, encodeCanonical({ seq: before, hash: Uint8Array.from(hash ?? []) })])
  await disk.batch({ puts }, { durable: true })

  const held = holding(disk, ENTRY + invited.toString(16).padStart(10, '0'))
  const { member, device: id, deviceSecret, root } = person
  const device = await DeviceSession.open({
    store: held.store,
    membership: {
      ...team.membership,
      member,
      signKey: Uint8Array.from(memberKeys(root).sign.publicKey),
      floors: [],
    },
    device: id,
    deviceSecret,
    connect: wsConnector,
    clock: systemClock,
    log: () => undefined,
    timing: QUICK,
  })
  opened.push(device)
  // Projected, and on its way to the disk: this is where the unlock comes in between.
  await held.reached
  expect(device.replica.projection.members.has(member)).toBe(true)
  expect(device.replica.head(LEDGER)?.seq).toBe(before)
  let unlocked: UnlockedSession | null = null
  const unlock = UnlockedSession.open(device, deviceSecret, root.copy()).then((each) => {
    unlocked = each
    return each
  })
  for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve))
  const early: UnlockedSession | null = unlocked
  held.letThrough()
  const theirs = await unlock
  while (device.replica.head(LEDGER)?.seq !== invited) await new Promise((resolve) => setTimeout(resolve, 5))
  await new Promise((resolve) => setImmediate(resolve))
  expect(theirs.ledger.names).toEqual(session.ledger.names)
  expect(theirs.ledger.names.vaults.size).toBe(1)
  expect(wholeState(theirs.ledger)).toEqual(wholeState(session.ledger))
  expect(early).toBeNull()
  theirs.stop()
})

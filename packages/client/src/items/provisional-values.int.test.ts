import { cryptoReady } from '@countersign/crypto/ready'
import { compartmentStream } from '@countersign/schema/ids'
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { showing } from '../../test/hostile-history.ts'
import { memoryStore } from '../../test/memory-store.ts'
import { Person } from '../../test/people.ts'
import { ServerProcess } from '../../test/server-process.ts'
import { type Opened, SessionTeam } from '../../test/session-team.ts'
import { until } from '../../test/team.ts'
import { type SignedDraft, signDrafts } from '../replica/draft.ts'
import { updateItem } from './item-actions.ts'
import { openAsHolder, openedValue } from './item-values.ts'

const COUNT = 300
const FORGED = 150
const names = Array.from({ length: COUNT }, (_, i) => `key-${i}`)

let server: ServerProcess
let opened: Opened[]

beforeAll(() => cryptoReady())
beforeEach(async () => {
  server = await ServerProcess.start()
  opened = []
})
afterEach(async () => {
  for (const each of opened) await each.stop()
  await server.remove()
})

/** A new installation of the member, shown a history in which one entry was signed by somebody else in the member's name. */
const newInstallation = async () => {
  const team = await SessionTeam.found(server)
  const first = await team.open(team.first, memoryStore())
  opened.push(first)
  const { session } = first
  const environment = await team.makeEnvironment(session)
  const machine = await team.addMachine(session)
  const drafts = team.items(session, environment, names)
  const stranger = new Person()
  const stream = compartmentStream(environment)
  const history: SignedDraft[] = []
  for (const [seq, draft] of drafts.entries()) {
    const last = history.at(-1)
    const head = (of: string) =>
      of === stream && last !== undefined ? { seq: last.seq, hash: last.hash } : first.device.replica.head(of)
    const { member } = session
    const place = { team: session.team, member, device: first.device.device, time: Date.now(), head }
    history.push(...signDrafts([draft], place, seq === FORGED ? stranger.signer : team.signer(session)))
  }
  const open = async (): Promise<Opened> => {
    const each = await team.open(machine, memoryStore(), showing(environment, history))
    opened.push(each)
    return each
  }
  return { environment, open }
}

it('P20 a value whose entry is forged is not opened, however early somebody asks, nor changed or served; others are', async () => {
  const { environment, open } = await newInstallation()
  const { session, device } = await open()
  const ask = async (name: string) => {
    const record = session.index(environment)?.named(name)[0]
    return record === undefined ? undefined : openAsHolder(session, record, record.current)
  }
  let asked: Promise<readonly [Awaited<ReturnType<typeof ask>>, Awaited<ReturnType<typeof ask>>]> | undefined
  const first = (): void => {
    if ((session.index(environment)?.size ?? 0) < COUNT) return
    asked ??= Promise.all([ask(`key-${FORGED - 1}`), ask(`key-${FORGED}`)])
  }
  session.onChanges(first)
  first()
  await until(device.replica, ({ alarm }) => alarm !== null && asked !== undefined)
  const [genuine, forged] = (await asked) ?? []
  if (genuine?.ok !== true) throw new Error('the genuine one does not open')
  expect(openedValue(session.team, genuine.value)).toEqual({ api_key: `sk-proj-key-${FORGED - 1}` })
  expect(forged).toMatchObject({ ok: false, code: 'alarm' })
  expect(device.replica.status().alarm).toMatchObject({ code: 'bad_entry', seq: FORGED })
  expect(await ask(`key-${FORGED}`)).toMatchObject({ ok: false, code: 'alarm' })
  const record = session.index(environment)?.named(`key-${FORGED}`)[0]
  const changed = await updateItem(session, {
    item: record?.item ?? '',
    base: 1,
    value: { api_key: 'sk-proj-other' },
  })
  expect(changed).toMatchObject({ ok: false, code: 'alarm' })
})

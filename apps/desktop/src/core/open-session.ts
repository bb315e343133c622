import { type Outcome, ok, type Refusal, refuse } from '@countersign/client/refusal'
import type { DeviceSession } from '@countersign/client/session/device-session'
import { UnlockedSession } from '@countersign/client/session/unlocked-session'
import type { Secret } from '@countersign/crypto/secret'
import { parseStream } from '@countersign/schema/ids'
import { type Area, areaSchema } from '../shared/contract.ts'
import type { Core } from './core-state.ts'
import { startDuties } from './duties.ts'
import { InviteBook } from './invite-book.ts'
import { sourceHealth } from './locked-source.ts'
import { VaultSource } from './vault-source.ts'

const FIRST_SYNC_MS = 60_000
/** An open audit is fetched again this often at most for what only devices' journals say. */
const JOURNALS_MS = 1_000

/** Until this member stands in the ledger as it is here: a newcomer has to fetch it first. */
const untilMember = (device: DeviceSession): Promise<boolean> => {
  const { replica, membership } = device
  const known = (): boolean => replica.projection.members.has(membership.member)
  if (known()) return Promise.resolve(true)
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      stopEntries()
      stopStatus()
      resolve(known())
    }
    const timer = setTimeout(done, FIRST_SYNC_MS)
    const look = (): void => {
      const { connection } = replica.status()
      if (connection === 'refused' || (known() && connection === 'live')) done()
    }
    const stopEntries = replica.onEntries(look)
    const stopStatus = replica.onStatus(({ connection }) => {
      if (connection === 'alarm') done()
      else look()
    })
  })
}

const areasOf = (changes: { ledger: boolean; environments: ReadonlySet<string> }): Area[] => [
  ...(changes.ledger
    ? (['vaults', 'members', 'requests', 'bindings', 'items', 'audit'] satisfies Area[])
    : []),
  ...(changes.environments.size > 0 ? (['items', 'vaults', 'audit'] satisfies Area[]) : []),
]

/** Why the team's ledger did not get here. */
const notSynced = ({ replica }: DeviceSession): Refusal => {
  const { alarm, connection, problem } = replica.status()
  if (alarm !== null) {
    return refuse(
      alarm.code,
      alarm.message,
      'Do not rely on this server. Tell the other members, and compare what their apps show.',
    )
  }
  if (connection === 'refused' && problem !== null) {
    return refuse(problem.code, problem.message, 'Ask an admin of the team whether you are still in it.')
  }
  return refuse(
    'sync.incomplete',
    'The team’s log could not be fetched from the server.',
    'Check the connection to the server and try again.',
  )
}

/**
 * From here on this process holds keys: everything opens, and the local API serves. Takes ownership of `root`. `first`: what has to have
 * been done before anything else is.
 */
export const openSession = async (
  core: Core,
  root: Secret,
  first: (session: UnlockedSession) => Promise<Outcome<null>> = async () => ok(null),
): Promise<Outcome<UnlockedSession>> => {
  const { device } = core
  if (device === null)
    return refuse('team.none', 'This installation is in no team yet.', 'Create or join one.')
  if (!(await untilMember(device))) {
    root.wipe()
    return notSynced(device)
  }
  const session = await UnlockedSession.open(device, core.deviceSecret, root).catch((error: unknown) => {
    // Still locked, so nothing that opens may stay.
    root.wipe()
    throw error
  })
  const done = await first(session)
  if (!done.ok) {
    session.stop()
    return device.replica.status().alarm === null ? done : notSynced(device)
  }
  core.session = session
  session.onChanges((changes) => core.announce(...areasOf(changes)))
  // Journals change no list, but an audit that is open shows them. They may grow many times a second.
  let journals: NodeJS.Timeout | undefined
  const stopJournals = device.replica.onEntries(({ stream }) => {
    if (parseStream(stream).kind !== 'audit') return
    journals ??= setTimeout(() => {
      journals = undefined
      core.announce('audit')
    }, JOURNALS_MS)
  })
  // An offline change that turned out too late brings no entry, and its person has to choose.
  const stopQueue = device.replica.intents.onChange(() => core.announce('items'))
  const source = new VaultSource(
    {
      health: () => sourceHealth(core),
      countReads: (records) => core.countReads(records),
      raise: (code, message) => core.raise(code, message),
    },
    session,
  )
  await core.localApi?.useSource(source)
  const stopDuties = startDuties(session)
  core.invites = await InviteBook.open(core, session)
  core.onClose(() => {
    stopJournals()
    clearTimeout(journals)
    stopQueue()
    stopDuties()
    source.stop()
  })
  core.announce(...areaSchema.exclude(['join']).options)
  return ok(session)
}

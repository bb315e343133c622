import { type Outcome, ok, refuse } from '@countersign/client/refusal'
import type { DeviceSession } from '@countersign/client/session/device-session'
import { UnlockedSession } from '@countersign/client/session/unlocked-session'
import type { Secret } from '@countersign/crypto/secret'
import type { SignedWrap } from '@countersign/schema/wire'
import { type Area, areaSchema } from '../shared/contract.ts'
import type { Core } from './core-state.ts'
import { startDuties } from './duties.ts'
import { InviteBook } from './invite-book.ts'
import { VaultSource } from './vault-source.ts'

const FIRST_SYNC_MS = 60_000

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
      if (known() && replica.status().connection === 'live') done()
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

/** From here on this process holds keys: everything opens, and the local API serves. Takes ownership of `root`. */
export const openSession = async (core: Core, root: Secret): Promise<Outcome<UnlockedSession>> => {
  const { device } = core
  if (device === null)
    return refuse('team.none', 'This installation is in no team yet.', 'Create or join one.')
  if (!(await untilMember(device))) {
    return refuse(
      'sync.incomplete',
      'The team’s log could not be fetched from the server.',
      'Check the connection to the server and try again.',
    )
  }
  const session = await UnlockedSession.open(device, core.deviceSecret, root)
  core.session = session
  session.onChanges((changes) => core.announce(...areasOf(changes)))
  const source = new VaultSource(core, session)
  await core.localApi?.useSource(source)
  const stopDuties = startDuties(session)
  core.invites = await InviteBook.open(core, session)
  core.onClose(() => {
    stopDuties()
    source.stop()
  })
  core.announce(...areaSchema.exclude(['join']).options)
  return ok(session)
}

/** Gives the server the ways in, for a new device of the same person. Best effort: a wrap that the server does not take is not sent again. */
export const storeWraps = async (core: Core, wraps: readonly SignedWrap[]): Promise<void> => {
  for (const wrap of wraps) {
    await core.device?.replica.request((ref) => ({ type: 'wrap.put', ref, wrap }))
  }
}

import { parseSheet, type RecoverySheet, sheetLines } from '@countersign/client/keys/recovery-sheet'
import { type TakenOver, takeOverWithCode, takeOverWithKey } from '@countersign/client/keys/take-over'
import { addThisDevice } from '@countersign/client/members/add-device'
import { type Outcome, ok, refuse } from '@countersign/client/refusal'
import type { UnlockedSession } from '@countersign/client/session/unlocked-session'
import { memberKeys } from '@countersign/crypto/derive'
import { toHex } from '@countersign/schema/hex'
import { LEDGER } from '@countersign/schema/ids'
import type { SheetView, StatusView } from '../../shared/views.ts'
import { type Core, unlocked } from '../core-state.ts'
import type { Handlers } from '../handler.ts'
import { openSession } from '../open-session.ts'
import { exactAddress } from '../server-address.ts'
import { statusView } from '../views/status-view.ts'
import { alreadyIn } from './setup.ts'
import { recordUnlock } from './unlock.ts'

const SHEET_ON_CLIPBOARD_MS = 300_000

const sheetOf = (core: Core, session: UnlockedSession): Outcome<RecoverySheet> => {
  const { membership } = core.installation
  const head = session.device.replica.head(LEDGER)
  if (membership === null || head === null) {
    return refuse('sync.incomplete', 'The team’s log is not here yet.', 'Wait until it is fetched.')
  }
  const { team, member, genesisHash, server } = membership
  return ok({ url: server.url, team, member, genesisHash, head })
}

const viewOf = (core: Core, session: UnlockedSession): Outcome<SheetView> => {
  const sheet = sheetOf(core, session)
  if (!sheet.ok) return sheet
  return ok({
    team: session.ledger.names.team,
    name: session.ledger.names.members.get(session.member) ?? '',
    server: sheet.value.url,
    lines: sheetLines(sheet.value),
    head: sheet.value.head.seq + 1,
    recovery: session.ledger.projection.members.get(session.member)?.recovery === true,
  })
}

/** The label the team knows a security key by; a wrap comes without one. */
const labelled = ({ membership }: TakenOver, session: UnlockedSession): TakenOver['membership'] => ({
  ...membership,
  waysIn: membership.waysIn.map((way) => ({
    ...way,
    label: session.ledger.names.credentials.get(toHex(way.credential)) ?? way.label,
  })),
})

/**
 * From a member's root to an installation in the team: the ledger from its floors on, this device in it, the vault open. Nothing is kept as
 * membership before the device stands in the ledger, so that a try that ended halfway is simply made again.
 */
const finish = async (
  core: Core,
  taken: Outcome<TakenOver>,
  device: string,
  how: string,
): Promise<Outcome<StatusView>> => {
  if (!taken.ok) return taken
  const { membership, root } = taken.value
  await core.openDevice(membership, memberKeys(root).sign)
  const opened = await openSession(core, root, async (session) => {
    const added = await addThisDevice(session, device)
    if (!added.ok) return added
    core.save({ membership: labelled(taken.value, session) })
    return recordUnlock(core, `new computer: ${how}`)
  })
  if (!opened.ok) {
    await core.closeDevice()
    return opened
  }
  return ok(statusView(core))
}

const entered = (core: Core, text: string): Outcome<RecoverySheet> => {
  if (core.installation.membership !== null || core.device !== null) return alreadyIn()
  const sheet = parseSheet(text)
  if (!sheet.ok) return sheet
  const server = exactAddress(sheet.value.url)
  return server.ok ? sheet : server
}

export const sheetHandlers: Handlers<
  | 'sheet.read'
  | 'sheet.openWithKey'
  | 'sheet.openWithCode'
  | 'sheet.get'
  | 'sheet.copy'
  | 'sheet.kept'
  | 'confirmation.acknowledge'
> = {
  'sheet.read': (core, { text }) => {
    const sheet = entered(core, text)
    return sheet.ok ? ok({ server: sheet.value.url }) : sheet
  },

  'sheet.openWithKey': async (core, { text, device }) => {
    const sheet = entered(core, text)
    if (!sheet.ok) return sheet
    const taken = await takeOverWithKey(sheet.value, core.authenticator, Date.now())
    return finish(core, taken, device, 'security key')
  },

  'sheet.openWithCode': async (core, { text, code, device }) => {
    const sheet = entered(core, text)
    if (!sheet.ok) return sheet
    return finish(core, await takeOverWithCode(sheet.value, code, Date.now()), device, 'recovery code')
  },

  'sheet.get': (core) => {
    const session = unlocked(core)
    return session.ok ? viewOf(core, session.value) : session
  },

  'sheet.copy': (core) => {
    const session = unlocked(core)
    if (!session.ok) return session
    const sheet = sheetOf(core, session.value)
    if (!sheet.ok) return sheet
    core.host.clipboard(sheetLines(sheet.value).join('\n'), SHEET_ON_CLIPBOARD_MS)
    return ok({ clearAfterMs: SHEET_ON_CLIPBOARD_MS })
  },

  'sheet.kept': (core) => {
    const session = unlocked(core)
    if (!session.ok) return session
    const { membership } = core.installation
    if (membership !== null) core.save({ membership: { ...membership, sheetKept: true } })
    core.announce('settings')
    return ok(statusView(core))
  },

  'confirmation.acknowledge': async (core) => {
    const session = unlocked(core)
    if (!session.ok) return session
    const acknowledged = session.value.device.confirmation.acknowledge()
    if (!acknowledged.ok) return acknowledged
    await core.audit('device.acknowledged', 'ok', 'the only member says that this computer is theirs')
    return ok(statusView(core))
  },
}

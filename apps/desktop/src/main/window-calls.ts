import { type IpcMainInvokeEvent, ipcMain } from 'electron'
import { CALL_CHANNEL, CONSOLE_CHANNEL, LOCK_CHANNEL, SETTLED_CHANNEL } from '../shared/channels.ts'
import { type CallError, type CallName, contract } from '../shared/contract.ts'
import type { Caller } from '../supervisor/core-host.ts'
import { checkSender, type KnownWindow, type SenderFrame } from './sender.ts'
import { TOO_SOON } from './signing-guard.ts'

export interface WindowCallTargets {
  windows: ReadonlyMap<number, KnownWindow>
  call(name: CallName, request: unknown, caller: Caller): Promise<unknown>
  lock(): Promise<void>
  openConsole(provider: unknown): Promise<void>
}

const refuse = (error: CallError): { ok: false; error: CallError } => ({ ok: false, error })

const senderOf = (event: IpcMainInvokeEvent): SenderFrame => {
  const frame = event.senderFrame
  return {
    contentsId: event.sender.id,
    mainFrame:
      frame !== null && frame.parent === null && frame === event.sender.mainFrame
        ? { url: frame.url, origin: frame.origin }
        : null,
  }
}

/** The four things a window may ask of main. Each checks its sender first; a refused sender learns nothing but that. */
export const serveWindowCalls = (targets: WindowCallTargets): void => {
  const known = (event: IpcMainInvokeEvent): KnownWindow => {
    const check = checkSender(targets.windows, senderOf(event))
    if (!check.ok) throw new Error(check.code)
    return check.window
  }

  ipcMain.handle(CALL_CHANNEL, async (event, name: unknown, request: unknown) => {
    const window = known(event)
    if (window.kind === 'ceremony') throw new Error('sender.page')
    if (typeof name !== 'string' || !Object.hasOwn(contract, name))
      return refuse({
        code: 'call.unknown',
        message: 'There is no such call.',
        fix: 'Update Countersign: its parts do not fit together.',
      })
    if (name === 'signing.approve' && window.kind === 'signing' && !window.guard.counts(performance.now()))
      return refuse(TOO_SOON)
    return targets.call(name as CallName, request, {
      window: window.kind,
      signing: window.kind === 'signing' ? window.request : null,
    })
  })
  ipcMain.handle(SETTLED_CHANNEL, async (event) => {
    const window = known(event)
    if (window.kind !== 'signing') throw new Error('sender.page')
    await window.guard.untilCounts(() => performance.now())
  })
  ipcMain.handle(LOCK_CHANNEL, async (event) => {
    if (known(event).kind !== 'app') throw new Error('sender.page')
    await targets.lock()
  })
  ipcMain.handle(CONSOLE_CHANNEL, async (event, provider: unknown) => {
    if (known(event).kind !== 'app') throw new Error('sender.page')
    await targets.openConsole(provider)
  })
}

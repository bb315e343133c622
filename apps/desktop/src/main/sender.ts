import type { SigningGuard } from './signing-guard.ts'

/** A window as main knows it; what it may do follows from this, never from what its page says. */
export type KnownWindow =
  | { kind: 'app'; page: string }
  | { kind: 'signing'; page: string; request: string; guard: SigningGuard }
  | { kind: 'ceremony'; page: string }

/** What Electron says about the sender of an IPC message. */
export interface SenderFrame {
  contentsId: number
  /** Null: the frame is gone or is not a main frame. */
  mainFrame: { url: string; origin: string } | null
}

export type SenderCheck =
  | { ok: true; window: KnownWindow }
  | { ok: false; code: 'sender.unknown' | 'sender.frame' | 'sender.page' }

/** A message counts only from the main frame of a window that main made, still showing the page main gave it. */
export const checkSender = (windows: ReadonlyMap<number, KnownWindow>, sender: SenderFrame): SenderCheck => {
  const window = windows.get(sender.contentsId)
  if (window === undefined) return { ok: false, code: 'sender.unknown' }
  if (sender.mainFrame === null) return { ok: false, code: 'sender.frame' }
  const url = URL.parse(sender.mainFrame.url)
  if (
    url === null ||
    sender.mainFrame.origin !== url.origin ||
    `${url.origin}${url.pathname}` !== window.page
  )
    return { ok: false, code: 'sender.page' }
  return { ok: true, window }
}

/** A window as main knows it; what it may do follows from this, never from what its page says. */
export type KnownWindow =
  | { kind: 'app'; page: string }
  /** `shownAt`: when the person could first see it (`performance.now()`); null while it is hidden. */
  | { kind: 'signing'; page: string; request: string; shownAt: number | null }
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

/** Nothing in a signing window counts in the first half second: a click meant for what was there before. */
export const SIGNING_GUARD_MS = 500

export const signingTooSoon = (window: KnownWindow, now: number): boolean =>
  window.kind === 'signing' && (window.shownAt === null || now - window.shownAt < SIGNING_GUARD_MS)

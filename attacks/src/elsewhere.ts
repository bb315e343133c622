/** An attack that takes the built app with its windows: an end-to-end test performs it. */
export interface Elsewhere {
  readonly ref: string
  readonly tried: string
  readonly refusal: string
  /** From the root of the repository. */
  readonly file: string
  /** How the test's title begins. */
  readonly test: string
}

/** What main refuses; the rest a page is kept from by itself. */
const MAINS = /^H(8|9|10|11) /

const shell = (ref: string, tried: string, refusal: string, test: string): Elsewhere => ({
  ref,
  tried,
  refusal,
  file: MAINS.test(test) ? 'e2e/shell-calls.spec.ts' : 'e2e/shell-page.spec.ts',
  test,
})

/** What a hostile renderer tries that needs a real Electron. */
export const elsewhere: readonly Elsewhere[] = [
  shell(
    'R-node',
    'looks for Node, Electron and more than the bridge',
    'not there',
    'H1 the page has no Node',
  ),
  shell(
    'R-bridge',
    'replaces the bridge by its own',
    'frozen',
    'H1 the bridge cannot be replaced by the page',
  ),
  shell('R-navigate', 'leaves for another page, scheme or script', 'navigation denied', 'H3 navigation to'),
  shell(
    'R-leave',
    'follows a link, sends a form',
    'navigation denied',
    'H3 a link, a form and a redirect lead nowhere',
  ),
  shell(
    'R-windows',
    'opens a window, a frame, a webview, an object',
    'denied',
    'H4 no window, frame or webview is opened',
  ),
  shell(
    'R-network',
    'fetches, beacons, streams, preloads, starts workers',
    'connect-src none',
    'H5 the page reaches no network',
  ),
  shell(
    'R-sessions',
    'asks a session for files, foreign hosts, the other origin’s pages',
    'scheme refused',
    'H5 behind the page',
  ),
  shell(
    'R-permissions',
    'asks for camera, clipboard, position, notifications',
    'permission denied',
    'H6 no permission is given',
  ),
  shell('R-own-ceremony', 'asks for a security key itself', 'NotAllowedError', 'H6 the app'),
  shell('R-script', 'turns text into script', 'trusted types', 'H7 no text becomes script'),
  shell(
    'R-calls',
    'unknown, inherited and malformed calls, calls of another window',
    'call.*',
    'H8 calls: unknown names',
  ),
  shell(
    'R-strange-window',
    'calls from a window that main did not make',
    'sender.unknown',
    'H8 senders: a window main did not make',
  ),
  shell(
    'R-moved-window',
    'calls from the app’s window under another address',
    'sender.page',
    'H8 senders: the app window under another address',
  ),
  shell('R-console', 'has main open an address of its choice', 'not opened', 'H9 only the catalogue'),
  shell('R-second', 'starts the app again with a link to act on', 'ends at once', 'H10 a second instance'),
]

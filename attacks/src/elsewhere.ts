import type { Edit, Weakening } from './attack.ts'
import * as guards from './shell-guards.ts'

/** An attack that takes the built app with its windows: an end-to-end test performs it. */
export interface Elsewhere {
  readonly ref: string
  readonly tried: string
  readonly refusal: string
  /** From the root of the repository. */
  readonly file: string
  /** How the test's title begins. */
  readonly test: string
  /** The app minus the guards that stand before this attack; `weakened-app.ts` builds it. */
  readonly weakened: Weakening
  /** The test that performs the attack against that app, where it must succeed. */
  readonly control: { readonly file: string; readonly test: string }
}

/** What main refuses; the rest a page is kept from by itself. */
const MAINS = /^H(8|9|10|11) /

const shell = (
  ref: string,
  tried: string,
  refusal: string,
  test: string,
  without: string,
  edits: readonly Edit[],
): Elsewhere => ({
  ref,
  tried,
  refusal,
  file: MAINS.test(test) ? 'e2e/shell-calls.spec.ts' : 'e2e/shell-page.spec.ts',
  test,
  weakened: { without, edits },
  control: { file: 'e2e/shell-controls.spec.ts', test: `${ref} succeeds` },
})

/** What a hostile renderer tries that needs a real Electron. */
export const elsewhere: readonly Elsewhere[] = [
  shell(
    'R-node',
    'looks for Node, Electron and more than the bridge',
    'not there',
    'H1 the page has no Node',
    'context isolation, the sandbox and the refusal of Node',
    guards.ISOLATION,
  ),
  shell(
    'R-bridge',
    'replaces the bridge by its own',
    'frozen',
    'H1 the bridge cannot be replaced by the page',
    'context isolation and the bridge of Electron’s own making',
    guards.BRIDGE,
  ),
  shell(
    'R-navigate',
    'leaves for another page, scheme or script',
    'navigation denied',
    'H3 navigation to',
    'the refusal of navigation, the return to the window’s page and the script policy',
    [...guards.NAVIGATION, guards.RETURN, ...guards.INLINE_SCRIPTS],
  ),
  shell(
    'R-leave',
    'follows a link, sends a form, is redirected',
    'navigation denied',
    'H3 a link, a form and a redirect lead nowhere',
    'the refusal of navigation and redirects, the return to the window’s page, the filter of requests and the content policy',
    [...guards.NAVIGATION, guards.REDIRECTS, guards.RETURN, ...guards.REQUESTS, guards.CONTENT_POLICY],
  ),
  shell(
    'R-windows',
    'opens a window, a frame, a webview, an object',
    'denied',
    'H4 no window, frame or webview is opened',
    'the refusal of windows, webviews and frames, the filter of requests and the content policy',
    [guards.NEW_WINDOWS, ...guards.WEBVIEWS, ...guards.NAVIGATION, ...guards.REQUESTS, guards.CONTENT_POLICY],
  ),
  shell(
    'R-network',
    'fetches, beacons, streams, preloads, starts workers',
    'connect-src none',
    'H5 the page reaches no network',
    'the content policy and the filter of requests',
    [...guards.REQUESTS, guards.CONTENT_POLICY],
  ),
  shell(
    'R-sessions',
    'asks a session for files, foreign hosts, the other origin’s pages',
    'scheme refused',
    'H5 behind the page',
    'the filter of requests, the refusal of files and the origins’ own folders',
    [...guards.REQUESTS, guards.FILES, ...guards.REALMS],
  ),
  shell(
    'R-permissions',
    'asks for camera, clipboard, position, notifications',
    'permission denied',
    'H6 no permission is given',
    'the refusal of permissions and the permissions policy',
    guards.PERMISSIONS,
  ),
  shell(
    'R-own-ceremony',
    'asks for a security key itself',
    'NotAllowedError',
    'H6 the app',
    'the permissions policy that leaves security keys to the ceremony page',
    [guards.SECURITY_KEYS],
  ),
  shell(
    'R-script',
    'turns text into script',
    'trusted types',
    'H7 no text becomes script',
    'the script policy and trusted types',
    [...guards.INLINE_SCRIPTS, guards.TRUSTED_TYPES],
  ),
  shell(
    'R-calls',
    'unknown, inherited and malformed calls, calls of another window',
    'call.*',
    'H8 calls: unknown names',
    'the schemas of requests and the look at which window calls, in main and in the core',
    [...guards.REQUEST_SCHEMAS, ...guards.CALLING_WINDOW],
  ),
  shell(
    'R-strange-window',
    'calls from a window that main did not make',
    'sender.unknown',
    'H8 senders: a window main did not make',
    'the list of windows that main made',
    [guards.KNOWN_SENDERS],
  ),
  shell(
    'R-moved-window',
    'calls from the app’s window under another address',
    'sender.page',
    'H8 senders: the app window under another address',
    'the comparison of the sender’s page with the one main gave the window',
    [guards.SENDERS_PAGE],
  ),
  shell(
    'R-console',
    'has main open an address of its choice',
    'not opened',
    'H9 only the catalogue',
    'the look into the catalogue',
    [guards.CATALOGUE],
  ),
  shell(
    'R-second',
    'starts the app again with a link to act on',
    'ends at once',
    'H10 a second instance',
    'the lock of one instance a profile',
    [guards.ONE_INSTANCE],
  ),
]

import type { Edit } from './attack.ts'

// The guards of the desktop's windows, each as the edit that takes it out. Rows name the ones that stand before their attack.

const main = (file: string, find: string, replace: string): Edit => ({
  file: `apps/desktop/src/main/${file}`,
  find,
  replace,
})

const WALL = main('windows.ts', 'contextIsolation: true', 'contextIsolation: false')

/** Chromium's walls around a page, as our window options ask for them; root has no sandbox to begin with. */
export const ISOLATION: readonly Edit[] = [
  WALL,
  main('windows.ts', '      sandbox: true', '      sandbox: false'),
  main('windows.ts', 'nodeIntegration: false', 'nodeIntegration: true'),
  main('index.ts', "if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox()", ''),
]

/** The bridge as an object of the page's own world. */
export const BRIDGE: readonly Edit[] = [
  WALL,
  {
    file: 'apps/desktop/src/preload/bridge.ts',
    find: "contextBridge.exposeInMainWorld('countersign', bridge)",
    replace: 'Object.assign(window, { countersign: bridge })',
  },
]

export const NAVIGATION: readonly Edit[] = [
  main('deny-navigation.ts', "contents.on('will-navigate', deny)", ''),
  main('deny-navigation.ts', "contents.on('will-frame-navigate', deny)", ''),
]
export const REDIRECTS = main('deny-navigation.ts', "contents.on('will-redirect', deny)", '')
export const NEW_WINDOWS = main('deny-navigation.ts', "action: 'deny'", "action: 'allow'")
export const WEBVIEWS: readonly Edit[] = [
  main('windows.ts', 'webviewTag: false', 'webviewTag: true'),
  main('deny-navigation.ts', "contents.on('will-attach-webview', deny)", ''),
]
/** A window that shows another page is given its own back. */
export const RETURN = main(
  'windows.ts',
  'if (url.split(/[?#]/)[0] !== known.page) void window.loadURL(known.page)',
  'void url',
)

/** What may leave a session at all: its own origin's requests, and no name is looked up. */
export const REQUESTS: readonly Edit[] = [
  main(
    'page-sessions.ts',
    "cancel: !(url !== null && (url.origin === origin || url.protocol === 'devtools:'))",
    'cancel: url === null && origin === null',
  ),
  main('index.ts', "app.commandLine.appendSwitch('host-resolver-rules', 'MAP * ~NOTFOUND')", ''),
]
export const CONTENT_POLICY = main(
  'content-policy.ts',
  "'content-security-policy': CONTENT_SECURITY_POLICY,",
  '',
)
/** Of the content policy: which script runs, and what may become script. */
export const INLINE_SCRIPTS: readonly Edit[] = [
  main('content-policy.ts', `"script-src 'self'"`, `"script-src 'self' 'unsafe-inline' 'unsafe-eval'"`),
  main('content-policy.ts', `"require-trusted-types-for 'script'",`, ''),
]
export const TRUSTED_TYPES = main('content-policy.ts', `"trusted-types 'none'",`, '')
/** Which files a session may read, and which origin's pages. */
export const FILES = main(
  'page-sessions.ts',
  "target.protocol.handle('file', () => new Response(null, { status: 403 }))",
  '',
)
export const REALMS: readonly Edit[] = [
  main('page-path.ts', 'parsed.origin !== ORIGINS[realm] || ', ''),
  main('page-path.ts', '|| !FOLDERS[realm].includes(folder)', ''),
]

export const PERMISSIONS: readonly Edit[] = [
  main('page-sessions.ts', 'answer(false)', 'answer(true)'),
  main('page-sessions.ts', 'setPermissionCheckHandler(() => false)', 'setPermissionCheckHandler(() => true)'),
  main('content-policy.ts', "'permissions-policy': permissionsPolicy(page === 'ceremony'),", ''),
]
export const SECURITY_KEYS = main(
  'content-policy.ts',
  "permissionsPolicy(page === 'ceremony')",
  'permissionsPolicy(true)',
)

export const REQUEST_SCHEMAS: readonly Edit[] = [
  {
    file: 'apps/desktop/src/supervisor/core-host.ts',
    find: 'requestSchema.safeParse(request)',
    replace: '{ success: true as const, data: request, error: undefined as never }',
  },
  {
    file: 'apps/desktop/src/core/dispatch.ts',
    find: 'contract[name].request.safeParse(request)',
    replace: '{ success: true, data: request }',
  },
]
export const CALLING_WINDOW: readonly Edit[] = [
  {
    file: 'apps/desktop/src/supervisor/core-host.ts',
    find: 'if (from !== caller.window)',
    replace: 'if (from === undefined)',
  },
  {
    file: 'apps/desktop/src/core/dispatch.ts',
    find: 'if (contract[name].from !== window)',
    replace: 'if (window === undefined)',
  },
]
export const KNOWN_SENDERS = main(
  'sender.ts',
  'const window = windows.get(sender.contentsId)',
  'const window = windows.get(sender.contentsId) ?? [...windows.values()].find(({ kind }) => kind === "app")',
)
export const SENDERS_PAGE = main(
  'sender.ts',
  "return { ok: false, code: 'sender.page' }",
  'return { ok: true, window }',
)
export const CATALOGUE = main(
  'open-console.ts',
  'findProvider(provider)?.consoleUrl ?? null',
  'findProvider(provider)?.consoleUrl ?? provider',
)
export const ONE_INSTANCE = main(
  'index.ts',
  'if (app.requestSingleInstanceLock())',
  'if (app.isReady !== undefined)',
)

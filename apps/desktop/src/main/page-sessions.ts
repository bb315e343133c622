import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { type Session, session } from 'electron'
import { securityHeaders } from './content-policy.ts'
import { APP_ORIGIN, CEREMONY_ORIGIN } from './origins.ts'
import { pagePath, type Realm } from './page-path.ts'

const PAGES = new URL('../renderer/', import.meta.url)

/** Denies every permission and device a page could ask for, and every request but its own origin's. */
export const closeSession = (target: Session, origin: string | null): void => {
  target.setPermissionRequestHandler((_contents, _permission, answer) => answer(false))
  target.setPermissionCheckHandler(() => false)
  target.setDevicePermissionHandler(() => false)
  target.setDisplayMediaRequestHandler((_request, answer) => answer({}))
  target.on('will-download', (event) => event.preventDefault())
  target.webRequest.onBeforeRequest((request, answer) => {
    const url = URL.parse(request.url)
    answer({ cancel: !(url !== null && (url.origin === origin || url.protocol === 'devtools:')) })
  })
  target.setSpellCheckerEnabled(false)
  target.protocol.handle('file', () => new Response(null, { status: 403 }))
}

const open = (realm: Realm, origin: string): Session => {
  // Without `persist:` the session lives in memory: pages leave nothing on disk.
  const target = session.fromPartition(`countersign-${realm}`)
  closeSession(target, origin)
  const headers = securityHeaders(realm)
  target.protocol.handle('https', async (request) => {
    const page = pagePath(realm, request.method, request.url)
    if (!page.ok) return new Response(null, { status: page.status, headers })
    try {
      const bytes = await readFile(fileURLToPath(new URL(page.path, PAGES)))
      return new Response(new Uint8Array(bytes), { headers: { ...headers, 'content-type': page.type } })
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
      return new Response(null, { status: 404, headers })
    }
  })
  return target
}

/** Two sessions, one origin each: a page of the app cannot so much as name the origin that touches security keys. */
export const openPageSessions = (): Readonly<Record<Realm, Session>> => {
  closeSession(session.defaultSession, null)
  return { app: open('app', APP_ORIGIN), ceremony: open('ceremony', CEREMONY_ORIGIN) }
}

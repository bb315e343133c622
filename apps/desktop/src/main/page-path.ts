import { APP_ORIGIN, CEREMONY_ORIGIN } from './origins.ts'

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  woff2: 'font/woff2',
  ico: 'image/x-icon',
}

export type Realm = 'app' | 'ceremony'

/** The folders of the built pages that a realm's origin answers for. */
const FOLDERS: Readonly<Record<Realm, readonly string[]>> = {
  app: ['app', 'renderer'],
  ceremony: ['ceremony'],
}
const ORIGINS: Readonly<Record<Realm, string>> = { app: APP_ORIGIN, ceremony: CEREMONY_ORIGIN }

export type PagePath = { ok: true; path: string; type: string } | { ok: false; status: 403 | 404 | 405 }

/**
 * Which built file answers a request of a realm's session. One segment of folder, one of name, both plain words:
 * there is no path to normalise and so none to escape with.
 */
export const pagePath = (realm: Realm, method: string, url: string): PagePath => {
  if (method !== 'GET') return { ok: false, status: 405 }
  const parsed = URL.parse(url)
  if (parsed === null || parsed.origin !== ORIGINS[realm] || parsed.username !== '' || parsed.password !== '')
    return { ok: false, status: 403 }
  const match = /^\/([a-z]+)\/([A-Za-z0-9_-]+)\.([a-z0-9]+)$/.exec(parsed.pathname)
  const [folder, name, extension] = match === null ? [] : match.slice(1)
  const type = TYPES[extension ?? '']
  if (folder === undefined || type === undefined || !FOLDERS[realm].includes(folder))
    return { ok: false, status: 404 }
  return { ok: true, path: `${folder}/${name}.${extension}`, type }
}

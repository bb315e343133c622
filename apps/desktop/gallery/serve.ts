import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, resolve } from 'node:path'
import { CONTENT_SECURITY_POLICY } from '../src/main/content-policy.ts'

const OUT = resolve(import.meta.dirname, '../out/gallery')
const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' }

export interface GalleryServer {
  url: string
  close: () => void
}

/** Serves the built gallery on loopback under the very policy that the app gives its own pages. */
export const serveGallery = (port: number): Promise<GalleryServer> =>
  new Promise((done, failed) => {
    const server = createServer(async (request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://gallery')
      const path = resolve(OUT, pathname === '/' ? 'index.html' : `.${pathname}`)
      const type = types[extname(path)]
      const body =
        path.startsWith(`${OUT}/`) && type !== undefined ? await readFile(path).catch(() => null) : null
      if (body === null || type === undefined) {
        response.writeHead(404).end()
        return
      }
      response
        .writeHead(200, {
          'content-type': `${type}; charset=utf-8`,
          'content-security-policy': CONTENT_SECURITY_POLICY,
          // Named by their hash.
          'cache-control': pathname.startsWith('/assets/') ? 'max-age=86400, immutable' : 'no-store',
        })
        .end(body)
    })
    server.once('error', failed)
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      if (address === null || typeof address === 'string') throw new Error('the gallery has no port')
      done({ url: `http://127.0.0.1:${address.port}`, close: () => server.close() })
    })
  })

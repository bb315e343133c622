import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { MAX_FRAME_BYTES } from '@countersign/schema/wire'
import { type WebSocket, WebSocketServer } from 'ws'
import { HEARTBEAT_MS } from '../../core/limits.ts'
import { TokenBuckets } from '../../core/token-bucket.ts'
import type { NodeContext } from '../../node-context.ts'
import { Session } from './session.ts'
import { socketOf } from './socket.ts'

export const SYNC_PATH = '/v1/sync'

/** A little more than a frame may have: so much is refused with a code, anything larger ends at the socket. */
const MAX_PAYLOAD_BYTES = MAX_FRAME_BYTES + 1024 * 1024
const TICK_MS = 1000

export interface SyncEndpoint {
  connections(): number
  /** Tells everybody to move on and cuts whoever has not gone after `graceMs`. */
  drain(graceMs: number): Promise<void>
}

/** Takes WebSocket connections on SYNC_PATH of an HTTP server. No browser is a client: any `Origin` is refused. */
export const attachSyncEndpoint = (server: Server, node: NodeContext): SyncEndpoint => {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_PAYLOAD_BYTES,
    perMessageDeflate: false,
    clientTracking: false,
  })
  const open = new Map<WebSocket, Session>()
  const alive = new WeakSet<WebSocket>()
  const connects = new TokenBuckets(node.rates.connectsPerAddress)

  const accept = (ws: WebSocket): void => {
    const session = new Session(node, socketOf(ws))
    open.set(ws, session)
    alive.add(ws)
    ws.on('message', (data, isBinary) => {
      alive.add(ws)
      session.receive(Buffer.isBuffer(data) ? data : new Uint8Array(), isBinary)
    })
    ws.on('pong', () => alive.add(ws))
    // The socket closes itself on a broken or oversized frame; there is nothing to add.
    ws.on('error', () => {})
    ws.on('close', () => {
      open.delete(ws)
      session.closed()
    })
  }

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    const status = refusedStatus(request)
    if (status !== null) return refuseUpgrade(socket, status)
    if (node.isDraining() || open.size >= node.connectionLimits.perServer) {
      return refuseUpgrade(socket, '503 Service Unavailable')
    }
    if (!connects.take(request.socket.remoteAddress ?? '', 1, node.now())) {
      return refuseUpgrade(socket, '429 Too Many Requests')
    }
    sockets.handleUpgrade(request, socket, head, accept)
  })

  const ticker = setInterval(() => {
    const now = node.now()
    for (const session of open.values()) session.tick(now)
  }, TICK_MS)
  const heartbeat = setInterval(() => {
    for (const ws of open.keys()) {
      if (!alive.delete(ws)) ws.terminate()
      else ws.ping()
    }
  }, HEARTBEAT_MS)

  return {
    connections: () => open.size,
    drain: async (graceMs) => {
      clearInterval(ticker)
      clearInterval(heartbeat)
      const gone = [...open.keys()].map(
        (ws) => new Promise<void>((resolve) => ws.once('close', () => resolve())),
      )
      for (const session of open.values()) session.drain()
      const timer = setTimeout(() => {
        for (const ws of open.keys()) ws.terminate()
      }, graceMs)
      await Promise.all(gone)
      clearTimeout(timer)
    },
  }
}

const refusedStatus = (request: IncomingMessage): string | null => {
  if (request.url !== SYNC_PATH) return '404 Not Found'
  return request.headers.origin === undefined ? null : '403 Forbidden'
}

const refuseUpgrade = (socket: Duplex, status: string): void => {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

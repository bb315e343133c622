import { MAX_FRAME_BYTES } from '@countersign/schema/wire'
import { WebSocket } from 'ws'
import { ClientError } from '../client-error.ts'
import type { Connection, Connector } from './connector.ts'

const CONNECT_TIMEOUT_MS = 10_000

/** The WebSocket address of a server's sync endpoint; throws ClientError `server.bad_address`. */
export const syncAddress = (serverUrl: string): string => {
  let url: URL
  try {
    url = new URL(serverUrl)
  } catch (cause) {
    throw new ClientError('server.bad_address', 'the server address is not a URL', { cause })
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new ClientError('server.bad_address', 'the server address starts with https:// or http://')
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new ClientError('server.bad_address', 'the server address has no user, query or fragment')
  }
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/sync`
  return url.toString()
}

/** Connections over WebSocket: binary frames only, at most MAX_FRAME_BYTES, no compression, no redirects. */
export const wsConnector: Connector = (serverUrl, events) =>
  new Promise<Connection>((resolve, reject) => {
    const socket = new WebSocket(syncAddress(serverUrl), {
      maxPayload: MAX_FRAME_BYTES,
      perMessageDeflate: false,
      followRedirects: false,
      handshakeTimeout: CONNECT_TIMEOUT_MS,
    })
    socket.binaryType = 'nodebuffer'
    let closed = false
    const closeOnce = (reason: string): void => {
      if (closed) return
      closed = true
      socket.terminate()
      events.onClose(reason)
    }
    const refuse = (cause: unknown): void => {
      closed = true
      reject(new ClientError('server.unreachable', 'the server could not be reached', { cause }))
    }
    socket.once('error', refuse)
    socket.once('open', () => {
      socket.off('error', refuse)
      socket.on('error', (error) => closeOnce(`socket error: ${error.name}`))
      socket.on('close', (code) => closeOnce(`closed with ${code}`))
      resolve({
        send: (frame) => {
          if (!closed) socket.send(frame)
        },
        pause: () => socket.pause(),
        resume: () => socket.resume(),
        close: () => closeOnce('closed here'),
      })
    })
    socket.on('message', (data, isBinary) => {
      if (closed) return
      if (!isBinary || !Buffer.isBuffer(data)) return closeOnce('the server sent a text frame')
      events.onFrame(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    })
  })

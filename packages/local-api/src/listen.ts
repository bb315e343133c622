import { chmod, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { LocalApiError } from './local-api-error.ts'

const PORT_PATIENCE_MS = 600
const PORT_PAUSE_MS = 60
const CONNECT_MS = 500
/** sun_path of Linux and macOS, without the final zero. */
const MAX_SOCKET_PATH = process.platform === 'darwin' ? 103 : 107

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

const listen = (
  server: Server,
  options: { host: string; port: number; ipv6Only?: boolean } | { path: string },
) =>
  new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ ...options, exclusive: true }, () => {
      server.removeListener('error', reject)
      resolve()
    })
  })

const close = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()))

export interface TcpListeners {
  readonly servers: readonly Server[]
  readonly port: number
  /** The wanted port was taken by another program. */
  readonly moved: boolean
}

/** Both loopback addresses on one port, so that `localhost` never leads to somebody else; `::1` is left out where there is none. */
const listenBoth = async (
  make: () => Server,
  port: number,
): Promise<{ servers: Server[]; port: number } | 'taken'> => {
  const v4 = make()
  try {
    await listen(v4, { host: '127.0.0.1', port })
  } catch (error) {
    if (codeOf(error) === 'EADDRINUSE' || codeOf(error) === 'EACCES') return 'taken'
    throw new LocalApiError('listen.failed', `127.0.0.1:${port} could not be opened`, { cause: error })
  }
  const address = v4.address()
  const chosen = isAddressInfo(address) ? address.port : port
  const v6 = make()
  try {
    await listen(v6, { host: '::1', port: chosen, ipv6Only: true })
  } catch (error) {
    if (codeOf(error) === 'EADDRINUSE') {
      await close(v4)
      return 'taken'
    }
    return { servers: [v4], port: chosen }
  }
  return { servers: [v4, v6], port: chosen }
}

const isAddressInfo = (address: AddressInfo | string | null): address is AddressInfo =>
  typeof address === 'object' && address !== null

/** The wanted port, patiently (the process before us may still be going), else any other. Port 0: any, and not moved. */
export const listenTcp = async (make: () => Server, wanted: number): Promise<TcpListeners> => {
  const until = Date.now() + PORT_PATIENCE_MS
  for (;;) {
    const got = await listenBoth(make, wanted)
    if (got !== 'taken') return { ...got, moved: false }
    if (wanted !== 0 && Date.now() > until) break
    await new Promise((resolve) => setTimeout(resolve, PORT_PAUSE_MS))
  }
  for (let tries = 0; tries < 20; tries++) {
    const got = await listenBoth(make, 0)
    if (got !== 'taken') return { ...got, moved: true }
  }
  throw new LocalApiError('listen.failed', 'no free port on the loopback addresses')
}

/** Whether anybody answers on a socket file. */
const isAnswered = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = connect(path)
    const done = (answered: boolean): void => {
      probe.destroy()
      resolve(answered)
    }
    probe.setTimeout(CONNECT_MS, () => done(true))
    probe.once('connect', () => done(true))
    probe.once('error', () => done(false))
  })

/** Takes over the file a killed process left; refuses if somebody answers on it. */
export const listenSocket = async (server: Server, path: string): Promise<void> => {
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH) {
    throw new LocalApiError(
      'listen.failed',
      `the socket's path is longer than ${MAX_SOCKET_PATH} bytes: ${path}`,
    )
  }
  const until = Date.now() + PORT_PATIENCE_MS
  while (await isAnswered(path)) {
    if (Date.now() > until) throw new LocalApiError('socket.in_use', `another program answers on ${path}`)
    await new Promise((resolve) => setTimeout(resolve, PORT_PAUSE_MS))
  }
  await rm(path, { force: true })
  try {
    await listen(server, { path })
  } catch (error) {
    throw new LocalApiError('listen.failed', `${path} could not be opened`, { cause: error })
  }
  // The folder's 0700 guards it until this line.
  await chmod(path, 0o600)
}

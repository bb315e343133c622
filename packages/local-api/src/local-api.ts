import { createServer, type Server } from 'node:http'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { randomBytes } from '@countersign/crypto/random'
import { toHex } from '@countersign/schema/hex'
import type { Discovery } from '@countersign/schema/local-api'
import { type Api, modeOf } from './api.ts'
import { AuditGate } from './audit-gate.ts'
import { BadTokenLimit } from './bad-token-limit.ts'
import { callerFinderOf } from './caller/caller-of-platform.ts'
import { ProgramLooks } from './caller/program-looks.ts'
import { ConnectionState } from './connection-state.ts'
import { acceptedHosts, isLoopback, type Transport } from './defence.ts'
import { EventHub } from './event-hub.ts'
import { handleRequest } from './handle-request.ts'
import { listenSocket, listenTcp } from './listen.ts'
import { LocalApiError } from './local-api-error.ts'
import { newMetrics } from './metrics.ts'
import { plainRecord } from './plain-record.ts'
import { PollLimit } from './poll-limit.ts'
import { PreparedReads } from './prepared-reads.ts'
import { newTargetReader } from './read-target.ts'
import { refuseBrokenRequest } from './refuse-broken-request.ts'
import { RequestStorm } from './request-storm.ts'
import { relayEvent, tellMode } from './routes/events.ts'
import { newRouteTable } from './routes/table.ts'
import { prepareRuntimeDirectory, removeDiscovery, SOCKET_NAME, writeDiscovery } from './runtime-directory.ts'
import { ProofNonces } from './sender/proof-nonces.ts'
import type { LockedSource, TokenRecord, UnlockedSource } from './source.ts'
import { TokenBook } from './token-book.ts'

const LIMITS = {
  maxHeaderSize: 8192,
  headersTimeout: 5000,
  requestTimeout: 15_000,
  keepAliveTimeout: 75_000,
  connectionsCheckingInterval: 1000,
  insecureHTTPParser: false,
  requireHostHeader: false,
  joinDuplicateHeaders: false,
} as const
const MAX_CONNECTIONS = 512
const MAX_HEADERS = 64
const FORGET_MS = 7 * 86_400_000

export interface LocalApiOptions {
  readonly source: LockedSource | UnlockedSource
  /** Chosen once per installation; 0 picks one. */
  readonly port: number
  /** 0700; made where it does not exist. Gets the socket and the discovery file. */
  readonly runtimeDir: string
  /** Told of defects (a route that threw). Never gets a value or a token. */
  readonly onDefect?: (error: unknown) => void
  /** Told when `mode` changed by what the disk takes: reads go by without a record, or all are on record again. */
  readonly onMode?: () => void
  /** ms since the epoch; the core's clock, which never goes back. */
  readonly now?: () => number
}

export interface LocalApi {
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  readonly port: number
  readonly socket: string
  /** The wanted port was taken: programs with a fixed address must be told. */
  readonly portMoved: boolean
  /** Reads of running leases that are not on record yet, and since when (ms since the epoch); null where all are. */
  unrecorded(): { readonly since: number; readonly reads: number } | null
  /** Serves from this session from now on. Event streams of the one before end. */
  useSource(source: UnlockedSource): Promise<void>
  /**
   * Ends the session: listeners hear `locked`, whoever polls and whoever asks from now on gets 423. Synchronous, since the process that
   * holds the keys is about to be killed.
   */
  lock(): void
  /** Stops listening, ends streams, writes what waits for the audit. */
  close(): Promise<void>
}

/** The function that ends it, at once; what it returns resolves when nothing is on its way to the token store. */
const openSession = async (api: Api, source: UnlockedSource): Promise<() => Promise<void>> => {
  const keep = (record: TokenRecord): boolean => {
    const snapshot = source.binding(record.binding)
    return snapshot !== undefined && snapshot.expiresAt + FORGET_MS > api.now()
  }
  const book = await TokenBook.open(source.tokens, keep)
  const ended = new AbortController()
  const prepared = new PreparedReads(source)
  const session = { source, book, prepared, name: toHex(randomBytes(16)), ended: ended.signal }
  const stop = source.onEvent((event) => {
    prepared.wipe()
    relayEvent(api, session, event)
  })
  api.session = session
  return () => {
    stop()
    prepared.close()
    ended.abort()
    return book.close()
  }
}

/** Serves the API. Throws `LocalApiError` when it cannot listen; a taken port is no such case. */
export const serveLocalApi = async (options: LocalApiOptions): Promise<LocalApi> => {
  const now = options.now ?? Date.now
  const sockets = new Set<Socket>()
  const finder = callerFinderOf(process.platform)
  const looks = new ProgramLooks(finder)
  const states = new WeakMap<Socket, ConnectionState>()
  const onMode = options.onMode ?? (() => undefined)
  const gate = new AuditGate(
    (records) => api.source.audit(records),
    now,
    () => {
      tellMode(api)
      onMode()
    },
  )
  const hub = new EventHub()
  const api: Api = {
    session: null,
    source: options.source,
    gate,
    badTokens: new BadTokenLimit(now()),
    storm: new RequestStorm(),
    finder,
    hub,
    nonces: new ProofNonces(),
    metrics: newMetrics({
      mode: () => modeOf(api),
      connections: () => sockets.size,
      eventStreams: () => hub.size,
      openPolls: () => api.polls.size,
      auditFailures: () => gate.failures,
    }),
    now,
    onMode,
    startedAt: now(),
    polls: new PollLimit(),
    onDefect: options.onDefect ?? (() => undefined),
    url: '',
    portMoved: false,
  }
  const read = newTargetReader(newRouteTable())

  const makeServer = (transport: Transport): Server => {
    let hosts: ReadonlySet<string> | undefined
    const server = createServer({ ...LIMITS, noDelay: true }, (req, res) => {
      const state = states.get(req.socket)
      if (state === undefined) return req.socket.destroy()
      handleRequest(api, read, state, req, res)
    })
    server.maxConnections = MAX_CONNECTIONS
    server.maxHeadersCount = MAX_HEADERS
    server.on('connection', (socket) => {
      const address = server.address()
      hosts ??= acceptedHosts(transport, typeof address === 'object' && address !== null ? address.port : 0)
      if (transport === 'tcp' && !isLoopback(socket.remoteAddress ?? '')) return socket.destroy()
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      states.set(socket, new ConnectionState(socket, transport, hosts, finder, looks))
    })
    server.on('clientError', (error, socket) => refuseBrokenRequest(api, error, socket))
    // Neither is served: an answer, then the end.
    server.on('checkExpectation', (_req, res) => refuseBrokenRequest(api, 'expectation.refused', res.socket))
    server.on('connect', (_req, socket) => refuseBrokenRequest(api, 'method.refused', socket))
    return server
  }

  const noSession = (): Promise<void> => Promise.resolve()
  let endSession = options.source.state === 'unlocked' ? await openSession(api, options.source) : noSession
  /** Of the session that ended last. */
  let written = noSession()
  await prepareRuntimeDirectory(options.runtimeDir)
  const socketServer = makeServer('socket')
  const socketPath = join(options.runtimeDir, SOCKET_NAME)
  await listenSocket(socketServer, socketPath)
  const tcp = await listenTcp(() => makeServer('tcp'), options.port)
  api.url = `http://127.0.0.1:${tcp.port}`
  api.portMoved = tcp.moved
  const discovery: Discovery = {
    url: api.url,
    socket: socketPath,
    pid: process.pid,
    portMoved: tcp.moved,
    startedAt: api.startedAt,
  }
  await writeDiscovery(options.runtimeDir, discovery)
  if (tcp.moved) {
    const message = `Port ${options.port} is taken by another program; the local API is on ${tcp.port}. Do not send tokens to the old one.`
    api.source.alert({ code: 'port.taken', binding: null, message })
  }

  let closed = false
  return {
    url: api.url,
    port: tcp.port,
    socket: socketPath,
    portMoved: tcp.moved,
    unrecorded: () => {
      const { since, reads } = gate.unrecorded
      return since === null ? null : { since, reads }
    },
    useSource: async (source) => {
      if (closed) throw new LocalApiError('already_closed', 'the local API is closed')
      const before = modeOf(api)
      if (api.session !== null) written = endSession()
      api.session = null
      // What the old session still owes the audit goes to its own writer, and what it counted is there for the next to load.
      await gate.close()
      await written
      api.source = source
      endSession = await openSession(api, source)
      hub.end({ type: 'locked' }, () => true)
      const mode = modeOf(api)
      if (mode !== before) gate.append(plainRecord(now(), 'mode.changed', mode)).catch(() => undefined)
    },
    lock: () => {
      if (api.session !== null) written = endSession()
      api.session = null
      hub.end({ type: 'locked' }, () => true)
    },
    close: async () => {
      closed = true
      if (api.session !== null) written = endSession()
      // What is still waiting for the disk is not answered: what it counted is not written any more.
      api.session = null
      hub.close()
      const ends = [...tcp.servers, socketServer].map(
        (server) => new Promise<void>((resolve) => server.close(() => resolve())),
      )
      for (const socket of sockets) socket.destroySoon()
      const force = setTimeout(() => {
        for (const socket of sockets) socket.destroy()
      }, 500)
      await Promise.all(ends)
      clearTimeout(force)
      await gate.end()
      await written
      await removeDiscovery(options.runtimeDir)
    },
  }
}

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { equalBytes } from '@countersign/crypto/hash'
import { randomBytes } from '@countersign/crypto/random'
import { LEDGER } from '@countersign/schema/ids'
import { type ClientMessage, MAX_FRAME_BYTES, PROTOCOL, type SignedWrap } from '@countersign/schema/wire'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Stage } from '../stage.ts'
import { Link, type Tamper } from './link.ts'
import { Mailboxes } from './mailboxes.ts'
import { Timeline } from './timeline.ts'
import { answerWraps } from './wraps.ts'

type Message<T extends ClientMessage['type']> = Extract<ClientMessage, { type: T }>
/** True: the attack has dealt with it. */
export type Intercept = (message: ClientMessage, link: Link) => boolean
export type HttpIntercept = (request: IncomingMessage, body: Uint8Array, response: ServerResponse) => boolean

const honest: Tamper = (message) => [message]

/**
 * A sync server that speaks the real protocol, checks nothing, keeps everything it is given, and does what the attack tells it:
 * shows devices different histories, rewrites what it says, answers in its own way.
 */
export class HostileServer {
  readonly id = randomBytes(32)
  readonly timeline = new Timeline()
  readonly wraps: SignedWrap[] = []
  readonly mailboxes = new Mailboxes()
  /** Open connections, in the order they came. */
  readonly links: Link[] = []
  /** Which history a device is shown. */
  view: (device: string) => Timeline = () => this.timeline
  tamper: Tamper = honest
  intercept: Intercept = () => false
  http: HttpIntercept = () => false
  /** What it says the time is. */
  clock: () => number = Date.now
  readonly #server: Server
  readonly #stage: Stage

  private constructor(stage: Stage) {
    this.#stage = stage
    this.#server = createServer((request, response) => void this.#request(request, response))
    const sockets = new WebSocketServer({
      server: this.#server,
      path: '/v1/sync',
      maxPayload: MAX_FRAME_BYTES,
      perMessageDeflate: false,
    })
    sockets.on('connection', (socket) => this.#connected(socket))
  }

  static async start(stage: Stage): Promise<HostileServer> {
    const server = new HostileServer(stage)
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve))
    stage.later(() => server.stop())
    return server
  }

  get url(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string')
      throw new Error('the hostile server is not listening')
    return `http://127.0.0.1:${address.port}`
  }

  /** The newest open connection of a device. */
  link(device: string): Link {
    const found = this.links.findLast((link) => link.device === device && link.open)
    if (found === undefined) throw new Error(`device ${device} is not connected`)
    return found
  }

  /** Everything a device ever said, over all its connections. */
  said(device: string): ClientMessage[] {
    return this.links.filter((link) => link.device === device).flatMap((link) => link.said)
  }

  /** Adds an entry to a history and shows it to whoever looks at that. */
  push(timeline: Timeline, stream: string, ...entries: Uint8Array[]): void {
    const all = timeline.entries(stream)
    const from = all.length
    all.push(...entries)
    for (const link of this.#watching(timeline)) link.entries(stream, from, entries)
  }

  /** Everything it was ever given and still has. */
  everything(): Uint8Array[] {
    return [...this.timeline.all(), ...this.wraps.map(({ record }) => record.blob), ...this.mailboxes.all()]
  }

  /** Ends all connections; clients come again. */
  cut(): void {
    for (const link of this.links) link.close()
  }

  async stop(): Promise<void> {
    this.cut()
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  #watching(timeline: Timeline, but?: Link): Link[] {
    return this.links.filter(
      (link) => link !== but && link.open && link.device !== null && this.view(link.device) === timeline,
    )
  }

  #connected(socket: WebSocket): void {
    const link = new Link(socket, () => this.tamper)
    this.links.push(link)
    socket.on('message', (data: Buffer) => {
      const frame = Uint8Array.from(data)
      this.#stage.wire.said(frame)
      const message = link.read(frame)
      if (message === null) {
        link.close()
        return
      }
      if (!this.intercept(message, link)) this.#answer(message, link)
    })
    link.tell({ type: 'challenge', protocol: PROTOCOL, server: this.id, serverNonce: link.nonce })
  }

  #answer(message: ClientMessage, link: Link): void {
    switch (message.type) {
      case 'create': {
        const entries = this.timeline.entries(LEDGER)
        if (entries.length === 0) entries.push(message.entry)
        const head = this.timeline.head(LEDGER)
        if (head !== null) link.tell({ type: 'created', team: message.team, head })
        return
      }
      case 'hello':
        this.#hello(message, link)
        return
      case 'append':
        this.#append(message, link)
        return
      case 'fetch': {
        const from = message.after === null ? 0 : message.after.seq + 1
        const entries = this.#timelineOf(link)
          .entries(message.stream)
          .slice(from, from + message.limit)
        link.entries(message.stream, from, entries, message.ref)
        return
      }
      case 'seen': {
        const timeline = this.#timelineOf(link)
        timeline.seen.set(message.seen.statement.device, message.seen)
        link.tell({ type: 'ok', ref: message.ref })
        for (const other of this.#watching(timeline, link)) other.tell({ type: 'seen', seen: message.seen })
        return
      }
      case 'wrap.put':
        this.wraps.push(message.wrap)
        link.tell({ type: 'ok', ref: message.ref })
        return
      case 'ping':
        link.tell({ type: 'pong', ref: message.ref, time: this.clock() })
        return
      default:
        this.mailboxes.answer(message, link, this.links)
    }
  }

  #timelineOf(link: Link): Timeline {
    return link.device === null ? this.timeline : this.view(link.device)
  }

  #hello(message: Message<'hello'>, link: Link): void {
    link.device = message.device
    const timeline = this.#timelineOf(link)
    const seen = [...timeline.seen.values()]
    link.tell({ type: 'welcome', heads: timeline.heads(), seen, time: this.clock() })
    const streams = [...timeline.streams.keys()].sort((a, b) => Number(b === LEDGER) - Number(a === LEDGER))
    for (const stream of streams) {
      const cursor = message.cursors.find((each) => each.stream === stream)?.head ?? null
      const from = cursor === null ? 0 : cursor.seq + 1
      const entries = timeline.entries(stream).slice(from)
      if (entries.length > 0) link.entries(stream, from, entries)
    }
    link.tell({ type: 'caught_up' })
  }

  #append({ ref, parts }: Message<'append'>, link: Link): void {
    const timeline = this.#timelineOf(link)
    const stale = parts.filter(({ stream, expected }) => {
      const head = timeline.head(stream)
      return (
        head?.seq !== expected?.seq ||
        (head !== null && expected !== null && !equalBytes(head.hash, expected.hash))
      )
    })
    if (stale.length > 0) {
      link.tell({ type: 'refused', ref, code: 'append.head_stale', message: 'somebody was faster' })
      for (const { stream, expected } of stale) {
        const from = expected === null ? 0 : expected.seq + 1
        link.entries(stream, from, timeline.entries(stream).slice(from))
      }
      return
    }
    const landed = parts.map(({ stream, entries }) => {
      const all = timeline.entries(stream)
      const from = all.length
      all.push(...entries)
      return { stream, from, entries }
    })
    const heads = landed.flatMap(({ stream }) => {
      const head = timeline.head(stream)
      return head === null ? [] : [{ stream, head }]
    })
    link.tell({ type: 'appended', ref, heads })
    for (const other of this.#watching(timeline, link)) {
      for (const { stream, from, entries } of landed) other.entries(stream, from, entries)
    }
  }

  async #request(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Uint8Array.from(Buffer.concat(chunks))
    this.#stage.wire.said(body)
    if (this.http(request, body, response)) return
    const answer = answerWraps(request.url ?? '', body, this.id, this.wraps)
    response.writeHead(answer.status, { 'content-type': 'application/cbor' }).end(answer.body)
  }
}

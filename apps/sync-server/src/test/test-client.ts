import { once } from 'node:events'
import type { KeyPair } from '@countersign/crypto/key-pair'
import { sign } from '@countersign/crypto/sign'
import { randomBytes } from '@countersign/crypto/verify'
import { encodeCanonical } from '@countersign/schema/canonical'
import {
  type AppendPart,
  type ClientMessage,
  type Cursor,
  decodeServerMessage,
  encodeMessage,
  PROTOCOL,
  type ServerMessage,
} from '@countersign/schema/wire'
import { WebSocket } from 'ws'
import type { TestMember } from './test-member.ts'
import type { TestTeam } from './test-team.ts'

type Received<T extends ServerMessage['type']> = Extract<ServerMessage, { type: T }>

const WAIT_MS = 10_000

/** A client over a real WebSocket that keeps everything it receives until somebody asks for it. */
export class TestClient {
  readonly ws: WebSocket
  readonly closed: Promise<number>
  readonly received: ServerMessage[] = []
  readonly #waiting: {
    matches: (message: ServerMessage) => boolean
    resolve: (message: ServerMessage) => void
  }[] = []
  #ref = 0

  private constructor(ws: WebSocket) {
    this.ws = ws
    this.closed = new Promise((resolve) => ws.once('close', resolve))
    ws.on('error', () => {})
    ws.on('message', (data: Buffer) => this.#take(decodeServerMessage(new Uint8Array(data))))
  }

  static async open(url: string): Promise<TestClient> {
    const client = new TestClient(
      new WebSocket(`${url.replace('http', 'ws')}/v1/sync`, { perMessageDeflate: false }),
    )
    await once(client.ws, 'open')
    return client
  }

  /** Connects and logs in; resolves when everything after the cursors is there. */
  static async login(
    url: string,
    team: TestTeam,
    member: TestMember,
    cursors: Cursor[] = [],
  ): Promise<TestClient> {
    const client = await TestClient.open(url)
    await client.hello(team.id, member.device, member.deviceSign, cursors)
    await client.next('welcome')
    await client.next('caught_up')
    return client
  }

  send(message: ClientMessage): void {
    this.ws.send(encodeMessage(message))
  }

  nextRef(): number {
    return this.#ref++
  }

  async hello(team: string, device: string, key: KeyPair, cursors: Cursor[] = []): Promise<void> {
    const { server, serverNonce } = await this.next('challenge')
    const clientNonce = randomBytes(32)
    const statement = encodeCanonical({ protocol: PROTOCOL, server, team, device, serverNonce, clientNonce })
    const signature = sign(key.secretKey, 'login', statement)
    this.send({ type: 'hello', protocol: PROTOCOL, team, device, clientNonce, signature, cursors })
  }

  /** Logs in as a member whose device the team does not know; `by` signs. */
  async helloMember(team: string, member: string, device: string, by: KeyPair): Promise<void> {
    const { server, serverNonce } = await this.next('challenge')
    const clientNonce = randomBytes(32)
    const login = { team, member, device }
    const statement = encodeCanonical({ protocol: PROTOCOL, server, ...login, serverNonce, clientNonce })
    const signature = sign(by.secretKey, 'member-login', statement)
    this.send({ type: 'hello.member', protocol: PROTOCOL, ...login, clientNonce, signature, ledger: null })
  }

  async create(team: TestTeam, setupToken: string): Promise<ServerMessage> {
    this.send({ type: 'create', protocol: PROTOCOL, setupToken, team: team.id, entry: team.genesis })
    return this.wait((message) => message.type === 'created' || message.type === 'refused')
  }

  async join(invite: KeyPair, clientNonce: Uint8Array): Promise<void> {
    const { server, serverNonce } = await this.next('challenge')
    const mailbox = invite.publicKey
    const statement = encodeCanonical({ protocol: PROTOCOL, server, mailbox, serverNonce, clientNonce })
    const signature = sign(invite.secretKey, 'mailbox-login', statement)
    this.send({ type: 'mailbox.join', protocol: PROTOCOL, mailbox, clientNonce, signature })
  }

  append(...parts: AppendPart[]): Promise<ServerMessage> {
    return this.request((ref) => ({ type: 'append', ref, parts }))
  }

  /** Sends a request and waits for what answers it. */
  request(build: (ref: number) => ClientMessage): Promise<ServerMessage> {
    const ref = this.nextRef()
    const answer = this.wait((message) => 'ref' in message && message.ref === ref)
    this.send(build(ref))
    return answer
  }

  async next<T extends ServerMessage['type']>(type: T): Promise<Received<T>> {
    return (await this.wait((message) => message.type === type)) as Received<T>
  }

  /** The next message that matches, received already or still to come; it is taken. */
  wait(matches: (message: ServerMessage) => boolean): Promise<ServerMessage> {
    const at = this.received.findIndex(matches)
    const [found] = at < 0 ? [] : this.received.splice(at, 1)
    if (found !== undefined) return Promise.resolve(found)
    return new Promise((resolve, reject) => {
      const kinds = () => this.received.map((each) => each.type).join(', ')
      const timer = setTimeout(() => reject(new Error(`nothing matched; there are: ${kinds()}`)), WAIT_MS)
      this.#waiting.push({
        matches,
        resolve: (message) => {
          clearTimeout(timer)
          resolve(message)
        },
      })
    })
  }

  async close(): Promise<void> {
    this.ws.close()
    await this.closed
  }

  #take(message: ServerMessage): void {
    const at = this.#waiting.findIndex(({ matches }) => matches(message))
    if (at < 0) this.received.push(message)
    else this.#waiting.splice(at, 1)[0]?.resolve(message)
  }
}

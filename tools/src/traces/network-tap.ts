import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** One connection as it passed: what each side sent, in order. */
interface Passed {
  readonly up: Buffer[]
  readonly down: Buffer[]
}

const HEAD_END = Buffer.from('\r\n\r\n')

/** The payloads of WebSocket frames without their masks (RFC 6455 §5.2), which hide text from a plain search. */
const unmasked = (frames: Buffer): Buffer[] => {
  const payloads: Buffer[] = []
  for (let at = 0; at + 2 <= frames.length; ) {
    const short = frames.readUInt8(at + 1) & 0x7f
    const masked = (frames.readUInt8(at + 1) & 0x80) !== 0
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0
    const maskAt = at + 2 + lengthBytes
    const begins = maskAt + (masked ? 4 : 0)
    if (begins > frames.length) break
    const length =
      lengthBytes === 0
        ? short
        : frames.readUIntBE(maskAt - Math.min(lengthBytes, 6), Math.min(lengthBytes, 6))
    const payload = Buffer.from(frames.subarray(begins, begins + length))
    if (masked)
      for (let i = 0; i < payload.length; i++)
        payload[i] = (payload[i] ?? 0) ^ (frames[maskAt + (i % 4)] ?? 0)
    payloads.push(payload)
    at = begins + length
  }
  return payloads
}

/** What one side of a connection said: the head of an upgrade and its messages, or everything as it is. */
const contents = (sent: Buffer): Buffer => {
  const end = sent.indexOf(HEAD_END)
  const upgrade = end >= 0 && /upgrade: websocket/i.test(sent.subarray(0, end).toString('latin1'))
  return upgrade
    ? Buffer.concat([sent.subarray(0, end), ...unmasked(sent.subarray(end + HEAD_END.length))])
    : sent
}

/** Stands between the team and its server, as whoever owns the network does where there is no TLS, and keeps all that passes. */
export class NetworkTap {
  readonly url: string
  readonly #server: Server
  readonly #passed: Passed[] = []
  readonly #sockets = new Set<Socket>()

  private constructor(server: Server, url: string, passed: Passed[], sockets: Set<Socket>) {
    this.#server = server
    this.url = url
    this.#passed = passed
    this.#sockets = sockets
  }

  static async before(serverUrl: string): Promise<NetworkTap> {
    const target = new URL(serverUrl)
    const passed: Passed[] = []
    const sockets = new Set<Socket>()
    const server = createServer((client) => {
      const connection: Passed = { up: [], down: [] }
      passed.push(connection)
      const behind = connect(Number(target.port), target.hostname)
      const sides = [
        [client, behind, connection.up],
        [behind, client, connection.down],
      ] as const
      for (const [from, to, kept] of sides) {
        sockets.add(from)
        from.on('data', (chunk: Buffer) => {
          kept.push(chunk)
          to.write(chunk)
        })
        from.on('close', () => {
          sockets.delete(from)
          to.destroy()
        })
        // The other side's end is the end of both.
        from.on('error', () => to.destroy())
      }
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    return new NetworkTap(server, `http://127.0.0.1:${port}`, passed, sockets)
  }

  /** Everything that passed in one direction, as it was meant and as it was on the wire. */
  heard(direction: 'up' | 'down'): Buffer {
    const sides = this.#passed.map((connection) => Buffer.concat(connection[direction]))
    return Buffer.concat(sides.flatMap((sent) => [sent, contents(sent)]))
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

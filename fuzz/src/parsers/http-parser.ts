import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newAppToken } from '@countersign/crypto/app-token'
import { serveLocalApi } from '@countersign/local-api/local-api'
import { MemoryVault } from '@countersign/local-api/test/memory-vault'
import { type FuzzedParser, utf8 } from '../parser.ts'

const CANARY = 'sk-proj-fuzz-canary'
const request = (lines: readonly string[], body = ''): Uint8Array =>
  utf8(`${lines.join('\r\n')}\r\n\r\n${body}`)

/** Sends bytes, then the end of them; gives all that comes back. */
const exchange = (socket: string, input: Uint8Array): Promise<string> =>
  new Promise((resolve, reject) => {
    let answer = ''
    const peer = connect(socket)
    peer.setEncoding('latin1')
    peer.on('data', (chunk: string) => {
      answer += chunk
    })
    peer.on('close', () => resolve(answer))
    peer.on('error', (error: NodeJS.ErrnoException) => {
      // The other side stopped reading: allowed to it, with or without an answer.
      if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') reject(error)
    })
    peer.end(input)
  })

/** The local API as any program or page on the machine may speak to it, over its socket; the vault behind it holds a canary. */
export const httpParser = async (): Promise<FuzzedParser> => {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-fuzz-'))
  const vault = await MemoryVault.open(join(folder, 'audit'), false)
  vault.put('openai', { api_key: CANARY })
  const defects: unknown[] = []
  const api = await serveLocalApi({
    source: vault.unlocked(),
    port: 0,
    runtimeDir: join(folder, 'run'),
    onDefect: (error) => defects.push(error),
  })
  const { token } = newAppToken()
  const head = ['Host: localhost', `Authorization: Bearer ${token}`]
  const ask = JSON.stringify({
    application: 'a',
    vault: 'acme',
    environment: 'production',
    items: ['openai'],
    lease: { durationMs: 60_000 },
    reason: 'r',
  })
  return {
    name: 'local-api-http',
    from: 'any program or page of the machine',
    seeds: [
      request(['GET /livez HTTP/1.1', 'Host: localhost']),
      request(['GET /v1/credentials/acme/production/openai HTTP/1.1', ...head]),
      request(['GET /v1/events HTTP/1.1', ...head]),
      request(['GET /v1/bindings/0123?wait=0 HTTP/1.1', ...head]),
      request(
        [
          'POST /v1/bindings HTTP/1.1',
          'Host: localhost',
          'Content-Type: application/json',
          `Content-Length: ${ask.length}`,
        ],
        ask,
      ),
      request(
        [
          'POST /v1/resolve HTTP/1.1',
          ...head,
          'Content-Type: application/json',
          'Transfer-Encoding: chunked',
        ],
        '2\r\n{}\r\n0\r\n\r\n',
      ),
      request(['DELETE /v1/bindings/self HTTP/1.1', ...head, 'Connection: close']),
    ],
    dictionary: [
      '\r\n',
      '\r\n\r\n',
      'Transfer-Encoding: chunked\r\n',
      'Content-Length: 5\r\n',
      'Expect: 100-continue\r\n',
      'Upgrade: websocket\r\n',
      'Origin: null\r\n',
      'Host: evil.example\r\n',
      '0\r\n\r\n',
      'ffffffff\r\n',
      '%2e%2e/',
      '//',
      '?',
      ' HTTP/1.0',
      'CONNECT ',
      'OPTIONS ',
    ].map(utf8),
    parse: async (input) => {
      const answer = await exchange(api.socket, input)
      if (defects.length > 0) throw defects.splice(0)[0]
      if (answer.includes(CANARY)) throw new Error('a value was handed out without a token')
      if (answer === '') return 'no answer'
      const status = /^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]
      if (status === undefined) throw new Error('an answer that is not HTTP')
      if (Number(status) === 500) throw new Error('an internal error')
      return status
    },
    close: async () => {
      await api.close()
      await vault.close()
      await rm(folder, { recursive: true })
    },
  }
}

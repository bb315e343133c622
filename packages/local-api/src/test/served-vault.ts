import { mkdtemp, rm } from 'node:fs/promises'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type BindingAskInput,
  type BindingCreated,
  type BindingPoll,
  bindingCreatedSchema,
  bindingPollSchema,
} from '@countersign/schema/local-api'
import { type Problem, problemSchema } from '@countersign/schema/problem'
import type { z } from 'zod'
import { type LocalApi, serveLocalApi } from '../local-api.ts'
import { MemoryVault } from './memory-vault.ts'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

export interface Ask {
  readonly method?: string
  readonly token?: string
  readonly headers?: Record<string, string | string[]>
  readonly body?: unknown
  /** Over the Unix socket. */
  readonly socket?: boolean
}

/** A server over a real vault in a folder of its own, and a plain HTTP client for it. */
export interface ServedVault {
  readonly vault: MemoryVault
  readonly api: LocalApi
  readonly folder: string
  /** What the API said went wrong inside it; `close` throws the first. */
  readonly defects: readonly unknown[]
  call(path: string, ask?: Ask): Promise<Answer>
  /** Bytes in, everything that comes back until the server ends the connection or is quiet for `quietMs` after it began. */
  raw(text: string | readonly string[], quietMs?: number): Promise<string>
  bind(ask?: Partial<BindingAskInput>): Promise<BindingCreated>
  /** Asks, has the team grant it under a policy that lets it go on for `maxUnrecordedMs` (0), and fetches the token. */
  granted(
    ask?: Partial<BindingAskInput>,
    maxUnrecordedMs?: number,
  ): Promise<{ id: string; token: string; claim: string }>
  close(): Promise<void>
}

export const parsed = <S extends z.ZodType>(answer: Answer, schema: S): z.output<S> =>
  schema.parse(JSON.parse(answer.text))

export const problemIn = (answer: Answer): Problem => parsed(answer, problemSchema)

export const ASK: BindingAskInput = {
  application: 'checkout',
  vault: 'acme',
  environment: 'production',
  items: ['openai'],
  lease: { durationMs: 3_600_000 },
  reason: 'serves the shop',
}

export const serveVault = async (
  options: { locked?: boolean; now?: () => number } = {},
): Promise<ServedVault> => {
  const folder = await mkdtemp(join(tmpdir(), 'cs-api-'))
  const vault = await MemoryVault.open(join(folder, 'audit'))
  vault.put('openai', { api_key: 'sk-proj-canary-0001' })
  vault.put('azure', { endpoint: 'https://x.example', api_key: 'azure-canary' }, 'azure-openai')
  vault.put('openai', { api_key: 'sk-dev-canary' }, 'openai', 'development')
  const defects: unknown[] = []
  const api = await serveLocalApi({
    source: options.locked === true ? vault.locked() : vault.unlocked(),
    port: 0,
    runtimeDir: join(folder, 'run'),
    onDefect: (error) => defects.push(error),
    ...(options.now === undefined ? {} : { now: options.now }),
  })

  const call = (path: string, ask: Ask = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const body = ask.body === undefined ? undefined : JSON.stringify(ask.body)
      const headers = {
        ...(ask.token === undefined ? {} : { Authorization: `Bearer ${ask.token}` }),
        ...(body === undefined
          ? {}
          : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }),
        ...ask.headers,
      }
      const to =
        ask.socket === true
          ? { socketPath: api.socket, headers: { Host: 'localhost', ...headers } }
          : { host: '127.0.0.1', port: api.port, headers }
      const req = httpRequest({ ...to, method: ask.method ?? 'GET', path, agent: false }, (res) => {
        let text = ''
        res.setEncoding('utf8')
        res.on('data', (chunk: string) => {
          text += chunk
        })
        res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, text }))
        res.on('error', reject)
      })
      req.on('error', reject)
      req.end(body)
    })

  const raw = (text: string | readonly string[], quietMs = 400): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(api.port, '127.0.0.1')
      let got = ''
      let timer: NodeJS.Timeout
      const done = (): void => {
        clearTimeout(timer)
        socket.destroy()
        resolve(got)
      }
      const wait = (): void => {
        clearTimeout(timer)
        // A busy machine is slow to begin, not to go on.
        timer = setTimeout(done, got === '' ? 5000 : quietMs)
      }
      socket.setEncoding('utf8')
      socket.on('connect', () => {
        for (const part of typeof text === 'string' ? [text] : text) socket.write(part)
        wait()
      })
      socket.on('data', (chunk: string) => {
        got += chunk
        wait()
      })
      socket.on('end', done)
      socket.on('error', (error) => (got === '' ? reject(error) : done()))
    })

  const bind = async (ask: Partial<BindingAskInput> = {}): Promise<BindingCreated> =>
    parsed(await call('/v1/bindings', { method: 'POST', body: { ...ASK, ...ask } }), bindingCreatedSchema)

  const poll = async (id: string, claim: string): Promise<BindingPoll> =>
    parsed(await call(`/v1/bindings/${id}`, { token: claim }), bindingPollSchema)

  const granted = async (ask: Partial<BindingAskInput> = {}, maxUnrecordedMs = 0) => {
    const { id, claim } = await bind(ask)
    vault.decide(id, 'granted', { maxUnrecordedMs })
    const { token } = await poll(id, claim)
    if (token === undefined) throw new Error('no token came')
    return { id, token, claim }
  }

  const close = async (): Promise<void> => {
    await api.close()
    await vault.close()
    await rm(folder, { recursive: true })
    if (defects.length > 0) throw defects[0]
  }
  return { vault, api, folder, defects, call, raw, bind, granted, close }
}

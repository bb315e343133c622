import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { discoverySchema } from '@countersign/schema/local-api'
import { problemSchema } from '@countersign/schema/problem'
import type { z } from 'zod'
import { CliError, EXIT, errorOf } from './cli-error.ts'
import type { Environment } from './environment.ts'

const TIMEOUT_MS = 15_000
const MAX_ANSWER_BYTES = 16 * 1024 * 1024

/** The socket comes first: unlike a port, nobody else can sit on it while Countersign is down. */
type Target = { readonly socketPath: string } | { readonly host: string; readonly port: number }

const unreachable = (why: string, cause?: unknown): CliError =>
  new CliError(
    EXIT.unreachable,
    `Countersign does not answer: ${why}.`,
    'Start Countersign, or set COUNTERSIGN_SOCKET or COUNTERSIGN_ADDR to where it runs.',
    cause === undefined ? undefined : { cause },
  )

const findTarget = async (env: Environment): Promise<Target> => {
  if (env.socket !== null) return { socketPath: env.socket }
  if (env.address !== null) {
    const { hostname, port } = new URL(env.address)
    return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) }
  }
  if (env.runtimeDir === null) throw unreachable('XDG_RUNTIME_DIR is not set, so there is no place to look')
  const file = join(env.runtimeDir, 'agent.json')
  try {
    return { socketPath: discoverySchema.parse(JSON.parse(await readFile(file, 'utf8'))).socket }
  } catch (cause) {
    throw unreachable(`${file} cannot be read`, cause)
  }
}

export interface Call<S extends z.ZodType> {
  readonly method?: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly bearer?: string
  readonly body?: unknown
  readonly answer: S
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  /** What the call is about, for messages. */
  readonly about?: string
}

/** The local API as this command uses it. Refusals are thrown as `CliError` with the API's own words. */
export class ApiClient {
  readonly #target: Target

  private constructor(target: Target) {
    this.#target = target
  }

  static async find(env: Environment): Promise<ApiClient> {
    return new ApiClient(await findTarget(env))
  }

  async call<S extends z.ZodType>(call: Call<S>): Promise<z.output<S>> {
    const { status, text } = await this.#exchange(call)
    let json: unknown
    try {
      json = JSON.parse(text)
    } catch (cause) {
      throw new CliError(EXIT.unexpected, 'The answer is not JSON.', 'Is that address Countersign?', {
        cause,
      })
    }
    if (status < 200 || status > 299) {
      const problem = problemSchema.safeParse(json)
      if (problem.success) throw errorOf(problem.data, call.about)
      throw new CliError(EXIT.unexpected, `Countersign answered ${status}.`, 'Is that address Countersign?')
    }
    const parsed = call.answer.safeParse(json)
    if (parsed.success) return parsed.data
    throw new CliError(
      EXIT.unexpected,
      'The answer has a form this command does not know.',
      'Use the command that belongs to the installed Countersign.',
      { cause: parsed.error },
    )
  }

  #exchange(call: Call<z.ZodType>): Promise<{ status: number; text: string }> {
    const body = call.body === undefined ? undefined : JSON.stringify(call.body)
    const headers = {
      ...('socketPath' in this.#target ? { Host: 'localhost' } : {}),
      ...(call.bearer === undefined ? {} : { Authorization: `Bearer ${call.bearer}` }),
      ...(body === undefined
        ? {}
        : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }),
    }
    return new Promise((resolve, reject) => {
      const req = request(
        {
          ...this.#target,
          method: call.method ?? 'GET',
          path: call.path,
          headers,
          agent: false,
          timeout: call.timeoutMs ?? TIMEOUT_MS,
          ...(call.signal === undefined ? {} : { signal: call.signal }),
        },
        (res) => {
          const chunks: Buffer[] = []
          let size = 0
          res.on('data', (chunk: Buffer) => {
            size += chunk.length
            if (size > MAX_ANSWER_BYTES) res.destroy(new Error('the answer is too large'))
            else chunks.push(chunk)
          })
          res.on('end', () =>
            resolve({ status: res.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
          )
          res.on('error', (error) => reject(unreachable('the connection broke off', error)))
        },
      )
      req.on('timeout', () => req.destroy(new Error('no answer in time')))
      req.on('error', (error) => {
        if (call.signal?.aborted) reject(error)
        else reject(unreachable(error.message, error))
      })
      req.end(body)
    })
  }
}

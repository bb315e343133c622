import { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { randomBytes } from '@countersign/crypto/random'
import type { Api } from '@countersign/local-api/api'
import { AuditGate } from '@countersign/local-api/audit-gate'
import { BadTokenLimit } from '@countersign/local-api/bad-token-limit'
import type { CallerFinder } from '@countersign/local-api/caller/caller-finder'
import { ProgramLooks } from '@countersign/local-api/caller/program-looks'
import { ConnectionState } from '@countersign/local-api/connection-state'
import { EventHub } from '@countersign/local-api/event-hub'
import type { Exchange } from '@countersign/local-api/exchange'
import { newMetrics } from '@countersign/local-api/metrics'
import { PollLimit } from '@countersign/local-api/poll-limit'
import { PreparedReads } from '@countersign/local-api/prepared-reads'
import { RequestStorm } from '@countersign/local-api/request-storm'
import { askToBind } from '@countersign/local-api/routes/bindings'
import { readCredential } from '@countersign/local-api/routes/credentials'
import { pollBinding } from '@countersign/local-api/routes/poll-binding'
import { ProofNonces } from '@countersign/local-api/sender/proof-nonces'
import type { UnlockedSource } from '@countersign/local-api/source'
import { TokenBook } from '@countersign/local-api/token-book'
import { toHex } from '@countersign/schema/hex'
import type { BindingAskInput } from '@countersign/schema/local-api'
import { z } from 'zod'

/** One program of the same user, seen alike by every request. */
const CALLER = {
  executable: '/usr/bin/program',
  executableHash: null,
  pid: 4242,
  parents: [],
  workingDirectory: null,
  container: null,
  user: 'user',
  via: 'socket',
} as const

const finder: CallerFinder = {
  tellsUsers: false,
  userOf: async () => null,
  describe: async () => ({ caller: { ...CALLER, parents: [] }, process: null }),
  executableOf: async () => null,
  holdsSocket: () => false,
  runsSameFile: () => false,
  isAlive: () => true,
}
const looks = new ProgramLooks(finder)

/** The other end of a request: keeps what was written. */
class Collector extends Duplex {
  readonly chunks: Buffer[] = []
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.chunks.push(chunk)
    done()
  }
}

export interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
}

const answerSchema = z.record(z.string(), z.unknown())

/** Programs on a machine and the shipped routes they call: everything but the sockets between them. */
export class LocalPrograms {
  readonly #api: Api
  readonly #ended = new AbortController()

  private constructor(api: Api) {
    this.#api = api
  }

  static async open(source: UnlockedSource, now: () => number): Promise<LocalPrograms> {
    const gate = new AuditGate((records) => source.audit(records), now)
    const api: Api = {
      session: null,
      source,
      gate,
      badTokens: new BadTokenLimit(now()),
      storm: new RequestStorm(),
      finder,
      hub: new EventHub(),
      nonces: new ProofNonces(now),
      metrics: newMetrics({
        mode: () => source.mode(),
        connections: () => 1,
        eventStreams: () => 0,
        openPolls: () => 0,
        auditFailures: () => gate.failures,
      }),
      now,
      onMode: () => undefined,
      startedAt: now(),
      polls: new PollLimit(),
      onDefect: (error) => {
        throw error
      },
      url: 'http://127.0.0.1:1',
      portMoved: false,
    }
    const programs = new LocalPrograms(api)
    const book = await TokenBook.open(source.tokens, (record) => source.binding(record.binding) !== undefined)
    const prepared = new PreparedReads(source)
    api.session = { source, book, prepared, name: toHex(randomBytes(16)), ended: programs.#ended.signal }
    return programs
  }

  ask(ask: BindingAskInput): Promise<Answer> {
    const body = JSON.stringify(ask)
    return this.#exchange(askToBind, { body })
  }

  poll(id: string, claim: string): Promise<Answer> {
    return this.#exchange(pollBinding, { params: { id }, bearer: claim })
  }

  read(place: { vault: string; environment: string; item: string }, token: string): Promise<Answer> {
    const url = `/v1/credentials/${place.vault}/${place.environment}/${place.item}`
    return this.#exchange(readCredential, { params: place, bearer: token, url })
  }

  async #exchange(
    route: (api: Api, exchange: Exchange) => undefined | Promise<undefined>,
    what: { params?: Record<string, string>; bearer?: string; body?: string; url?: string },
  ): Promise<Answer> {
    const { params = {}, bearer, body, url = '' } = what
    const collector = new Collector()
    // The routes look at a socket only through the finder above.
    const socket = collector as Duplex as Socket
    const req = new IncomingMessage(socket)
    req.complete = true
    if (body !== undefined) {
      req.push(body)
      req.push(null)
    }
    const res = new ServerResponse(req)
    res.sendDate = false
    res.assignSocket(socket)
    const finished = new Promise<void>((resolve) => res.once('finish', resolve))
    const connection = new ConnectionState(socket, 'socket', new Set(['localhost']), finder, looks)
    const headers = {
      host: 'localhost',
      authorization: bearer === undefined ? undefined : `Bearer ${bearer}`,
      contentType: body === undefined ? undefined : 'application/json',
      ifNoneMatch: undefined,
      dpop: undefined,
      fromPage: false,
      hasBody: body !== undefined,
    }
    await route(this.#api, { req, res, headers, connection, params, query: '', url })
    await finished
    const text = Buffer.concat(collector.chunks).toString('utf8')
    const parsed: unknown = JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4))
    return { status: res.statusCode, body: answerSchema.parse(parsed) }
  }
}

import {
  type ApiEvent,
  apiEventSchema,
  type BindingAskInput,
  type BindingCreated,
  type BindingPoll,
  bindingCreatedSchema,
  bindingPollSchema,
  type Credential,
  credentialSchema,
  type Health,
  healthSchema,
} from '@countersign/schema/local-api'

export type Answer<T> =
  | { status: number; ok: true; value: T }
  | { status: number; ok: false; code: string; detail: string }

/** What any program on the machine can do with the local API, over plain HTTP. */
export class LocalApiClient {
  readonly url: string

  constructor(url: string) {
    this.url = url
  }

  health(): Promise<Answer<Health>> {
    return this.#ask('GET', '/health', null, (body) => healthSchema.parse(body))
  }

  bind(ask: BindingAskInput): Promise<Answer<BindingCreated>> {
    return this.#ask('POST', '/v1/bindings', null, (body) => bindingCreatedSchema.parse(body), ask)
  }

  /** Answers when the state of the request changed, or after `waitS` seconds. */
  poll(id: string, claim: string, waitS: number): Promise<Answer<BindingPoll>> {
    return this.#ask('GET', `/v1/bindings/${id}?wait=${waitS}`, claim, (body) =>
      bindingPollSchema.parse(body),
    )
  }

  /** `reference`: `cs://vault/environment/item`. */
  read(reference: string, token: string): Promise<Answer<Credential>> {
    const path = `/v1/credentials/${reference.slice('cs://'.length)}`
    return this.#ask('GET', path, token, (body) => credentialSchema.parse(body))
  }

  /** Listens to the binding's events; `heard` grows until `close`, or until the API ends the stream (`ended`). */
  async events(token: string): Promise<{ heard: ApiEvent[]; ended: Promise<void>; close(): void }> {
    const ending = new AbortController()
    const response = await fetch(new URL('/v1/events', this.url), {
      headers: { authorization: `Bearer ${token}` },
      signal: ending.signal,
    })
    if (!response.ok || response.body === null) throw new Error(`no events: ${response.status}`)
    const heard: ApiEvent[] = []
    const follow = async (body: ReadableStream<Uint8Array>): Promise<void> => {
      let text = ''
      const decoder = new TextDecoder()
      for await (const chunk of body) {
        text += decoder.decode(chunk, { stream: true })
        const lines = text.split('\n')
        text = lines.pop() ?? ''
        for (const line of lines)
          if (line.startsWith('data:'))
            heard.push(apiEventSchema.parse(JSON.parse(line.slice('data:'.length))))
      }
    }
    const ended = follow(response.body).catch((error: unknown) => {
      // The server end closes it on lock and on a revoked binding, we close it ourselves: either way it is over.
      if (!ending.signal.aborted && !(error instanceof TypeError)) throw error
    })
    return { heard, ended, close: () => ending.abort() }
  }

  async #ask<T>(
    method: 'GET' | 'POST',
    path: string,
    bearer: string | null,
    parse: (body: unknown) => T,
    body?: unknown,
  ): Promise<Answer<T>> {
    const headers: Record<string, string> = { connection: 'close' }
    if (bearer !== null) headers.authorization = `Bearer ${bearer}`
    if (body !== undefined) headers['content-type'] = 'application/json'
    const response = await fetch(new URL(path, this.url), {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const answer: unknown = await response.json()
    if (response.ok) return { status: response.status, ok: true, value: parse(answer) }
    const problem = typeof answer === 'object' && answer !== null ? answer : {}
    return {
      status: response.status,
      ok: false,
      code: 'code' in problem ? String(problem.code) : '',
      detail: 'detail' in problem ? String(problem.detail) : '',
    }
  }
}

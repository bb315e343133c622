import * as schemas from '@countersign/schema/local-api'
import { PROBLEM_CODES, PROBLEMS, problemSchema } from '@countersign/schema/problem'
import { z } from 'zod'

/** What a document is made of: nothing but JSON. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

interface Operation {
  readonly method: 'get' | 'post' | 'delete'
  readonly path: string
  readonly id: string
  readonly summary: string
  readonly bearer: 'token' | 'claim' | 'token or claim' | null
  readonly body?: string
  readonly query?: Readonly<Record<string, readonly [description: string, maximum: number | null]>>
  readonly answers: Readonly<Record<string, readonly [description: string, schema: string | null]>>
  /** Statuses of the problems it may answer besides those every call has. */
  readonly problems: readonly number[]
}

/** Every schema by the name it has in the document. */
const NAMED = {
  BindingAsk: schemas.bindingAskSchema,
  BindingCreated: schemas.bindingCreatedSchema,
  BindingPoll: schemas.bindingPollSchema,
  GivenBack: schemas.givenBackSchema,
  CredentialList: schemas.credentialListSchema,
  Credential: schemas.credentialSchema,
  ResolveAsk: schemas.resolveAskSchema,
  Resolved: schemas.resolvedSchema,
  Event: schemas.apiEventSchema,
  Health: schemas.healthSchema,
  Live: schemas.liveSchema,
  Ready: schemas.readySchema,
  Problem: problemSchema,
} as const

const credential = {
  method: 'get',
  bearer: 'token',
  query: { version: ['A version; the current one if left out.', null] },
  answers: {
    '200': ['The value. Weak `ETag`; `Age` in seconds where it is served from cache.', 'Credential'],
    '304': ['Not changed since the version of `If-None-Match`.', null],
  },
  problems: [401, 403, 404, 409, 423, 425],
} as const

const OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: '/livez',
    id: 'live',
    summary: 'The process answers',
    bearer: null,
    answers: { '200': ['It does.', 'Live'] },
    problems: [],
  },
  {
    method: 'get',
    path: '/readyz',
    id: 'ready',
    summary: 'Reads are served',
    bearer: null,
    answers: { '200': ['They are.', 'Ready'] },
    problems: [423],
  },
  {
    method: 'get',
    path: '/health',
    id: 'health',
    summary: 'Mode and freshness; never a name or a value',
    bearer: null,
    answers: { '200': ['In every mode.', 'Health'] },
    problems: [],
  },
  {
    method: 'get',
    path: '/metrics',
    id: 'metrics',
    summary: 'Prometheus text; never a name or a value',
    bearer: null,
    answers: { '200': ['Text of the Prometheus exposition format.', null] },
    problems: [],
  },
  {
    method: 'post',
    path: '/v1/bindings',
    id: 'askToBind',
    summary: 'Ask to bind: people decide',
    bearer: null,
    body: 'BindingAsk',
    answers: { '202': ['Asked. The claim fetches the token once people have approved.', 'BindingCreated'] },
    problems: [403, 404, 413, 415, 423, 429],
  },
  {
    method: 'get',
    path: '/v1/bindings/{id}',
    id: 'pollBinding',
    summary: 'The state of a request; with the token once granted',
    bearer: 'claim',
    query: { wait: ['Seconds to wait for a decision.', 60] },
    answers: { '200': ['As it stands.', 'BindingPoll'] },
    problems: [401, 404, 409, 423],
  },
  {
    method: 'delete',
    path: '/v1/bindings/self',
    id: 'giveBack',
    summary: 'Give the binding back, or withdraw the request',
    bearer: 'token or claim',
    answers: { '200': ['Done.', 'GivenBack'] },
    problems: [401, 403, 423],
  },
  {
    method: 'get',
    path: '/v1/credentials',
    id: 'listCredentials',
    summary: 'What this binding may read; no values',
    bearer: 'token',
    answers: { '200': ['The list.', 'CredentialList'] },
    problems: [401, 403, 423],
  },
  {
    ...credential,
    path: '/v1/credentials/{vault}/{environment}/{item}',
    id: 'readCredential',
    summary: 'Read a credential',
  },
  {
    ...credential,
    path: '/v1/credentials/{vault}/{environment}/{item}/{field}',
    id: 'readField',
    summary: 'Read one field of a credential',
  },
  {
    method: 'post',
    path: '/v1/resolve',
    id: 'resolve',
    summary: 'Resolve up to 100 references at once',
    bearer: 'token',
    body: 'ResolveAsk',
    answers: { '200': ['Each reference with its value or its problem.', 'Resolved'] },
    problems: [401, 403, 413, 415, 423],
  },
  {
    method: 'get',
    path: '/v1/events',
    id: 'events',
    summary: 'Server-sent events of this binding: mode, rotated, expiring, revoked, locked',
    bearer: 'token',
    answers: { '200': ['A stream. Each `data` is an Event; the event name is its `type`.', 'Event'] },
    problems: [401, 403, 423, 429],
  },
]

const SEALED_ANSWER =
  'To a program with senderKeys: the JSON in a JWS of `answerKey` (with the `jti` of the proof), in a JWE to its seal key. Both compact.'

/** Refusals that any call may meet. */
const COMMON_PROBLEMS = [400, 403, 405, 408, 417, 421, 431, 500, 503]

const reference = (name: string): Json => ({ $ref: `#/components/schemas/${name}` })

const isJson = (value: unknown): value is Json => {
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return true
  if (Array.isArray(value)) return value.every(isJson)
  return typeof value === 'object' && Object.values(value).every(isJson)
}

const schemaOf = (name: string, schema: z.ZodType): Json => {
  const io = name.endsWith('Ask') ? 'input' : 'output'
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io,
    reused: 'inline',
  })
  const plain: unknown = JSON.parse(JSON.stringify(rest))
  if (!isJson(plain)) throw new TypeError(`the schema ${name} has no JSON form`)
  return plain
}

const problemAnswer = (status: number): Json => {
  const codes = PROBLEM_CODES.filter((code) => PROBLEMS[code].status === status)
  const description = codes.map((code) => `\`${code}\` ${PROBLEMS[code].title}`).join('\n\n')
  return { description, content: { 'application/problem+json': { schema: reference('Problem') } } }
}

const answersOf = (operation: Operation): Json => {
  const answers: Record<string, Json> = {}
  for (const [status, [description, schema]] of Object.entries(operation.answers)) {
    const type =
      operation.id === 'events' ? 'text/event-stream' : schema === null ? 'text/plain' : 'application/json'
    const sealed = operation.bearer !== null && operation.id !== 'events'
    const content =
      status === '304'
        ? {}
        : {
            content: {
              [type]: schema === null ? {} : { schema: reference(schema) },
              ...(sealed
                ? { 'application/jose': { schema: { type: 'string', description: SEALED_ANSWER } } }
                : {}),
            },
          }
    answers[status] = { description, ...content }
  }
  for (const status of [...new Set([...COMMON_PROBLEMS, ...operation.problems])].sort((a, b) => a - b)) {
    answers[status] = { $ref: `#/components/responses/Problem${status}` }
  }
  return answers
}

const parametersOf = (operation: Operation): Json[] => {
  const parameters: Json[] = []
  for (const [, name = ''] of operation.path.matchAll(/\{(\w+)\}/g)) {
    parameters.push({ name, in: 'path', required: true, schema: { type: 'string' } })
  }
  for (const [name, [description, maximum]] of Object.entries(operation.query ?? {})) {
    const schema = {
      type: 'integer',
      minimum: maximum === null ? 1 : 0,
      ...(maximum === null ? {} : { maximum }),
    }
    parameters.push({ name, in: 'query', required: false, description, schema })
  }
  return parameters
}

const operationOf = (operation: Operation): Json => {
  const parameters = parametersOf(operation)
  return {
    operationId: operation.id,
    summary: operation.summary,
    ...(operation.bearer === null
      ? { security: [] }
      : {
          security: [{ bearer: [] }, { dpop: [] }],
          description: `Authorization: Bearer with the ${operation.bearer}; DPoP with a proof where the binding has senderKeys.`,
        }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(operation.body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: reference(operation.body) } },
          },
        }),
    responses: answersOf(operation),
  }
}

/** The OpenAPI 3.1 document, from the schemas that validate and the table of problems. */
export const openApiDocument = (): Json => {
  const paths: Record<string, Record<string, Json>> = {}
  for (const operation of OPERATIONS) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: operationOf(operation) }
  }
  const components: Record<string, Json> = {}
  for (const [name, schema] of Object.entries(NAMED)) components[name] = schemaOf(name, schema)
  const responses: Record<string, Json> = {}
  for (const status of [...new Set(PROBLEM_CODES.map((code) => PROBLEMS[code].status))].sort(
    (a, b) => a - b,
  )) {
    responses[`Problem${status}`] = problemAnswer(status)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Countersign local API',
      version: '1',
      description:
        'Served by Countersign on 127.0.0.1, ::1 and a Unix socket of the same machine. References are cs://VAULT/ENVIRONMENT/ITEM[/FIELD]. Every answer to a program of this user has a Countersign-Mode header. Pages in browsers are refused. Times are milliseconds since the epoch.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [
      {
        url: 'http://127.0.0.1:{port}',
        description: 'The port is chosen once per installation; agent.json in the runtime folder has it.',
        variables: { port: { default: '7117' } },
      },
    ],
    paths,
    components: {
      schemas: components,
      responses,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'cs_app_… or cs_claim_…' },
        dpop: {
          type: 'http',
          scheme: 'dpop',
          description:
            'RFC 9449: Authorization: DPoP with the token or claim, and a proof in the DPoP header.',
        },
      },
    },
  }
}

/** The committed file, byte for byte. */
export const openApiText = (): string => `${JSON.stringify(openApiDocument(), null, 2)}\n`

import { z } from 'zod'
import { modeSchema } from './mode.ts'

interface ProblemKind {
  readonly status: number
  /** What happened. */
  readonly title: string
  /** What to do about it. */
  readonly fix: string
}

const kind = (status: number, title: string, fix: string): ProblemKind => ({ status, title, fix })

/** Every refusal of the local API: stable code → HTTP status, what happened, what to do (RFC 9457). */
export const PROBLEMS = {
  'host.refused': kind(
    421,
    'The Host header does not name this API.',
    'Use http://127.0.0.1:PORT, http://[::1]:PORT or http://localhost:PORT; on the socket, http://localhost.',
  ),
  'address.refused': kind(403, 'Only programs on this machine are served.', 'Call from the same machine.'),
  'browser.refused': kind(
    403,
    'Web pages are not served.',
    'Call from a program, not from a page in a browser; send no Origin, Sec-Fetch-Site, -Dest or -User header.',
  ),
  'header.refused': kind(
    400,
    'A header is malformed or appears more than once.',
    'Send each of Host, Authorization, Content-Type and If-None-Match at most once.',
  ),
  'request.malformed': kind(400, 'The request is not valid HTTP.', 'Use an HTTP/1.1 client library.'),
  'request.timeout': kind(408, 'The request took too long to arrive.', 'Send the whole request at once.'),
  'request.headers_too_large': kind(431, 'The headers are too large.', 'Keep all headers under 8 KiB.'),
  'body.too_large': kind(413, 'The body is too large.', 'Keep bodies under 64 KiB.'),
  'body.unexpected': kind(400, 'This call takes no body.', 'Send the request without a body.'),
  'body.type': kind(415, 'The body is not JSON.', 'Send Content-Type: application/json.'),
  'body.invalid': kind(
    400,
    'The body does not have the expected form.',
    'Compare it with the OpenAPI document; `errors` says where.',
  ),
  'query.invalid': kind(400, 'The query is not one this call takes.', 'See the OpenAPI document.'),
  'expectation.refused': kind(417, 'Expect is not supported.', 'Send the body without an Expect header.'),
  'path.unknown': kind(404, 'There is no such call.', 'See the OpenAPI document for the calls there are.'),
  'method.refused': kind(405, 'This call does not take that method.', 'See the Allow header.'),
  'reference.malformed': kind(
    400,
    'The reference is malformed.',
    'Write cs://VAULT/ENVIRONMENT/ITEM, optionally /FIELD and ?version=N; names use lower-case letters, digits, dots, dashes and underscores.',
  ),
  'token.in_url': kind(
    400,
    'There was a token in the address.',
    'Send it as Authorization: Bearer; addresses end up in logs, so revoke this binding and bind again.',
  ),
  'token.missing': kind(
    401,
    'No token was sent.',
    'Bind first (POST /v1/bindings, or `countersign bind`), then send Authorization: Bearer cs_app_….',
  ),
  'token.malformed': kind(
    401,
    'That is not a token of this API.',
    'Check that the whole token was copied: it starts with cs_app_ and has a checksum.',
  ),
  'token.unknown': kind(
    401,
    'The token is not valid.',
    'It was replaced, given back, or belongs to another installation: bind again.',
  ),
  'token.too_many_bad': kind(
    429,
    'Too many bad tokens.',
    'Wait for as long as Retry-After says; correct tokens are still served.',
  ),
  'proof.missing': kind(
    401,
    'This token works only with a proof of its program’s key.',
    'Send Authorization: DPoP TOKEN and a DPoP header (RFC 9449), signed with the key named when binding.',
  ),
  'proof.nonce': kind(
    401,
    'The proof is signed under no present nonce.',
    'Sign another one with the nonce of the DPoP-Nonce header, and send the request again.',
  ),
  'proof.invalid': kind(
    401,
    'The proof does not show that this program may use the token.',
    'Sign one for exactly this request with the key named when binding: htm, htu, ath, nonce, a fresh jti.',
  ),
  'proof.unexpected': kind(
    401,
    'This token belongs to no key of a program.',
    'Send it as Authorization: Bearer, or bind again with senderKeys.',
  ),
  'claim.wrong': kind(
    401,
    'The claim does not belong to this request.',
    'Use the claim that came with its id.',
  ),
  'claim.used': kind(
    409,
    'The token of this claim has been used already.',
    'If it was not this program that used it, revoke the binding in the app; otherwise bind again.',
  ),
  'binding.unknown': kind(404, 'There is no such request or binding.', 'Bind again: POST /v1/bindings.'),
  'binding.revoked': kind(403, 'The binding was revoked.', 'Ask again: POST /v1/bindings.'),
  'binding.not_granted': kind(425, 'The binding is not granted yet.', 'Poll GET /v1/bindings/{id}?wait=30.'),
  'binding.already_asked': kind(
    409,
    'This very request waits already.',
    'Poll it with the claim that came with it; without the claim, have it cancelled in the app, or ask from a new process.',
  ),
  'binding.too_many': kind(
    429,
    'Too many requests to bind are waiting.',
    'Wait for an answer to the ones already asked, or cancel them.',
  ),
  'scope.refused': kind(
    403,
    'This binding does not cover that credential.',
    'Ask for it with POST /v1/bindings; `requestUrl` says where.',
  ),
  'mode.broker_only': kind(
    403,
    'This binding may use the credential through the broker only.',
    'Ask for mode "reveal" if the program must see the value itself.',
  ),
  'lease.expired': kind(403, 'The lease is over.', 'Ask again: POST /v1/bindings.'),
  'lease.used_up': kind(403, 'The lease has no uses left.', 'Ask again: POST /v1/bindings.'),
  'lease.ended_by_lock': kind(
    403,
    'The lease ran until the vault was locked.',
    'Ask again: POST /v1/bindings.',
  ),
  'lease.process_ended': kind(
    403,
    'The lease ended with the process that asked for it.',
    'Ask again from the new process: POST /v1/bindings.',
  ),
  'caller.changed': kind(
    403,
    'The program is not the one this binding was approved for.',
    'If it was updated, ask again: POST /v1/bindings. To hand a token to other programs, ask with "tokenFor": "any-program".',
  ),
  'caller.unidentified': kind(
    403,
    'The calling program could not be identified.',
    'Call from the same user and container as when binding, by the same way (socket or TCP), over a connection that no other program has open.',
  ),
  'credential.unknown': kind(
    404,
    'There is no such credential.',
    'List what you may read: GET /v1/credentials.',
  ),
  'credential.field_unknown': kind(
    404,
    'The credential has no such field.',
    'GET /v1/credentials names its fields.',
  ),
  'credential.version_unknown': kind(
    404,
    'That version cannot be read with this binding.',
    'Leave the version out to read the current one.',
  ),
  'credential.ambiguous': kind(
    409,
    'More than one credential has that name.',
    'Use one of `candidates`, or have a person choose between them in the app.',
  ),
  'target.unknown': kind(
    404,
    'There is no such vault, environment or credential for this member.',
    'Check the names; ask an admin for access where it is missing.',
  ),
  'target.refused': kind(
    403,
    'This member may not ask for that.',
    'Ask an admin of the team for the level "request" on the environment.',
  ),
  'lease.too_long': kind(403, 'The policy allows no lease that long.', '`detail` says how long one may be.'),
  'mode.refused': kind(
    503,
    'Not possible in the present mode.',
    'GET /health says what is missing; try again when the server is reached.',
  ),
  'freshness.expired': kind(
    503,
    'What is known here is too old to be served.',
    'Connect to the server; `detail` says who else could refresh it.',
  ),
  'device.turned_away': kind(
    403,
    'The server says that this device is no longer in the team.',
    'Ask an admin of the team; who was removed needs a new invite.',
  ),
  'release.awaited': kind(
    425,
    'Approved, but no holder has released the key of this version yet.',
    'Try again after Retry-After; a holder must have the app unlocked.',
  ),
  locked: kind(
    423,
    'The vault is locked.',
    'Unlock Countersign with a security key. Programs that run unattended belong on a headless agent.',
  ),
  empty: kind(
    423,
    'This installation belongs to no team yet.',
    'Open Countersign and create a team or accept an invite.',
  ),
  alarm: kind(
    503,
    'Countersign stopped serving because something does not add up.',
    'Open the app: it says what it found and what to do.',
  ),
  'audit.failed': kind(
    503,
    'The audit record could not be written, so nothing was handed out.',
    'Check for a full or failing disk.',
  ),
  'events.too_many': kind(
    429,
    'Too many event streams are open.',
    'Close one; share one stream in a program.',
  ),
  overloaded: kind(503, 'Too much is waiting already.', 'Try again after Retry-After.'),
  internal: kind(500, 'Something failed here.', 'Try again; if it lasts, restart Countersign and report it.'),
} as const satisfies Record<string, ProblemKind>

export type ProblemCode = keyof typeof PROBLEMS

const isProblemCode = (value: unknown): value is ProblemCode =>
  typeof value === 'string' && Object.hasOwn(PROBLEMS, value)
export const PROBLEM_CODES = Object.keys(PROBLEMS).filter(isProblemCode)

/** Body of every refusal, `application/problem+json`. Clients of a later version may see codes unknown to them. */
export const problemSchema = z.object({
  type: z.string().describe('urn:countersign:problem:CODE'),
  title: z.string(),
  status: z.number().int(),
  code: z.string().describe('Stable; what programs compare.'),
  detail: z.string().optional().describe('What happened this time.'),
  fix: z.string().describe('What a person can do about it.'),
  mode: modeSchema
    .optional()
    .describe('How the installation stands; not told to pages, nor for a wrong Host.'),
  requestUrl: z.string().optional().describe('Where to ask for what is missing.'),
  candidates: z.array(z.string()).optional().describe('References that were meant, where there are several.'),
  errors: z
    .array(z.object({ path: z.string(), message: z.string() }))
    .optional()
    .describe('What is wrong with the body, by JSON pointer.'),
})
export type Problem = z.infer<typeof problemSchema>

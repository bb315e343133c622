import type { Value } from './cbor.ts'
import type { Entry } from './entry.ts'
import { Fields, headOf } from './fields.ts'
import { FormatError } from './format-error.ts'
import { hashFor, hex, same } from './hashes.ts'
import type { People } from './people.ts'
import type { Findings, GrantReport } from './report.ts'
import { challengeFor, touchProblem } from './touch.ts'

interface Request {
  readonly seq: number
  readonly hash: Uint8Array
  readonly environments: readonly Value[]
}

/** The ledger so far, as approvals refer to it. */
export interface LedgerSoFar {
  readonly team: string
  readonly people: People
  hashAt(seq: number): Uint8Array | undefined
}

const APPROVAL = ['requestHash', 'terms', 'policyVersion', 'nonce', 'expiresAt', 'head', 'assertion'] as const

/** Requests, approvals and grants in ledger order: every touch is verified again, from the ledger alone. */
export class Approvals {
  readonly grants: GrantReport[] = []
  verified = 0
  failed = 0
  closed = 0
  readonly #requests = new Map<string, Request>()
  readonly #touches = new Map<string, Set<string>>()

  /** `content`: the entry's opened body as it was sealed; null where it was not opened. */
  take(entry: Entry, content: Uint8Array | null, ledger: LedgerSoFar, findings: Findings): void {
    const { type, plain, member, seq } = entry
    if (type === 'request.create' && content !== null) this.#ask(entry, content)
    if (type === 'approval.give') this.#approve(entry, content, ledger, findings)
    if (type === 'approval.withdraw') this.#touches.get(plain.id('request'))?.delete(member)
    if (type !== 'grant.issue') return
    const request = plain.id('request')
    const approvedBy = [...(this.#touches.get(request) ?? [])].map((each) => ledger.people.nameOf(each))
    this.grants.push({ request, seq, by: ledger.people.nameOf(member), approvedBy })
  }

  #ask(entry: Entry, content: Uint8Array): void {
    const request = entry.plain.id('request')
    const body = Fields.of(content)
    if (body.id('request') !== request || this.#requests.has(request)) return
    const binding = body.text('kind') === 'binding'
    const environments = binding ? [body.fields('terms').id('environment')] : body.list('environments')
    this.#requests.set(request, { seq: entry.seq, hash: hashFor('request', content), environments })
  }

  #approve(entry: Entry, content: Uint8Array | null, ledger: LedgerSoFar, findings: Findings): void {
    const who = `Approval in ledger entry ${entry.seq} by ${ledger.people.nameOf(entry.member)}`
    if (content === null) {
      this.closed += 1
      return
    }
    let problem: string | null
    try {
      problem = this.#problem(entry, Fields.of(content).only(...APPROVAL), ledger)
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      problem = `it is malformed: ${error.message}`
    }
    if (problem !== null) {
      this.failed += 1
      findings.add('untouched', 'approval.touch', `${who} is not a touch over what was asked: ${problem}.`)
      return
    }
    this.verified += 1
    const request = entry.plain.id('request')
    const people = this.#touches.get(request) ?? new Set<string>()
    this.#touches.set(request, people.add(entry.member))
  }

  #problem(entry: Entry, body: Fields, ledger: LedgerSoFar): string | null {
    const id = entry.plain.id('request')
    const request = this.#requests.get(id)
    if (request === undefined) return 'the request is not in the file, or was not opened'
    const requestHash = body.bytes('requestHash', 32)
    if (!same(requestHash, request.hash)) return 'it names another request'
    const head = headOf(body.fields('head'))
    const there = ledger.hashAt(head.seq)
    if (head.seq < request.seq || there === undefined || !same(there, head.hash)) {
      return 'it was given on another history'
    }
    const assertion = body.fields('assertion')
    const credential = ledger.people.credentials.get(hex(assertion.bytes('credentialId')))
    if (credential === undefined || credential.member !== entry.member) {
      return 'its security key is not one of this member'
    }
    if (credential.retiredAt !== null) return 'its security key was retired before'
    const challenge = challengeFor('approve', {
      decision: 'approve',
      team: ledger.team,
      request: id,
      requestHash,
      approver: entry.member,
      environments: request.environments,
      policyVersion: body.whole('policyVersion'),
      terms: body.value('terms'),
      nonce: body.bytes('nonce', 32),
      expiresAt: body.whole('expiresAt'),
      head: body.value('head'),
    })
    return touchProblem(assertion, credential, challenge)
  }
}

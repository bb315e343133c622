// Test-only: requests, approvals and grants of a test team.
import { randomBytes } from '@countersign/crypto/random'
import { approvalStatement } from '@countersign/schema/approval-statement'
import { type ItemId, type MemberId, newId, type RequestId } from '@countersign/schema/ids'
import type { LedgerBody } from '@countersign/schema/ledger-entries'
import type { Terms } from '@countersign/schema/request'
import { affectedBy, type ChangeContent, decidedBy } from '../src/change.ts'
import { approvalPolicyVersion } from '../src/eligible.ts'
import { effectiveTerms } from '../src/quorum.ts'
import { type ApprovalChoice, statementFor } from '../src/reduce-approvals.ts'
import {
  blob,
  type EnvironmentFixture,
  FixtureError,
  STEP,
  type WriteOptions,
  type Written,
} from './ledger-author.ts'
import { type Person, type SecurityKey, touch } from './person.ts'
import { TeamMembers } from './team-members.ts'

export class TeamRequests extends TeamMembers {
  terms(at: EnvironmentFixture, items: ItemId[] = [newId()], changes: Partial<Terms> = {}): Terms {
    const lease = { durationMs: 3_600_000, uses: null, untilLock: false, untilProcessEnds: false }
    return { ...at, items, models: [], mode: 'reveal', lease, ...changes }
  }

  bindingBody(
    person: Person,
    terms: Terms,
    changes: Partial<Extract<LedgerBody<'request.create'>, { kind: 'binding' }>> = {},
  ): Extract<LedgerBody<'request.create'>, { kind: 'binding' }> {
    const policy = this.state.policies.get(terms.environment)
    return {
      kind: 'binding',
      request: newId(),
      requester: person.member,
      device: person.device.device,
      terms,
      application: 'batch',
      caller: {
        executable: '/usr/bin/batch',
        executableHash: null,
        pid: 4711,
        parents: [],
        workingDirectory: '/srv',
        container: null,
        user: 'dev',
        via: 'socket',
      },
      reason: 'nightly run',
      code: '123456',
      policyVersion: policy?.version ?? 0,
      nonce: randomBytes(32),
      createdAt: this.clock,
      expiresAt: this.clock + Math.min(policy?.policy.deadlineMs ?? 3_600_000, 3_600_000),
      ...changes,
    }
  }

  request(person: Person, body: LedgerBody<'request.create'>, options: WriteOptions = {}): Written {
    const plain = { teamKeyEpoch: this.teamKeyEpoch, request: body.request }
    return this.write(person, 'request.create', plain, body, options)
  }

  /** Asks for a binding and returns its id; the fixture's own step, so it is accepted. */
  ask(person: Person, terms: Terms): RequestId {
    const body = this.bindingBody(person, terms)
    this.must(this.request(person, body))
    return body.request
  }

  /** Asks for the quorum of a change and returns the request's id. */
  askChange(person: Person, content: ChangeContent, author: MemberId = person.member): RequestId {
    const affected = affectedBy(this.state, author, content)
    const body: LedgerBody<'request.create'> = {
      kind: 'change',
      request: newId(),
      requester: person.member,
      device: person.device.device,
      environments: [...affected.environments],
      change: decidedBy(content),
      subject: affected.subject,
      reason: '',
      nonce: randomBytes(32),
      createdAt: this.clock,
      expiresAt: this.clock + 3_600_000,
    }
    this.must(this.request(person, body))
    return body.request
  }

  /** An approval's body with a genuine touch over the statement the ledger will rebuild. */
  approvalBody(
    person: Person,
    request: RequestId,
    changes: Partial<ApprovalChoice> = {},
    key: SecurityKey | undefined = person.keys[0],
  ): LedgerBody<'approval.give'> {
    const record = this.state.requests.get(request)
    if (record === undefined || key === undefined) throw new FixtureError('nothing to approve, or no key')
    const choice: ApprovalChoice = {
      terms: record.body.kind === 'binding' ? record.body.terms : null,
      nonce: randomBytes(32),
      expiresAt: record.body.expiresAt,
      head: this.head,
      ...changes,
    }
    const statement = statementFor(this.state, record, person.member, choice)
    return {
      ...choice,
      requestHash: record.requestHash,
      policyVersion: approvalPolicyVersion(this.state, record),
      assertion: touch(key, 'approve', approvalStatement(statement)),
    }
  }

  approve(
    person: Person,
    request: RequestId,
    changes: Partial<ApprovalChoice> = {},
    options: WriteOptions = {},
  ): Written {
    const body = this.approvalBody(person, request, changes)
    return this.giveApproval(person, request, body, options)
  }

  giveApproval(
    person: Person,
    request: RequestId,
    body: LedgerBody<'approval.give'>,
    options: WriteOptions = {},
  ): Written {
    return this.write(person, 'approval.give', { teamKeyEpoch: this.teamKeyEpoch, request }, body, options)
  }

  deny(person: Person, request: RequestId): Written {
    return this.write(person, 'approval.deny', { teamKeyEpoch: this.teamKeyEpoch, request }, { reason: 'no' })
  }

  withdraw(person: Person, request: RequestId): Written {
    return this.write(person, 'approval.withdraw', { teamKeyEpoch: this.teamKeyEpoch, request }, {})
  }

  cancel(person: Person, request: RequestId): Written {
    return this.write(person, 'request.cancel', { teamKeyEpoch: this.teamKeyEpoch, request }, { reason: '' })
  }

  revoke(person: Person, request: RequestId): Written {
    return this.write(
      person,
      'grant.revoke',
      { teamKeyEpoch: this.teamKeyEpoch, request },
      { reason: 'leaked' },
    )
  }

  /** Issues the grant for the effective terms, unless told others. */
  issue(
    person: Person,
    request: RequestId,
    changes: { terms?: Terms; expiresAt?: number; items?: ItemId[]; device?: string; time?: number } = {},
  ): Written {
    const record = this.state.requests.get(request)
    if (record === undefined || record.body.kind !== 'binding')
      throw new FixtureError('no such binding request')
    const time = changes.time ?? this.clock + STEP
    const terms = changes.terms ?? effectiveTerms(this.state, record, time) ?? record.body.terms
    const device = changes.device ?? record.body.device
    const releases = (changes.items ?? terms.items).map((item) => ({
      request,
      item,
      version: 1,
      device,
      blob: blob(),
    }))
    const plain = { teamKeyEpoch: this.teamKeyEpoch, request, releases }
    const expiresAt = changes.expiresAt ?? time + terms.lease.durationMs
    return this.write(person, 'grant.issue', plain, { terms, expiresAt }, { time })
  }

  release(person: Person, request: RequestId, item: ItemId, version: number, time?: number): Written {
    const record = this.state.requests.get(request)
    const releases = [{ request, item, version, device: record?.body.device ?? newId(), blob: blob() }]
    const options = time === undefined ? {} : { time }
    return this.write(person, 'grant.release', { teamKeyEpoch: this.teamKeyEpoch, releases }, {}, options)
  }
}

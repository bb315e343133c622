import type { TimelineEvent } from '@countersign/client/audit/audit-timeline'
import type { UnlockedSession } from '@countersign/client/session/unlocked-session'
import type { AuditAction, AuditRecord } from '@countersign/schema/audit'
import type { EnvironmentId, ItemId, RequestId } from '@countersign/schema/ids'
import type { LedgerContent } from '@countersign/schema/ledger-entries'
import { UNREADABLE } from '../../shared/audit-outcome.ts'
import { ruleInWords } from '../../shared/rule-words.ts'
import { unrecordedInWords } from '../../shared/unrecorded-words.ts'
import type { AuditRow } from '../../shared/views.ts'
import { changeWords } from './change-words.ts'
import { nameOf, placeName } from './people.ts'

const ledgerWords: Record<LedgerContent['type'], string> = {
  'team.create': 'founded the team',
  'bootstrap.close': 'closed the set-up',
  'vault.create': 'created a vault',
  'environment.create': 'created an environment',
  'member.add': 'added a member',
  'member.access': 'changed access',
  'member.roles': 'changed roles',
  'member.remove': 'removed a member',
  'epoch.start': 'made new keys',
  'device.add': 'added a device',
  'device.remove': 'removed a device',
  'credential.add': 'added a security key',
  'credential.retire': 'retired a security key',
  'policy.set': 'set a policy',
  'request.create': 'asked',
  'request.cancel': 'withdrew a request',
  'approval.give': 'approved with a touch',
  'approval.deny': 'denied',
  'approval.withdraw': 'took an approval back',
  'grant.issue': 'released the keys',
  'grant.release': 'released a new version',
  'grant.revoke': 'revoked a binding',
}

const recordWords: Record<AuditAction, string> = {
  'credential.read': 'read a credential',
  'credential.read_unrecorded': 'read without a record',
  'credential.denied': 'was refused a credential',
  'credential.revealed': 'revealed a value',
  'credential.listed': 'listed credentials',
  'binding.requested': 'asked for a binding',
  'binding.denied': 'was refused a binding',
  'binding.token_issued': 'handed out a token',
  'binding.given_back': 'gave a binding back',
  'app.denied': 'turned a program away',
  'vault.unlocked': 'unlocked',
  'vault.locked': 'locked',
  'device.acknowledged': 'vouched for this computer',
  'unlock.failed': 'failed to unlock',
  'mode.changed': 'changed mode',
  'audit.opened': 'opened the audit',
  'claim.reused': 'used a claim again',
  'settings.changed': 'changed settings',
  'alarm.dismissed': 'set an alarm aside',
}

const itemName = (session: UnlockedSession, environment: EnvironmentId, item: ItemId): string =>
  session.index(environment)?.get(item)?.meta.name ?? 'a credential'

const requestName = (session: UnlockedSession, request: RequestId): string => {
  const body = session.ledger.requests.get(request)?.body
  if (body === undefined) return 'a request'
  return body.kind === 'change'
    ? (changeWords(session.ledger, body.requester, body.change)[0] ?? '')
    : `${body.application} (${nameOf(session.ledger, body.requester)}) in ${placeName(session.ledger, body.terms.environment)}`
}

/** What an entry is about, and what else is worth a line. Names and ids only: no value ever comes near this. */
const ledgerSubject = (
  session: UnlockedSession,
  content: LedgerContent,
): { target: string; detail: string } => {
  const { ledger } = session
  const plain = (target: string, detail = ''): { target: string; detail: string } => ({ target, detail })
  switch (content.type) {
    case 'team.create':
      return plain(content.body.team)
    case 'bootstrap.close':
      return plain('the team')
    case 'vault.create':
      return plain(content.body.name)
    case 'environment.create':
      return plain(placeName(ledger, content.plain.epoch.environment))
    case 'member.add':
      return plain(content.body.name, content.plain.member.roles.join(', '))
    case 'member.access':
      return plain(
        nameOf(ledger, content.plain.member),
        content.plain.access
          .map(
            ({ environment, level, approve }) =>
              `${placeName(ledger, environment)}: ${level}${approve ? ', approves' : ''}`,
          )
          .join('; '),
      )
    case 'member.roles':
      return plain(nameOf(ledger, content.plain.member), content.plain.roles.join(', ') || 'no role')
    case 'member.remove':
      return plain(nameOf(ledger, content.plain.member), content.body.reason)
    case 'epoch.start':
      return plain(placeName(ledger, content.plain.epoch.environment), `epoch ${content.plain.epoch.epoch}`)
    case 'device.add':
      return plain(content.body.name)
    case 'device.remove':
      return plain(ledger.names.devices.get(content.plain.device) ?? 'a device')
    case 'credential.add':
      return plain(content.body.label)
    case 'credential.retire':
      return plain('a security key', content.body.reason)
    case 'policy.set':
      return plain(
        placeName(ledger, content.plain.environment),
        [
          ruleInWords(content.body.rule, (member) => nameOf(ledger, member)),
          ...(content.body.maxUnrecordedMs === undefined ? [] : [unrecordedInWords(content.body)]),
        ].join('; '),
      )
    case 'request.create':
      return plain(
        requestName(session, content.plain.request),
        content.body.kind === 'binding' ? content.body.reason : '',
      )
    case 'approval.deny':
    case 'request.cancel':
    case 'grant.revoke':
      return plain(requestName(session, content.plain.request), content.body.reason)
    case 'approval.give':
    case 'approval.withdraw':
    case 'grant.issue':
      return plain(requestName(session, content.plain.request))
    case 'grant.release':
      return plain(
        [...new Set(content.plain.releases.map((release) => requestName(session, release.request)))].join(
          ', ',
        ),
      )
  }
}

/** When, and where there were several, what. */
const unrecordedDetails = (session: UnlockedSession, record: AuditRecord): string[] => {
  const { environment, unrecorded } = record
  if (environment === null || unrecorded === undefined) return []
  const time = (ms: number): string => new Date(ms).toISOString()
  const reads = unrecorded.reads.map(({ item, version, field, count }) => {
    const name = itemName(session, environment, item)
    return `${field === '' ? name : `${name}/${field}`} version ${version} (${count} times)`
  })
  return [
    `from ${time(unrecorded.first)} to ${time(unrecorded.last)}`,
    ...(reads.length === 1 ? [] : [reads.join(', ')]),
  ]
}

/** One event in words. */
export const auditRow = (session: UnlockedSession, event: TimelineEvent): AuditRow => {
  const { ledger } = session
  const common = {
    id: event.id,
    time: event.time,
    source: event.source,
    actor: nameOf(ledger, event.member),
    seq: event.seq,
  }
  if (event.source === 'ledger') {
    const outcome = event.refused ?? (event.content === null ? UNREADABLE : 'ok')
    if (event.content === null)
      return { ...common, action: event.type, target: '', detail: '', outcome, verified: true }
    return {
      ...common,
      action: ledgerWords[event.content.type],
      ...ledgerSubject(session, event.content),
      outcome,
      verified: true,
    }
  }
  if (event.source === 'compartment') {
    const name = event.item === null ? 'a credential' : itemName(session, event.environment, event.item)
    const action =
      event.change === 'delete'
        ? 'deleted a credential'
        : event.version === 1
          ? 'added a credential'
          : 'wrote a new version'
    return {
      ...common,
      action,
      target: `${name} in ${placeName(ledger, event.environment)}`,
      detail: event.version === null ? '' : `version ${event.version}`,
      outcome: event.refused ?? (event.change === 'unreadable' ? UNREADABLE : 'ok'),
      verified: true,
    }
  }
  const { record } = event
  const where = record.environment === null ? '' : placeName(ledger, record.environment)
  const what =
    record.environment === null || record.item === null
      ? ''
      : itemName(session, record.environment, record.item)
  const times = record.count > 1 ? `${record.count} times` : ''
  const details = [
    record.version === null ? '' : `version ${record.version}`,
    ...unrecordedDetails(session, record),
    record.caller?.executable ?? '',
    record.detail,
    times,
  ]
  return {
    ...common,
    action: recordWords[record.action],
    target: [record.application ?? '', what, where].filter((each) => each !== '').join(' · '),
    detail: details.filter((each) => each !== '').join(' · '),
    outcome: record.outcome,
    verified: true,
  }
}

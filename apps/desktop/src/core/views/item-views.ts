import { hasFork, type ItemRecord } from '@countersign/client/items/item-index'
import { conflictedItems } from '@countersign/client/items/offline-items'
import type { UnlockedSession } from '@countersign/client/session/unlocked-session'
import { accessOf, holdersOf } from '@countersign/ledger/projection-lookup'
import { liveGrants } from '@countersign/ledger/reduce-grants'
import { describeField } from '@countersign/schema/providers'
import { itemReference } from '@countersign/schema/reference'
import { ruleInWords } from '../../shared/rule-words.ts'
import type { ItemDetail, ItemRow } from '../../shared/views.ts'
import { nameOf, personView } from './people.ts'

/** Live bindings per item, counted once for a whole list. */
export const bindingCounts = (session: UnlockedSession): Map<string, number> => {
  const counts = new Map<string, number>()
  for (const { grant } of liveGrants(session.ledger, session.now())) {
    for (const item of grant.terms.items) counts.set(item, (counts.get(item) ?? 0) + 1)
  }
  return counts
}

export const itemRow = (
  session: UnlockedSession,
  record: ItemRecord,
  counts: ReadonlyMap<string, number>,
  rotationDue: ReadonlySet<string>,
): ItemRow => {
  const { ledger } = session
  const { environment, item, meta, current } = record
  const vault = ledger.projection.environments.get(environment)?.vault ?? ''
  return {
    item,
    vault,
    environment,
    vaultName: ledger.names.vaults.get(vault) ?? '?',
    environmentName: ledger.names.environments.get(environment) ?? '?',
    name: meta.name,
    provider: meta.provider,
    version: current.version,
    updatedAt: current.at,
    updatedBy: personView(ledger, current.by),
    level: accessOf(ledger.projection, environment, session.member).level,
    conflict: hasFork(record) || conflictedItems(session).has(item),
    bindings: counts.get(item) ?? 0,
    rotationDue: rotationDue.has(item),
  }
}

export const itemRows = (session: UnlockedSession, rotationDue: ReadonlySet<string>): ItemRow[] => {
  const counts = bindingCounts(session)
  const rows: ItemRow[] = []
  for (const environment of session.ledger.projection.environments.keys()) {
    for (const record of session.index(environment)?.list() ?? []) {
      rows.push(itemRow(session, record, counts, rotationDue))
    }
  }
  return rows
}

const changeOf = (
  record: ItemRecord,
  step: ItemRecord['history'][number],
): ItemDetail['history'][number]['change'] => {
  if (step.conflict) return 'conflict'
  if (step.deleted) return 'deleted'
  return step.version === 1 || record.history[0] === step ? 'created' : 'rotated'
}

/** Why somebody may read it, or what is missing. */
const itemAccess = ({ ledger }: UnlockedSession, environment: string): ItemDetail['access'] => {
  const rule = ledger.policies.get(environment)?.policy.rule
  return {
    holders: holdersOf(ledger.projection, environment).map((member) => personView(ledger, member)),
    rule:
      rule === undefined || rule.op === 'none' ? null : ruleInWords(rule, (member) => nameOf(ledger, member)),
  }
}

export const itemDetail = (
  session: UnlockedSession,
  record: ItemRecord,
  rotationDue: ReadonlySet<string>,
): ItemDetail => {
  const { ledger } = session
  const { meta, environment, item } = record
  const row = itemRow(session, record, bindingCounts(session), rotationDue)
  return {
    row,
    reference: itemReference(row.vaultName, row.environmentName, meta.name),
    fields: meta.fields.map((name) => ({ name, ...describeField(meta.provider, name) })),
    note: meta.note,
    models: meta.models,
    history: record.history.map((step) => ({
      version: step.version,
      at: step.at,
      by: personView(ledger, step.by),
      change: changeOf(record, step),
    })),
    bindings: liveGrants(ledger, session.now(), { environment, item }).map(
      ({ record: each, body, grant }) => ({
        binding: each.request,
        application: body.application,
        person: personView(ledger, body.requester),
        approvedBy: each.approvals.map((approval) => personView(ledger, approval.member)),
        expiresAt: grant.expiresAt,
      }),
    ),
    access: itemAccess(session, environment),
  }
}

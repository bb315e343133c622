import type { AuditRow, RequestDetail, RequestRow } from '../src/shared/views.ts'
import { terms } from './sample-items.ts'
import { ada, ben, chiara, DAY, dai, HOUR, id, MINUTE, now } from './sample-team.ts'

const request = (n: number, part: Partial<RequestRow>): RequestRow => ({
  request: id(300 + n),
  kind: 'binding',
  state: 'pending',
  requester: dai,
  application: 'invoice-extractor',
  target: 'openai, anthropic-batch in llm / production',
  reason: 'Re-run of the March invoices; the parser was fixed.',
  createdAt: now - 6 * MINUTE,
  expiresAt: now + 3 * HOUR,
  approvals: [],
  needed: 2,
  mine: 'can_approve',
  ...part,
})

const by = (person: RequestRow['requester'], minutesAgo: number, narrowed = false) => ({
  person,
  at: now - minutesAgo * MINUTE,
  narrowed,
})

export const requests: RequestRow[] = [
  request(0, { approvals: [by(chiara, 2)] }),
  request(1, {
    kind: 'change',
    application: 'A change to the team',
    target: 'llm / production',
    reason: 'Dai Nakamura: llm / production from “may ask” to “holds”',
    requester: ben,
    needed: 3,
    createdAt: now - 50 * MINUTE,
    expiresAt: now + 9 * MINUTE,
  }),
  request(2, {
    requester: ada,
    mine: 'requested',
    application: 'support-copilot-for-the-whole-customer-success-organisation',
    target: 'mistral-evals in research / production',
    approvals: [by(ben, 20, true)],
    expiresAt: now + 18 * HOUR,
  }),
  request(3, { state: 'awaiting_release', mine: 'can_release', approvals: [by(ada, 30), by(ben, 25)] }),
  request(4, {
    state: 'granted',
    mine: 'none',
    approvals: [by(ada, 300), by(chiara, 280)],
    createdAt: now - DAY,
  }),
  request(5, {
    state: 'denied',
    mine: 'none',
    reason: '',
    createdAt: now - 2 * DAY,
    application: 'notebook',
  }),
  request(6, { state: 'expired', mine: 'none', createdAt: now - 3 * DAY, application: 'nightly-evals' }),
  request(7, { state: 'cancelled', mine: 'none', createdAt: now - 4 * DAY, application: 'nightly-evals' }),
]

const hash = '9f3a1c40 77be02d1 5e88aa07 36fcc1e5 4be091d2 d07c5518 f2a39b6e 44101a2b'

export const requestDetail = (wanted: string): RequestDetail => {
  const row = requests.find((each) => each.request === wanted) ?? requests[0]!
  const binding = row.kind === 'binding'
  return {
    row,
    requestHash: hash,
    code: binding ? '518 204' : null,
    terms: binding ? terms() : null,
    device: `${row.requester.name.split(' ')[0]}’s laptop`,
    tokenFor: binding ? (row.request === requests[0]!.request ? 'any-program' : 'this-program') : null,
    policy: 'two of its approvers, and one of the admins; never the person who asks',
    policyVersion: 7,
    caller: binding
      ? [
          { label: 'Program', value: '/home/dai/.local/bin/invoice-extractor' },
          { label: 'Program’s hash', value: '7b1f09ce 5520ab4d 910efc33 0d6a8a41' },
          {
            label: 'Started by',
            value: '/usr/bin/python3.12 ← /usr/bin/zsh ← /usr/bin/gnome-terminal-server',
          },
          { label: 'In folder', value: '/home/dai/src/invoices' },
          { label: 'As user', value: 'dai' },
          { label: 'Asked over', value: 'the local socket' },
        ]
      : [],
    change: binding ? [] : [row.reason],
    deniedBy: row.state === 'denied' ? ben : null,
    denyReason: row.state === 'denied' ? 'Use the staging key for notebooks.' : '',
  }
}

const actions: [string, AuditRow['source'], string, string][] = [
  ['read', 'device', 'llm / production / openai', 'invoice-extractor, version 4'],
  ['approved', 'ledger', 'request of Dai Nakamura', 'two of two'],
  ['rotated', 'compartment', 'llm / production / openai', 'version 3 → 4'],
  ['read refused', 'device', 'research / production / mistral-evals', ''],
  ['revealed', 'device', 'llm / staging / anthropic-batch', 'api_key'],
  ['changed the policy', 'ledger', 'llm / production', 'version 7'],
]

/** `count` audit rows, newest first, a few each day. */
export const auditRows = (count: number): AuditRow[] =>
  Array.from({ length: count }, (_, n) => {
    const [action, source, target, detail] = actions[(n * n + n) % actions.length]!
    return {
      id: `a-${n}`,
      time: now - n * 47 * MINUTE - (n % 11) * HOUR,
      source,
      actor: [ada, ben, chiara, dai][n % 4]!.name,
      action,
      target,
      outcome: action === 'read refused' ? 'grant_expired' : n === 1 ? 'unreadable' : 'ok',
      detail,
      verified: true,
      seq: count - n,
    }
  })

import type { Bridge } from '../src/shared/bridge.ts'
import type { CallError, CallName, CallRequest, CallResult, CoreEvent } from '../src/shared/contract.ts'
import type { ExportView } from '../src/shared/job-views.ts'
import { openingText, sealText } from '../src/shared/sealed-text.ts'
import type { InviteView, JoinView, StatusView } from '../src/shared/views.ts'
import { bindings, choices, importing, itemDetail, rows } from './sample-items.ts'
import { auditRows, requestDetail, requests } from './sample-requests.ts'
import { DAY, invites, members, now, sheet, status, vaults } from './sample-team.ts'

/** What each call answers; `never` leaves it open, so that the screen stays in its loading state. */
export type Replies = {
  [N in CallName]: (request: CallRequest<N>) => CallResult<N> | Promise<CallResult<N>> | 'never'
}

export const ok = <T>(value: T): { ok: true; value: T } => ({ ok: true, value })
export const refused = (error: CallError): { ok: false; error: CallError } => ({ ok: false, error })

/** Sealed to the window, as the core's answers are. */
const shown = async (value: string, to: Uint8Array | undefined) =>
  ok({
    value: null,
    sealed: to === undefined ? null : await sealText('shown-value', to, value),
    hideAfterMs: 20_000,
  })

const join: JoinView = {
  state: 'reading',
  team: 'Acme AI platform',
  server: 'https://sync.acme.example:8743',
  code: null,
  error: null,
}
const invite: InviteView = {
  invite: 'i-9',
  name: 'Grace Adeyemi',
  roles: ['developer'],
  state: 'waiting',
  code: null,
  link: `countersign-invite:${'v1.aGVsbG8td29ybGQtdGhpcy1pcy1vbmx5LWEtc2FtcGxl'.repeat(4)}`,
  expiresAt: now + DAY,
  error: null,
}

const exporting: ExportView = {
  kind: 'audit',
  state: 'running',
  path: '/home/otto/Documents/countersign audit 2026-11-25 10.04.59.csaudit',
  done: 41_200,
  total: 118_034,
  bytes: 0,
  error: null,
}

/** A team at work, as its admin sees it. */
const usual = (current: StatusView): Replies => ({
  'status.get': () => ok(current),
  'setup.enrolKey': ({ label }) => ok({ keys: [{ label, software: false }] }),
  'setup.newRecoveryCode': () => ok({ text: '7KQ2-M4T9-B0HJ-VR6N-D3WP-8FYZ-E5C1-AGS7-K2MX', ask: [2, 7] }),
  'setup.confirmRecoveryCode': () => ok({ confirmed: false }),
  'setup.state': () => ok({ keys: [], recovery: 'none', ready: false }),
  'setup.reset': () => ok({}),
  'team.create': () => ok(current),
  'invite.read': () => ok(join),
  'invite.join': () => ok(join),
  'invite.joinState': () => ok(join),
  'invite.confirmJoin': () => ok(join),
  'vault.unlock': () => ok(current),
  'vault.unlockWithRecoveryCode': () => ok(current),
  'sheet.read': () => ok({ server: 'https://sync.acme.example:8743' }),
  'sheet.openWithKey': () => ok(current),
  'sheet.openWithCode': () => ok(current),
  'sheet.get': () => ok(sheet),
  'sheet.copy': () => ok({ clearAfterMs: 300_000 }),
  'sheet.kept': () => ok(current),
  'confirmation.acknowledge': () => ok(current),
  'installation.startOver': () => ok({}),
  'bootstrap.close': () => ok(current),
  'vaults.list': () => ok(vaults),
  'vault.create': () => ok(vaults[0]!),
  'environment.create': () => ok(vaults[0]!),
  'environment.rekey': () => ok({}),
  'items.list': () => ok(rows),
  'item.get': ({ item }) => ok(itemDetail(item)),
  'item.create': () => ok(itemDetail(rows[0]!.item)),
  'item.typingKey': async () => ok({ to: (await openingText('typed-value')).to }),
  'item.update': ({ item }) => ok(itemDetail(item)),
  'item.rollback': ({ item }) => ok(itemDetail(item)),
  'item.delete': () => ok({}),
  'item.reveal': ({ to }) => shown('sk-proj-sample-0123456789abcdefghijklmnopqrstuvwxyz', to),
  'item.copy': () => ok({ clearAfterMs: 30_000 }),
  'import.choose': () => ok(importing),
  'import.state': () => ok({ import: importing }),
  'import.start': () => ok({ ...importing, state: 'running' }),
  'import.cancel': () => ok({ import: { ...importing, state: 'cancelled' } }),
  'item.choices': () => ok(choices),
  'item.revealChoice': ({ to }) => shown('sk-proj-sample-9876543210zyxwvutsrqponmlkjihgfedcba', to),
  'item.settle': () => ok({ deleted: false }),
  'stranded.list': () => ok([]),
  'stranded.retry': () => ok({}),
  'stranded.discard': () => ok({}),
  'members.list': () => ok(members),
  'member.remove': () => ok({ worklist: [] }),
  'member.access': () => ok({ applied: true, request: null }),
  'member.roles': () => ok({ applied: true, request: null }),
  'invites.list': () => ok(invites),
  'invite.create': () => ok(invite),
  'invite.confirm': () => ok(invite),
  'invite.cancel': () => ok({}),
  'worklist.list': () => ok([]),
  'policy.check': () => ok([]),
  'policy.set': () => ok({ applied: true, request: null }),
  'requests.list': () => ok({ rows: requests, more: false }),
  'request.get': ({ request }) => ok(requestDetail(request)),
  'request.deny': ({ request }) => ok(requestDetail(request).row),
  'request.withdraw': ({ request }) => ok(requestDetail(request).row),
  'request.cancel': ({ request }) => ok(requestDetail(request).row),
  'request.openSigning': () => ok({}),
  'request.release': ({ request }) => ok(requestDetail(request).row),
  'signing.get': () => ok(requestDetail(requests[0]!.request)),
  'signing.approve': ({ request }) => ok(requestDetail(request).row),
  'signing.deny': ({ request }) => ok(requestDetail(request).row),
  'bindings.list': () => ok({ rows: bindings, more: false }),
  'binding.revoke': () => ok(bindings[0]!),
  'audit.list': ({ before, limit, text }) => {
    const found = auditRows(900).filter((row) => `${row.actor} ${row.action} ${row.target}`.includes(text))
    const start = before === null ? 0 : found.length - before
    return ok({
      rows: found.slice(start, start + limit),
      total: found.length,
      streams: 9,
      verified: true,
      problems: [],
    })
  },
  'export.audit': () => ok(exporting),
  'export.evidence': () => ok({ ...exporting, kind: 'evidence' }),
  'export.state': () => ok({ export: null }),
  'export.cancel': () => ok({ export: { ...exporting, state: 'cancelled' } }),
  'alarm.dismiss': () => ok(current),
  'keys.add': () => ok(members[0]!),
  'keys.retire': () => ok(members[0]!),
  'device.remove': () => ok({}),
  'settings.get': () => ok({ idleLockMs: 600_000, clipboardClearMs: 30_000, theme: 'system' }),
  'settings.set': (settings) => ok(settings),
})

/** A bridge that answers from samples: what a window sees of a core, without one. */
export const fixtureBridge = (
  current: Partial<StatusView>,
  replies: Partial<Replies>,
  events: readonly CoreEvent[],
): Bridge => {
  const table: Replies = { ...usual({ ...status, ...current }), ...replies }
  return {
    call: async <N extends CallName>(name: N, request: CallRequest<N>): Promise<CallResult<N>> => {
      const reply: CallResult<N> | Promise<CallResult<N>> | 'never' = table[name](request)
      return reply === 'never' ? new Promise<CallResult<N>>(() => {}) : reply
    },
    onEvent: (listener) => {
      for (const event of events) queueMicrotask(() => listener(event))
      return () => {}
    },
    lock: async () => {},
    settled: async () => {},
    openConsole: async () => {},
  }
}

import type { CoreEvent } from '../src/shared/contract.ts'
import { unrecordedInWords } from '../src/shared/unrecorded-words.ts'
import type { StatusView } from '../src/shared/views.ts'
import { ok, type Replies, refused } from './fixture-bridge.ts'
import { itemDetail, itemRows, rows, stranded } from './sample-items.ts'
import { auditRows, requestDetail, requests } from './sample-requests.ts'
import {
  ada,
  DAY,
  HOUR,
  MINUTE,
  members,
  now,
  status as sampleStatus,
  sheet,
  vaults,
  worklist,
} from './sample-team.ts'

/** What a person does once the screen stands: `click` a button by its name (`in` an article), `press` a key, `fill` a field or `choose` from a list by its label. */
export type Step =
  | { click: string; in?: string }
  | { press: string }
  | { fill: string; with: string }
  | { choose: string; option: string }

export interface Scene {
  name: string
  window?: 'signing'
  page?: 'credentials' | 'requests' | 'apps' | 'members' | 'policies' | 'audit' | 'settings'
  open?: string
  status?: Partial<StatusView>
  replies?: Partial<Replies>
  events?: readonly CoreEvent[]
  steps?: readonly Step[]
}

const empty: Partial<StatusView> = { phase: 'empty', team: null, me: null, server: null }
const locked: Partial<StatusView> = { phase: 'locked', mode: 'locked' }
const gone = refused({
  code: 'store.failed',
  message: 'The encrypted store on this computer did not answer.',
  fix: 'Lock and unlock again. If that does not help, restart Countersign: nothing is lost.',
})
const nothing = { ok: true as const, value: [] as never[] }
const oneKey = ok({ keys: [{ label: 'Blue key', software: false }], recovery: 'none' as const, ready: false })
const bothWays = ok({
  keys: [{ label: 'Blue key', software: false }],
  recovery: 'confirmed' as const,
  ready: true,
})
const joining = (state: 'code' | 'waiting_for_inviter' | 'failed'): Scene => ({
  name: `join-${state}`,
  status: { ...empty, phase: 'joining' },
  replies: {
    'invite.joinState': () =>
      ok({
        state,
        team: 'Acme AI platform',
        server: 'https://sync.acme.example:8743',
        code: state === 'code' ? '402918' : null,
        error:
          state === 'failed'
            ? {
                code: 'invite.code_differs',
                message: 'The codes were not the same, so nothing was joined.',
                fix: 'Ask for a new invite, over another channel.',
              }
            : null,
      }),
  },
})

const toKeys: Step[] = [{ click: 'Create a team' }]

export const scenes: readonly Scene[] = [
  { name: 'setup-choose', status: empty },
  { name: 'setup-keys', status: empty, steps: toKeys },
  { name: 'setup-one-key', status: empty, replies: { 'setup.state': () => oneKey }, steps: toKeys },
  {
    name: 'setup-key-refused',
    status: empty,
    replies: {
      'setup.enrolKey': () =>
        refused({
          code: 'key.no_prf',
          message: 'This key cannot derive secrets (it lacks the PRF extension).',
          fix: 'Use a FIDO2 key with hmac-secret, such as one made after 2019.',
        }),
    },
    steps: [
      ...toKeys,
      { fill: 'Name of your security key', with: 'Old key' },
      { click: 'Enrol security key' },
    ],
  },
  {
    name: 'setup-recovery',
    status: empty,
    replies: { 'setup.state': () => oneKey },
    steps: [...toKeys, { click: 'Make a recovery code' }],
  },
  {
    name: 'setup-recovery-check',
    status: empty,
    replies: { 'setup.state': () => oneKey },
    steps: [
      ...toKeys,
      { click: 'Make a recovery code' },
      { click: 'I have written it down' },
      { click: 'Check' },
    ],
  },
  { name: 'setup-two-ways', status: empty, replies: { 'setup.state': () => bothWays }, steps: toKeys },
  {
    name: 'setup-team',
    status: empty,
    replies: { 'setup.state': () => bothWays },
    steps: [...toKeys, { click: 'Continue' }, { click: 'Create team' }],
  },
  { name: 'join-link', status: empty, steps: [{ click: 'Join a team' }] },
  { name: 'sheet-read', status: empty, steps: [{ click: 'I already have a team' }] },
  {
    name: 'sheet-mistyped',
    status: empty,
    replies: {
      'sheet.read': () =>
        refused({
          code: 'sheet.mistyped',
          message: 'Line 3 is not as it was printed.',
          fix: 'Look at line 3, group 4 again.',
        }),
    },
    steps: [
      { click: 'I already have a team' },
      { fill: 'Lines of the sheet', with: sheet.lines.join('\n') },
      { click: 'Continue' },
    ],
  },
  {
    name: 'sheet-open',
    status: empty,
    steps: [
      { click: 'I already have a team' },
      { fill: 'Lines of the sheet', with: sheet.lines.join('\n') },
      { click: 'Continue' },
      { click: 'No key at hand? Use the recovery code' },
    ],
  },
  joining('code'),
  joining('waiting_for_inviter'),
  joining('failed'),

  { name: 'unlock', status: { ...locked, waitingRequests: 2 } },
  {
    name: 'unlock-refused',
    status: { ...locked, waitingRequests: 0, server: { url: 'x', connection: 'offline', lastContact: null } },
    replies: {
      'vault.unlock': () =>
        refused({
          code: 'key.unknown',
          message: 'This security key is not one of yours.',
          fix: 'Use another key, or the recovery code.',
        }),
    },
    steps: [{ click: 'Unlock with a security key' }],
  },
  { name: 'unlock-code', status: locked, steps: [{ click: 'No key at hand? Use the recovery code' }] },
  {
    name: 'alarm',
    status: {
      phase: 'alarm',
      stopped: {
        code: 'withheld',
        stream: 'the team’s ledger',
        seq: 412,
        time: now - 4 * MINUTE,
        shownBy: 'Ben’s work laptop',
        server: 'https://sync.acme.example:8743',
      },
    },
  },
  {
    name: 'alarm-saved',
    status: {
      phase: 'alarm',
      stopped: {
        code: 'fork',
        stream: 'the environment llm / production',
        seq: 97,
        time: now - 4 * MINUTE,
        shownBy: null,
        server: 'https://sync.acme.example:8743',
      },
    },
    replies: {
      'export.state': () =>
        ok({
          export: {
            kind: 'evidence',
            state: 'done',
            path: '/home/ada/Documents/countersign evidence 2026-11-25 10.04.59.csaudit',
            done: 413,
            total: 413,
            bytes: 812_345,
            error: null,
          },
        }),
    },
  },
  { name: 'removed', status: { phase: 'removed' } },
  { name: 'unlock-code-only', status: { ...locked, waysIn: { keys: 0, recovery: true } } },

  { name: 'credentials', page: 'credentials' },
  { name: 'credentials-loading', page: 'credentials', replies: { 'items.list': () => 'never' } },
  { name: 'credentials-failed', page: 'credentials', replies: { 'items.list': () => gone } },
  {
    name: 'credentials-no-vault',
    page: 'credentials',
    status: { bootstrapOpen: true },
    replies: { 'items.list': () => nothing, 'vaults.list': () => nothing },
  },
  { name: 'credentials-empty', page: 'credentials', replies: { 'items.list': () => nothing } },
  {
    name: 'credentials-no-match',
    page: 'credentials',
    steps: [{ fill: 'Search credentials', with: 'nobody knows this' }],
  },
  { name: 'credentials-50000', page: 'credentials', replies: { 'items.list': () => ok(itemRows(50_000)) } },
  { name: 'credentials-keys', page: 'credentials', steps: [{ press: 'j' }, { press: 'j' }] },
  { name: 'credentials-add', page: 'credentials', steps: [{ press: 'n' }] },
  {
    name: 'credentials-add-hint',
    page: 'credentials',
    steps: [{ press: 'n' }, { fill: 'API key', with: 'gsk_0123456789012345678901234' }],
  },
  { name: 'credentials-vault', page: 'credentials', steps: [{ click: 'New vault' }] },
  {
    name: 'credentials-offline',
    page: 'credentials',
    status: {
      mode: 'cached',
      server: {
        url: 'https://sync.acme.example:8743',
        connection: 'offline',
        lastContact: now - 3 * HOUR,
      },
      servesUntil: now + 69 * HOUR,
      pendingChanges: 3,
    },
    replies: { 'worklist.list': () => ok(worklist) },
  },
  {
    name: 'credentials-not-serving',
    page: 'credentials',
    status: {
      mode: 'lease-only',
      witness: { ...sampleStatus.witness, time: now - 4 * DAY, devices: 0 },
    },
  },
  {
    name: 'credentials-unrecorded',
    page: 'credentials',
    status: { mode: 'lease-only', disk: 'full', unrecorded: { since: now - 2 * MINUTE, reads: 37 } },
  },
  { name: 'credentials-read-only', page: 'credentials', status: { mode: 'read-only' } },
  { name: 'credentials-try-out', page: 'credentials', status: { tryOut: true } },
  {
    name: 'credentials-touch',
    page: 'credentials',
    events: [{ type: 'ceremony', state: 'waiting', purpose: 'to enrol “Blue key”' }],
  },
  {
    name: 'credentials-unconfirmed',
    page: 'credentials',
    status: { unconfirmed: { since: now - 2 * HOUR, alone: false } },
  },
  {
    name: 'credentials-unconfirmed-alone',
    page: 'credentials',
    status: { unconfirmed: { since: now - 2 * HOUR, alone: true } },
  },
  { name: 'credentials-keep-sheet', page: 'credentials', status: { sheetKept: false } },
  {
    name: 'credentials-stranded',
    page: 'credentials',
    replies: { 'stranded.list': () => ok(stranded) },
  },
  { name: 'freshness', page: 'credentials', steps: [{ click: 'Verified by' }] },

  { name: 'credential', page: 'credentials', open: rows[0]!.item },
  {
    name: 'credential-revealed',
    page: 'credentials',
    open: rows[0]!.item,
    steps: [{ click: 'Reveal API key' }],
  },
  {
    name: 'credential-conflict',
    page: 'credentials',
    open: rows[5]!.item,
    replies: {
      'item.get': ({ item }) => {
        const detail = itemDetail(item)
        return ok({ ...detail, row: { ...detail.row, level: 'hold' as const } })
      },
    },
    steps: [{ click: 'Reveal API key of yours, offline' }],
  },
  { name: 'credential-conflict-asker', page: 'credentials', open: rows[5]!.item },
  {
    name: 'credential-request',
    page: 'credentials',
    open: rows.find((row) => row.level === 'request')!.item,
  },
  {
    name: 'credential-failed',
    page: 'credentials',
    open: rows[0]!.item,
    replies: { 'item.get': () => gone },
  },
  { name: 'credential-rotate', page: 'credentials', open: rows[0]!.item, steps: [{ click: 'Rotate' }] },
  { name: 'credential-delete', page: 'credentials', open: rows[0]!.item, steps: [{ click: 'Delete' }] },

  { name: 'requests', page: 'requests' },
  { name: 'requests-change', page: 'requests', open: requests[1]!.request },
  { name: 'requests-release', page: 'requests', open: requests[3]!.request },
  { name: 'requests-denied', page: 'requests', open: requests[5]!.request },
  {
    name: 'requests-empty',
    page: 'requests',
    status: { waitingRequests: 0 },
    replies: { 'requests.list': () => nothing },
  },
  { name: 'requests-failed', page: 'requests', replies: { 'requests.list': () => gone } },
  { name: 'requests-deny', page: 'requests', steps: [{ click: 'Deny' }] },

  { name: 'signing', window: 'signing' },
  { name: 'signing-narrowed', window: 'signing', steps: [{ click: 'Allow less than was asked' }] },
  {
    name: 'signing-change',
    window: 'signing',
    status: { tryOut: true },
    replies: { 'signing.get': () => ok(requestDetail(requests[1]!.request)) },
  },
  {
    name: 'signing-change-unrecorded',
    window: 'signing',
    replies: {
      'signing.get': () =>
        ok({
          ...requestDetail(requests[1]!.request),
          summary: `Set the policy of llm / production: ${unrecordedInWords({ maxUnrecordedMs: 15 * MINUTE })}`,
        }),
    },
  },
  { name: 'signing-signed', window: 'signing', steps: [{ click: 'Approve with a touch' }] },
  {
    name: 'signing-changed',
    window: 'signing',
    replies: {
      'signing.approve': () =>
        refused({
          code: 'request.changed',
          message: 'The request changed while you were reading it. Nothing was signed.',
          fix: 'Read it again, then decide.',
        }),
    },
    steps: [{ click: 'Approve with a touch' }],
  },
  {
    name: 'signing-decided',
    window: 'signing',
    replies: { 'signing.get': () => ok(requestDetail(requests[4]!.request)) },
  },
  { name: 'signing-failed', window: 'signing', replies: { 'signing.get': () => gone } },

  { name: 'apps', page: 'apps' },
  { name: 'apps-empty', page: 'apps', replies: { 'bindings.list': () => nothing } },
  { name: 'apps-failed', page: 'apps', replies: { 'bindings.list': () => gone } },
  { name: 'apps-revoke', page: 'apps', steps: [{ click: 'Revoke' }] },

  { name: 'members', page: 'members' },
  { name: 'members-worklist', page: 'members', replies: { 'worklist.list': () => ok(worklist) } },
  {
    name: 'members-alone',
    page: 'members',
    replies: { 'members.list': () => ok(members.slice(0, 1)), 'invites.list': () => nothing },
  },
  { name: 'members-failed', page: 'members', replies: { 'members.list': () => gone } },
  { name: 'members-invite', page: 'members', steps: [{ click: 'Invite' }] },
  {
    name: 'members-link',
    page: 'members',
    steps: [{ click: 'Invite' }, { fill: 'Name', with: 'Grace Adeyemi' }, { click: 'Make invite link' }],
  },
  { name: 'members-code', page: 'members', steps: [{ click: 'Open the invite of Grace Adeyemi' }] },
  { name: 'members-change', page: 'members', steps: [{ click: 'Change…', in: 'Dai Nakamura' }] },
  { name: 'members-lost-key', page: 'members', steps: [{ click: 'Lost key…', in: 'Dai Nakamura' }] },
  { name: 'members-remove', page: 'members', steps: [{ click: 'Remove…', in: 'Dai Nakamura' }] },
  {
    name: 'members-removed',
    page: 'members',
    replies: { 'member.remove': () => ok({ worklist }) },
    steps: [{ click: 'Remove…', in: 'Dai Nakamura' }, { click: 'Remove and re-key' }],
  },

  { name: 'policies', page: 'policies' },
  { name: 'policies-bootstrap', page: 'policies', status: { bootstrapOpen: true } },
  {
    name: 'policies-edit-groups',
    page: 'policies',
    steps: [{ click: 'Change…', in: 'research / production' }],
  },
  { name: 'policies-empty', page: 'policies', replies: { 'vaults.list': () => nothing } },
  { name: 'policies-failed', page: 'policies', replies: { 'vaults.list': () => gone } },
  { name: 'policies-edit', page: 'policies', steps: [{ click: 'Change…', in: 'llm / staging' }] },
  {
    name: 'policies-edit-unrecorded',
    page: 'policies',
    steps: [
      { click: 'Change…', in: 'llm / staging' },
      { choose: 'Go on without an audit record', option: '5 minutes' },
    ],
  },
  {
    name: 'policies-edit-blocked',
    page: 'policies',
    replies: {
      'policy.check': () =>
        ok([
          {
            code: 'policy.unsatisfiable',
            message: 'Three approvers are needed and there are two.',
            blocking: true,
          },
          {
            code: 'policy.one_person',
            message: 'Ben could decide alone while Ada is away.',
            blocking: false,
          },
        ]),
    },
    steps: [{ click: 'Change…', in: 'llm / production' }],
  },

  { name: 'audit-export', page: 'audit', steps: [{ click: 'Export' }] },
  { name: 'audit', page: 'audit', status: { me: { ...ada, roles: ['admin', 'auditor'], approver: true } } },
  {
    name: 'audit-problems',
    page: 'audit',
    replies: {
      'audit.list': ({ limit }) =>
        ok({
          rows: auditRows(limit),
          total: limit,
          streams: 9,
          verified: false,
          problems: ['The journal of “Laptop for travelling” misses entries 41 to 44.'],
        }),
    },
  },
  {
    name: 'audit-empty',
    page: 'audit',
    replies: { 'audit.list': () => ok({ rows: [], total: 0, streams: 1, verified: true, problems: [] }) },
  },
  { name: 'audit-failed', page: 'audit', replies: { 'audit.list': () => gone } },

  { name: 'settings', page: 'settings' },
  { name: 'settings-sheet', page: 'settings', steps: [{ click: 'Add a computer' }] },
  { name: 'settings-cut-off', page: 'settings', steps: [{ click: 'Cut off… Laptop for travelling' }] },
  {
    name: 'settings-retire',
    page: 'settings',
    steps: [{ click: 'Retire or lost… Blue key on the key ring' }],
  },
  {
    name: 'settings-lost',
    page: 'settings',
    steps: [{ click: 'Retire or lost… Blue key on the key ring' }, { click: 'Lost or stolen' }],
  },
  { name: 'settings-code-only', page: 'settings', status: { waysIn: { keys: 0, recovery: true } } },
  {
    name: 'settings-port-moved',
    page: 'settings',
    status: {
      localApi: {
        url: 'http://127.0.0.1:40211',
        socket: '/run/user/1000/countersign/api.sock',
        portMoved: true,
      },
      server: {
        url: 'https://sync.acme.example:8743',
        connection: 'refused',
        lastContact: now - 20 * MINUTE,
      },
    },
    replies: { 'vaults.list': () => ok(vaults) },
  },
]

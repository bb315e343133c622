import type { StatusView } from '../../src/shared/views.ts'
import { ok, refused } from '../fixture-bridge.ts'
import { sheet } from '../sample-team.ts'
import type { Scene, Step } from '../scene.ts'

const empty: Partial<StatusView> = { phase: 'empty', team: null, me: null, server: null }
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

/** First start: a team, an invite, or the recovery sheet on a new computer. */
export const setupScenes: readonly Scene[] = [
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
]

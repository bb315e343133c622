import { ok } from '../fixture-bridge.ts'
import { dai, members, worklist } from '../sample-team.ts'
import { gone, nothing, type Scene } from '../scene.ts'

/** Members and policies. */
export const teamScenes: readonly Scene[] = [
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
    replies: { 'member.remove': () => ok({ worklist: worklist.map((row) => ({ ...row, member: dai })) }) },
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
]

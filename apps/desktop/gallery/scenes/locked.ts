import type { StatusView } from '../../src/shared/views.ts'
import { ok, refused } from '../fixture-bridge.ts'
import { MINUTE, now } from '../sample-team.ts'
import type { Scene } from '../scene.ts'

const locked: Partial<StatusView> = { phase: 'locked', mode: 'locked' }

/** Locked, stopped, or no longer a member: what stands in place of the pages. */
export const lockedScenes: readonly Scene[] = [
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
    name: 'start-failed',
    replies: {
      'status.get': () =>
        refused({
          code: 'installation.key_store',
          message: 'The system’s key store does not give back this installation’s device key.',
          fix: 'Unlock the system’s key ring and start Countersign again.',
        }),
    },
  },
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
  ...(['genesis', 'bad_entry', 'rollback'] as const).map(
    (code): Scene => ({
      name: `alarm-${code.replace('_', '-')}`,
      status: {
        phase: 'alarm',
        stopped: {
          code,
          stream: 'the team’s ledger',
          seq: 412,
          time: now - 4 * MINUTE,
          shownBy: null,
          server: 'https://sync.acme.example:8743',
        },
      },
    }),
  ),
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
  { name: 'unlock-no-ways', status: { ...locked, waysIn: { keys: 0, recovery: false } } },
  { name: 'unlock-code-only', status: { ...locked, waysIn: { keys: 0, recovery: true } } },
]

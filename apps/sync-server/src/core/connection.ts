import type { ClientMessage } from '@countersign/schema/wire'
import { LOGIN_TIMEOUT_MS, RETURN_TIMEOUT_MS } from './limits.ts'
import { type Refusal, refusal } from './refusal.ts'

/**
 * Who is on the other side. `greeted` knows nobody yet; `invitee` may only use one mailbox; `member` may read the ledger and add
 * one device; `device` is a member's device.
 */
export type ConnectionState =
  | { readonly state: 'greeted'; readonly since: number }
  | { readonly state: 'invitee'; readonly mailbox: string; readonly joiner: Uint8Array }
  | {
      readonly state: 'member'
      readonly team: string
      readonly device: string
      readonly member: string
      readonly since: number
    }
  | { readonly state: 'device'; readonly team: string; readonly device: string; readonly member: string }
  | { readonly state: 'closed' }

const ADMITTED: Record<ConnectionState['state'], ReadonlySet<ClientMessage['type']>> = {
  greeted: new Set(['create', 'hello', 'hello.member', 'mailbox.join', 'ping'] as const),
  invitee: new Set(['mailbox.post', 'ping'] as const),
  member: new Set(['append', 'fetch', 'ping'] as const),
  device: new Set([
    'append',
    'fetch',
    'seen',
    'mailbox.open',
    'mailbox.post',
    'mailbox.close',
    'wrap.put',
    'ping',
  ] as const),
  closed: new Set<ClientMessage['type']>(),
}

/** Whether a message may come now; one that may not ends the connection (P10). */
export const admit = (state: ConnectionState, type: ClientMessage['type']): Refusal | null =>
  ADMITTED[state.state].has(type) ? null : refusal('state.unexpected')

/** Whether the connection has been anonymous, or without a device, for too long. */
export const isOverdue = (state: ConnectionState, now: number): boolean =>
  (state.state === 'greeted' && now - state.since >= LOGIN_TIMEOUT_MS) ||
  (state.state === 'member' && now - state.since >= RETURN_TIMEOUT_MS)

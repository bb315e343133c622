import type { ClientMessage } from '@countersign/schema/wire'
import { describe, expect, test } from 'vitest'
import { admit, type ConnectionState, isOverdue } from './connection.ts'
import { LOGIN_TIMEOUT_MS, RETURN_TIMEOUT_MS } from './limits.ts'

const TYPES: ClientMessage['type'][] = [
  'create',
  'hello',
  'hello.member',
  'mailbox.join',
  'append',
  'fetch',
  'seen',
  'mailbox.open',
  'mailbox.post',
  'mailbox.close',
  'wrap.put',
  'ping',
]
const STATES: ConnectionState[] = [
  { state: 'greeted', since: 0 },
  { state: 'invitee', mailbox: 'm', joiner: new Uint8Array(32) },
  { state: 'member', team: 't', device: 'd', member: 'm', since: 0 },
  { state: 'device', team: 't', device: 'd', member: 'm' },
  { state: 'closed' },
]

describe('connection', () => {
  test('P10 what is admitted from whom is exactly this', () => {
    const table = STATES.map((state) => TYPES.filter((type) => admit(state, type) === null))
    expect(table).toEqual([
      ['create', 'hello', 'hello.member', 'mailbox.join', 'ping'],
      ['mailbox.post', 'ping'],
      ['append', 'fetch', 'ping'],
      ['append', 'fetch', 'seen', 'mailbox.open', 'mailbox.post', 'mailbox.close', 'wrap.put', 'ping'],
      [],
    ])
  })

  test('only who has not said who it is, or has no device yet, runs out of time', () => {
    const overdue = (at: number) => STATES.filter((state) => isOverdue(state, at)).map(({ state }) => state)
    expect(overdue(LOGIN_TIMEOUT_MS)).toEqual(['greeted'])
    expect(overdue(RETURN_TIMEOUT_MS)).toEqual(['greeted', 'member'])
    expect(isOverdue({ state: 'greeted', since: 5 }, LOGIN_TIMEOUT_MS)).toBe(false)
  })
})

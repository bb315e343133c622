import type { Caller } from '@countersign/schema/request'
import { expect, test } from 'vitest'
import { callerFacts, tokenFor } from './request-views.ts'

const SEEN: Caller = {
  executable: '/usr/bin/robot',
  executableHash: new Uint8Array(32).fill(0xab),
  pid: 4711,
  parents: ['/bin/sh', '/sbin/init'],
  workingDirectory: '/srv/robot',
  container: 'pod-7',
  user: 'dana',
  via: 'tcp',
}

test('P2 an approver reads everything that was seen of the program', () => {
  const text = callerFacts(SEEN).map(({ label, value }) => `${label}: ${value}`)
  expect(text).toEqual([
    'Program: /usr/bin/robot',
    `Program’s hash: ${'ab'.repeat(32)}`,
    'Started by: /bin/sh ← /sbin/init',
    'In folder: /srv/robot',
    'Container: pod-7',
    'As user: dana',
    'Process: 4711',
    'Asked over: TCP on this computer',
  ])
})

test('P2 an approver reads whether other programs may use the token, also where the program could not be seen', () => {
  expect(tokenFor(SEEN)).toBe('this-program')
  expect(tokenFor({ ...SEEN, anyProgram: true })).toBe('any-program')
  expect(tokenFor({ ...SEEN, executableHash: null })).toBe('any-program')
})

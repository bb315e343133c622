import type { Rule } from '@countersign/schema/policy'
import { describe, expect, it } from 'vitest'
import { ruleInWords } from './rule-words.ts'

const nameOf = (member: string): string => ({ a: 'Ada', b: 'Ben' })[member] ?? '?'

describe('rules in words', () => {
  it.each<[Rule, string]>([
    [{ op: 'none' }, 'nobody needs to approve'],
    [{ op: 'quorum', k: 2, of: { kind: 'approvers' } }, 'two of its approvers'],
    [{ op: 'quorum', k: 7, of: { kind: 'members', members: ['a', 'b'] } }, '7 of Ada, Ben'],
    [
      {
        op: 'all',
        rules: [
          { op: 'quorum', k: 1, of: { kind: 'holders' } },
          { op: 'quorum', k: 1, of: { kind: 'admins' } },
        ],
      },
      'one of those who hold it, and one of the admins',
    ],
    [
      {
        op: 'any',
        rules: [
          { op: 'quorum', k: 2, of: { kind: 'holders' } },
          {
            op: 'sequence',
            rules: [
              { op: 'quorum', k: 1, of: { kind: 'approvers' } },
              { op: 'quorum', k: 1, of: { kind: 'admins' } },
            ],
          },
        ],
      },
      'two of those who hold it, or (one of its approvers, then one of the admins)',
    ],
  ])('%o', (rule, words) => {
    expect(ruleInWords(rule, nameOf)).toBe(words)
  })
})

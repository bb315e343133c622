import type { Rule } from '@countersign/schema/policy'
import { describe, expect, it } from 'vitest'
import { partsOf, ruleOf } from './rule-parts.ts'

const approvers: Rule = { op: 'quorum', k: 2, of: { kind: 'approvers' } }
const admins: Rule = { op: 'quorum', k: 1, of: { kind: 'admins' } }

describe('the groups of a rule', () => {
  it.each<Rule>([
    { op: 'none' },
    approvers,
    { op: 'all', rules: [approvers, admins] },
    { op: 'any', rules: [approvers, admins] },
    { op: 'sequence', rules: [admins, approvers] },
  ])('come back as the same rule: %o', (rule) => {
    const parts = partsOf(rule)
    expect(parts && ruleOf(parts)).toEqual(rule)
  })

  it('are not made of a rule that nests deeper, so that editing cannot cut it', () => {
    expect(partsOf({ op: 'any', rules: [approvers, { op: 'all', rules: [admins, approvers] }] })).toBeNull()
    expect(partsOf({ op: 'all', rules: [approvers, { op: 'none' }] })).toBeNull()
  })
})

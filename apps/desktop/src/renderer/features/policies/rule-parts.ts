import type { Eligible, Rule } from '@countersign/schema/policy'

export type Join = 'all' | 'any' | 'sequence'
/** One group of a rule: k different people of it. */
export interface Part {
  k: number
  of: Eligible
}
/** A rule as the builder edits it: groups, and how they go together. */
export interface RuleParts {
  join: Join
  parts: Part[]
}

/** The groups of a rule, or null where it nests deeper than the builder shows: such a rule is kept whole or replaced, never cut. */
export const partsOf = (rule: Rule): RuleParts | null => {
  if (rule.op === 'none') return { join: 'all', parts: [] }
  if (rule.op === 'quorum') return { join: 'all', parts: [{ k: rule.k, of: rule.of }] }
  const parts: Part[] = []
  for (const each of rule.rules) {
    if (each.op !== 'quorum') return null
    parts.push({ k: each.k, of: each.of })
  }
  return { join: rule.op, parts }
}

export const ruleOf = ({ join, parts }: RuleParts): Rule => {
  const rules: Rule[] = parts.map(({ k, of }) => ({ op: 'quorum', k, of }))
  const [first, ...others] = rules
  if (first === undefined) return { op: 'none' }
  return others.length === 0 ? first : { op: join, rules }
}

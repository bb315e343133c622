import type { Eligible, Rule } from '@countersign/schema/policy'

const count = ['nobody', 'one', 'two', 'three', 'four', 'five']
const number = (k: number): string => count[k] ?? String(k)

const people = (of: Eligible, nameOf: (member: string) => string): string => {
  switch (of.kind) {
    case 'approvers':
      return 'its approvers'
    case 'holders':
      return 'those who hold it'
    case 'admins':
      return 'the admins'
    case 'members':
      return of.members.map(nameOf).join(', ')
  }
}

/** A rule as one would say it: `two of its approvers, and one of the admins`. A rule within a rule stands in parentheses. */
export const ruleInWords = (rule: Rule, nameOf: (member: string) => string): string => {
  const part = (each: Rule): string => {
    const words = ruleInWords(each, nameOf)
    return 'rules' in each && each.rules.length > 1 ? `(${words})` : words
  }
  switch (rule.op) {
    case 'none':
      return 'nobody needs to approve'
    case 'quorum':
      return `${number(rule.k)} of ${people(rule.of, nameOf)}`
    case 'all':
      return rule.rules.map(part).join(', and ')
    case 'any':
      return rule.rules.map(part).join(', or ')
    case 'sequence':
      return rule.rules.map(part).join(', then ')
  }
}

import type { Part, RuleParts } from './rule-parts.ts'

/** The shapes of a rule that need no builder, and the builder for all others. */
export type Shape = 'none' | 'approvers' | 'approvers_and_admin' | 'groups' | 'keep'

export const SHAPES: readonly { shape: Shape; label: string }[] = [
  { shape: 'none', label: 'Nobody: whoever holds it decides for themselves' },
  { shape: 'approvers', label: 'Approvers of this environment' },
  { shape: 'approvers_and_admin', label: 'Approvers, and an admin as well' },
  { shape: 'groups', label: 'Several groups…' },
]

export const APPROVERS: Part = { k: 2, of: { kind: 'approvers' } }

/** `keep` stands for a rule that nests deeper than the builder shows. */
export const shapeOf = (parts: RuleParts | null): Shape => {
  if (parts === null) return 'keep'
  const [first, second] = parts.parts
  if (first === undefined) return 'none'
  if (first.of.kind !== 'approvers' || parts.parts.length > 2) return 'groups'
  if (second === undefined) return 'approvers'
  return parts.join === 'all' && second.of.kind === 'admins' && second.k === 1
    ? 'approvers_and_admin'
    : 'groups'
}

/** The groups a shape edits: what is set for the approvers stays when an admin is added or taken away. */
export const shaped = (shape: Shape, parts: RuleParts): RuleParts => {
  const first = parts.parts.find((each) => each.of.kind === 'approvers') ?? APPROVERS
  switch (shape) {
    case 'none':
    case 'keep':
      return { join: 'all', parts: [] }
    case 'approvers':
      return { join: 'all', parts: [first] }
    case 'approvers_and_admin':
      return { join: 'all', parts: [first, { k: 1, of: { kind: 'admins' } }] }
    case 'groups':
      return parts.parts.length === 0 ? { join: 'all', parts: [first] } : parts
  }
}

import type { MemberId } from '@countersign/schema/ids'
import type { Eligible, Rule } from '@countersign/schema/policy'

/** So many distinct people of one kind. */
export interface Leaf {
  readonly k: number
  readonly of: Eligible
}
/** Leaves filled together, by distinct people. */
export type Step = readonly Leaf[]
/** One way to satisfy a rule: its steps, one after the other. No steps: nobody is needed. */
export type Alternative = readonly Step[]

/** A rule with more ways than this is refused (`policy.too_complex`), like one that nests too deeply. */
const MAX_ALTERNATIVES = 64
const MAX_LEAVES = 64
/**
 * So many rules around a quorum at most. Canonical bytes nest 16 deep, and a policy is written inside other things than the entry it came
 * in: change requests, checkpoints. What could be decoded and not be encoded again would stop every client of the team.
 */
const MAX_NESTING = 4

export type Expansion =
  | { readonly ok: true; readonly alternatives: readonly Alternative[] }
  | { readonly ok: false; readonly code: 'policy.too_complex' | 'policy.sequence_inside_all' }

const TOO_COMPLEX: Expansion = { ok: false, code: 'policy.too_complex' }

const joinAll = (a: Alternative, b: Alternative): Alternative => {
  const step = [...(a[0] ?? []), ...(b[0] ?? [])]
  return step.length === 0 ? [] : [step]
}

const product = (
  parts: readonly (readonly Alternative[])[],
  join: (a: Alternative, b: Alternative) => Alternative,
): Expansion => {
  let out: readonly Alternative[] = [[]]
  for (const part of parts) {
    if (out.length * part.length > MAX_ALTERNATIVES) return TOO_COMPLEX
    out = out.flatMap((a) => part.map((b) => join(a, b)))
  }
  const leaves = out.reduce((sum, alternative) => sum + alternative.flat().length, 0)
  return leaves > MAX_LEAVES * 4 ? TOO_COMPLEX : { ok: true, alternatives: out }
}

/**
 * The ways to satisfy a rule (L50). `any` lists its parts' ways, `all` fills all parts at once with distinct people, `sequence`
 * fills one part after the other. A sequence inside an `all` has no plain meaning and is refused.
 */
export const expandRule = (rule: Rule, nesting = 0): Expansion => {
  if (rule.op === 'none') return { ok: true, alternatives: [[]] }
  if (rule.op === 'quorum') return { ok: true, alternatives: [[[{ k: rule.k, of: rule.of }]]] }
  if (nesting === MAX_NESTING) return TOO_COMPLEX
  const parts: (readonly Alternative[])[] = []
  for (const each of rule.rules) {
    const part = expandRule(each, nesting + 1)
    if (!part.ok) return part
    parts.push(part.alternatives)
  }
  if (rule.op === 'any') {
    const alternatives = parts.flat()
    return alternatives.length > MAX_ALTERNATIVES ? TOO_COMPLEX : { ok: true, alternatives }
  }
  if (rule.op === 'sequence') return product(parts, (a, b) => [...a, ...b])
  if (parts.some((part) => part.some((alternative) => alternative.length > 1))) {
    return { ok: false, code: 'policy.sequence_inside_all' }
  }
  return product(parts, joinAll)
}

/** Every kind of eligibility a rule counts, nested ones included. */
export const leavesOf = (rule: Rule): Leaf[] => {
  if (rule.op === 'none') return []
  return rule.op === 'quorum' ? [{ k: rule.k, of: rule.of }] : rule.rules.flatMap(leavesOf)
}

export type IsEligible = (of: Eligible, member: MemberId) => boolean

const places = (step: Step): number => step.reduce((sum, leaf) => sum + leaf.k, 0)

/** How many of a step's places distinct people can fill: a maximum matching of people to places. */
export const filledPlaces = (step: Step, people: readonly MemberId[], isEligible: IsEligible): number => {
  const [only] = step
  if (step.length === 1 && only !== undefined) {
    return Math.min(only.k, people.filter((person) => isEligible(only.of, person)).length)
  }
  const seated: MemberId[][] = step.map(() => [])
  const seat = (person: MemberId, tried: Set<number>): boolean => {
    for (const [index, leaf] of step.entries()) {
      if (tried.has(index) || !isEligible(leaf.of, person)) continue
      tried.add(index)
      const here = seated[index] ?? []
      if (here.length < leaf.k) {
        here.push(person)
        return true
      }
      for (const [place, other] of here.entries()) {
        if (seat(other, tried)) {
          here[place] = person
          return true
        }
      }
    }
    return false
  }
  let filled = 0
  for (const person of people) if (seat(person, new Set())) filled += 1
  return filled
}

export interface Progress {
  readonly satisfied: boolean
  /** People still needed. */
  readonly needed: number
  /** The step that waits, and who counts in it so far; undefined once satisfied. */
  readonly waiting: { readonly step: Step; readonly people: readonly MemberId[] } | undefined
}

/** How far one way has come, by people in the order in which they approved. */
const progressOf = (
  alternative: Alternative,
  people: readonly MemberId[],
  isEligible: IsEligible,
): Progress => {
  let from = 0
  for (const [index, step] of alternative.entries()) {
    const total = places(step)
    let to = Math.min(people.length, from + total)
    while (to < people.length && filledPlaces(step, people.slice(from, to), isEligible) < total) to += 1
    const here = people.slice(from, to)
    const filled = filledPlaces(step, here, isEligible)
    if (filled < total) {
      const later = alternative.slice(index + 1).reduce((sum, each) => sum + places(each), 0)
      return { satisfied: false, needed: total - filled + later, waiting: { step, people: here } }
    }
    from = to
  }
  return { satisfied: true, needed: 0, waiting: undefined }
}

/** How far each way has come (L51). `people` are distinct, in the order in which they approved. */
export const progress = (
  alternatives: readonly Alternative[],
  people: readonly MemberId[],
  isEligible: IsEligible,
): Progress[] => alternatives.map((alternative) => progressOf(alternative, people, isEligible))

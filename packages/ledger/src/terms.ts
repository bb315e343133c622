import { equalBytes } from '@countersign/crypto/verify'
import { encodeCanonical } from '@countersign/schema/canonical'
import type { Terms } from '@countersign/schema/request'

const withoutLease = (terms: Terms) => ({
  ...terms,
  items: [...terms.items].sort(),
  models: [...terms.models].sort(),
})

/** Whether two terms allow the same, whatever the order of items and models. */
export const sameTerms = (a: Terms, b: Terms): boolean =>
  equalBytes(encodeCanonical(withoutLease(a)), encodeCanonical(withoutLease(b)))

const subset = (inner: readonly string[], outer: readonly string[]): boolean => {
  const known = new Set(outer)
  return new Set(inner).size === inner.length && inner.every((each) => known.has(each))
}

/** L56: whether `narrow` allows nothing that `wide` does not. No models means any model; no limit of uses means any number. */
export const within = (narrow: Terms, wide: Terms): boolean =>
  narrow.vault === wide.vault &&
  narrow.environment === wide.environment &&
  subset(narrow.items, wide.items) &&
  (wide.models.length === 0 || (narrow.models.length > 0 && subset(narrow.models, wide.models))) &&
  (narrow.mode === wide.mode || narrow.mode === 'broker') &&
  narrow.lease.durationMs <= wide.lease.durationMs &&
  (wide.lease.uses === null || (narrow.lease.uses !== null && narrow.lease.uses <= wide.lease.uses)) &&
  (narrow.lease.untilLock || !wide.lease.untilLock) &&
  (narrow.lease.untilProcessEnds || !wide.lease.untilProcessEnds)

const fewerUses = (a: number | null, b: number | null): number | null => {
  if (a === null) return b
  return b === null ? a : Math.min(a, b)
}

const commonModels = (a: readonly string[], b: readonly string[]): string[] | undefined => {
  if (a.length === 0) return [...b]
  if (b.length === 0) return [...a]
  const common = a.filter((each) => b.includes(each))
  return common.length === 0 ? undefined : common
}

/** L57: what both allow, items in the order of `a`; undefined where no item or no model is left. */
export const intersectTerms = (a: Terms, b: Terms): Terms | undefined => {
  const items = a.items.filter((each) => b.items.includes(each))
  const models = commonModels(a.models, b.models)
  if (items.length === 0 || models === undefined) return undefined
  return {
    vault: a.vault,
    environment: a.environment,
    items,
    models,
    mode: a.mode === 'broker' || b.mode === 'broker' ? 'broker' : 'reveal',
    lease: {
      durationMs: Math.min(a.lease.durationMs, b.lease.durationMs),
      uses: fewerUses(a.lease.uses, b.lease.uses),
      untilLock: a.lease.untilLock || b.lease.untilLock,
      untilProcessEnds: a.lease.untilProcessEnds || b.lease.untilProcessEnds,
    },
  }
}

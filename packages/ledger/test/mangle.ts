// Test-only: content that is nearly right. What comes out may be of the schema or not.

/** A number in [0, below). */
export type Pick = (below: number) => number

type Members = Record<string, unknown>

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)

const numberNear = (value: number, pick: Pick): number =>
  [value + 1, Math.max(0, value - 1), 0, 1, Number.MAX_SAFE_INTEGER, value + 3_600_000][pick(6)] ?? 0

const bytesNear = (value: Uint8Array, pick: Pick): Uint8Array => {
  if (value.length === 0 || pick(4) === 0) return value.slice(0, pick(value.length + 1))
  const out = value.slice()
  const at = pick(out.length)
  out[at] = (out[at] ?? 0) ^ (1 << pick(8))
  return out
}

/** `value` with one thing in it changed: an id for another of `ids`, a number a little off, something dropped, doubled or null. */
export const mangled = (value: unknown, ids: readonly string[], pick: Pick): unknown => {
  if (pick(24) === 0) return null
  if (typeof value === 'number') return numberNear(value, pick)
  if (typeof value === 'boolean') return !value
  if (typeof value === 'string') {
    if (/^[0-9a-f]{32}$/.test(value)) return ids[pick(ids.length)] ?? value
    return ['', 'hold', 'view', 'none', 'admin', 'auditor', 'broker', value][pick(8)]
  }
  if (value instanceof Uint8Array) return bytesNear(value, pick)
  if (Array.isArray(value)) {
    const at = pick(value.length)
    const act = pick(4)
    if (value.length === 0 || act === 0) return value.filter((_, index) => index !== at)
    if (act === 1) return [...value, value[at]]
    return value.map((each, index) => (index === at ? mangled(each, ids, pick) : each))
  }
  if (!isMembers(value)) return ids[pick(ids.length)] ?? null
  const names = Object.keys(value)
  const name = names[pick(names.length)]
  if (name === undefined) return value
  return { ...value, [name]: mangled(value[name], ids, pick) }
}

/** Every id that occurs in a value. */
export const idsIn = (value: unknown, found = new Set<string>()): Set<string> => {
  if (typeof value === 'string' && /^[0-9a-f]{32}$/.test(value)) found.add(value)
  else if (Array.isArray(value)) for (const each of value) idsIn(each, found)
  else if (isMembers(value)) for (const each of Object.values(value)) idsIn(each, found)
  return found
}

/**
 * Where the leaves of what a server can decode are, and of what kind: `member.roles[]: text`, `wraps[].blob: bytes`. Lists count as one,
 * so that two entries of a type differ only where they carry different things.
 */
export const visibleFields = (value: unknown, path = ''): string[] => {
  if (value instanceof Uint8Array) return [`${path}: bytes`]
  if (Array.isArray(value)) {
    const within = value.flatMap((each) => visibleFields(each, `${path}[]`))
    return within.length === 0 ? [`${path}: list`] : [...new Set(within)]
  }
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([name, each]) =>
      visibleFields(each, path === '' ? name : `${path}.${name}`),
    )
  if (value === null) return []
  return [`${path}: ${typeof value === 'string' ? 'text' : typeof value}`]
}

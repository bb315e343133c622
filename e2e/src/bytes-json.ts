/** Bytes across `page.evaluate`, which takes JSON: `{ $bytes: base64 }`. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

export const toJson = (value: unknown): Json => {
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') }
  if (Array.isArray(value)) return value.map(toJson)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, toJson(each)]))
  if (value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string')
    return value
  throw new TypeError(`no JSON for ${typeof value}`)
}

export const fromJson = (value: Json): unknown => {
  if (Array.isArray(value)) return value.map(fromJson)
  if (typeof value !== 'object' || value === null) return value
  if ('$bytes' in value) return new Uint8Array(Buffer.from(String(value.$bytes), 'base64'))
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, fromJson(each)]))
}

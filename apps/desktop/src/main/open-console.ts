import { findProvider } from '@countersign/schema/providers'

/** The only addresses the app opens in a browser: the catalogue's console pages, by provider id. Null: none of them. */
export const consoleAddress = (provider: unknown): string | null => {
  if (typeof provider !== 'string') return null
  const address = findProvider(provider)?.consoleUrl ?? null
  return address !== null && URL.parse(address)?.protocol === 'https:' ? address : null
}

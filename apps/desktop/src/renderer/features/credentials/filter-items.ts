import type { ItemRow } from '../../../shared/views.ts'

/** Rows of the environment (null: all) in which every word typed occurs, in name, provider, vault or environment. */
export const filterItems = (
  rows: readonly ItemRow[],
  environment: string | null,
  typed: string,
): ItemRow[] => {
  const words = typed
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
  return rows.filter((row) => {
    if (environment !== null && row.environment !== environment) return false
    const text = `${row.name} ${row.provider} ${row.vaultName} ${row.environmentName}`
    return words.every((word) => text.includes(word))
  })
}

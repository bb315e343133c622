import type { ItemRow } from '../../../shared/views.ts'

/** A line of the list: the head of an environment, or one of its credentials with its place among all credentials shown. */
export type Line =
  | { type: 'group'; key: string; label: string; level: ItemRow['level']; count: number }
  | { type: 'item'; key: string; row: ItemRow; index: number }

/**
 * Groups rows by environment, in the order of `environments` (unknown ones last), by name within each; what needs
 * somebody's hand (a conflict, a rotation that is due) first.
 */
export const listLines = (rows: readonly ItemRow[], environments: readonly string[]): Line[] => {
  const groups = new Map<string, ItemRow[]>(environments.map((environment) => [environment, []]))
  for (const row of rows) {
    const group = groups.get(row.environment)
    if (group === undefined) groups.set(row.environment, [row])
    else group.push(row)
  }
  const urgency = (row: ItemRow): number => (row.conflict ? 2 : 0) + (row.rotationDue ? 1 : 0)
  const lines: Line[] = []
  let index = 0
  for (const [environment, group] of groups) {
    const first = group[0]
    if (first === undefined) continue
    group.sort((a, b) => urgency(b) - urgency(a) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    lines.push({
      type: 'group',
      key: environment,
      label: `${first.vaultName} / ${first.environmentName}`,
      level: first.level,
      count: group.length,
    })
    for (const row of group) {
      lines.push({ type: 'item', key: row.item, row, index })
      index += 1
    }
  }
  return lines
}

import { slugProblem } from '@countersign/schema/slug'
import type { ImportRow } from '../../../../shared/job-views.ts'
import type { ItemRow } from '../../../../shared/views.ts'

/** What the person changed about the rows, by row; a row that is not here is as the file suggests. */
export type Edits = Readonly<Record<number, { readonly name?: string; readonly chosen?: boolean }>>

export interface Choice {
  readonly row: ImportRow
  readonly name: string
  readonly chosen: boolean
  /** Why it cannot be imported under this name. */
  readonly problem: string | undefined
}

/**
 * Each row with its name and whether it is taken. Those of providers in the catalogue are taken unless something of that name
 * is there already, so that the same file twice adds nothing twice.
 */
export const choicesOf = (
  rows: readonly ImportRow[],
  edits: Edits,
  items: readonly Pick<ItemRow, 'environment' | 'name'>[],
  environment: string,
): Choice[] => {
  const there = new Set(items.filter((each) => each.environment === environment).map(({ name }) => name))
  const named = rows.map((row) => ({ row, name: (edits[row.row]?.name ?? row.name).trim() }))
  const wanted = named.map(({ row, name }) => edits[row.row]?.chosen ?? (row.known && !there.has(name)))
  return named.map(({ row, name }, index) => {
    const chosen = wanted[index] ?? false
    const twice = named.some((other, at) => at !== index && wanted[at] && other.name === name)
    const problem = there.has(name)
      ? 'There is one of this name already.'
      : chosen && twice
        ? 'Two are to have this name.'
        : name === ''
          ? 'It needs a name.'
          : slugProblem(name)
    return { row, name, chosen, problem }
  })
}

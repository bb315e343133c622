import type { StoredEntry } from './server-entries.ts'
import { visibleFields } from './visible-fields.ts'

/** What a server sees of one type of entry. */
export interface LeakRow {
  readonly type: string
  readonly count: number
  /** Sizes of whole entries as stored and sent, ascending, each once. */
  readonly sizes: readonly number[]
  /** Sizes of sealed bodies alone; empty where the type has none. */
  readonly bodySizes: readonly number[]
  /** Names of what is in clear beside the envelope's own fields, or is sealed in a field of its own. */
  readonly fields: readonly string[]
}

const ascending = (numbers: Iterable<number>): number[] => [...new Set(numbers)].sort((a, b) => a - b)

export const leakRows = (entries: readonly StoredEntry[]): LeakRow[] => {
  const types = [...new Set(entries.map(({ envelope }) => envelope.type))].sort()
  return types.map((type) => {
    const ofType = entries.filter(({ envelope }) => envelope.type === type)
    const fields = ofType.flatMap(({ envelope }) => visibleFields(envelope.plain))
    return {
      type,
      count: ofType.length,
      sizes: ascending(ofType.map(({ bytes }) => bytes.length)),
      bodySizes: ascending(
        ofType.flatMap(({ envelope }) => (envelope.body === null ? [] : [envelope.body.length])),
      ),
      fields: [...new Set(fields.map((field) => field.replace(/: \w+$/, '')))].sort(),
    }
  })
}

const range = (sizes: readonly number[]): string => {
  const [first = 0] = sizes
  const last = sizes.at(-1) ?? 0
  return first === last ? `${first}` : `${first}–${last}`
}

/** As `docs/what-the-server-sees.md` has it. */
export const leakMarkdown = (rows: readonly LeakRow[]): string =>
  [
    '| entry | how many | bytes | sizes | sealed body, bytes | in clear or as a field of its own |',
    '|---|---|---|---|---|---|',
    ...rows.map(
      ({ type, count, sizes, bodySizes, fields }) =>
        `| \`${type}\` | ${count} | ${range(sizes)} | ${sizes.length} | ${bodySizes.length === 0 ? '–' : range(bodySizes)} | ${fields.map((each) => `\`${each}\``).join(' ')} |`,
    ),
  ].join('\n')

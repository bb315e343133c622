import type { EnvLine } from '@countersign/schema/env-file'
import type { ItemValue } from '@countersign/schema/item'
import { checkFormat, findProvider, PROVIDERS, type Provider } from '@countersign/schema/providers'
import { looksLikeReference } from '@countersign/schema/reference'
import { IMPORT_LIMITS } from './read-import.ts'

/** One credential that could be made of a file's variables. */
export interface ImportCandidate {
  /** Unique among the candidates; as it would stand in references. */
  readonly name: string
  readonly provider: string
  /** Which variable fills which field. */
  readonly variables: readonly { readonly variable: string; readonly line: number; readonly field: string }[]
  readonly value: ItemValue
  /** What a person should look at before they take it. */
  readonly remarks: readonly string[]
  /** Whether its variables are those of a provider in the catalogue. */
  readonly known: boolean
}

export type SkipReason = 'empty' | 'reference' | 'too-long' | 'overwritten' | 'no-secret'
/** A variable that nothing is made of. */
export interface SkippedVariable {
  readonly variable: string
  readonly line: number
  readonly why: SkipReason
}

export interface ImportPlan {
  readonly candidates: readonly ImportCandidate[]
  readonly skipped: readonly SkippedVariable[]
}

interface Place {
  readonly provider: Provider
  /** What stands before the provider's own variable name, as in `PROD_OPENAI_API_KEY`. */
  readonly prefix: string
  readonly field: string
}

/** Longest first: `AZURE_OPENAI_API_KEY` ends as OpenAI's does. */
const KNOWN_VARIABLES = PROVIDERS.filter(({ id }) => id !== 'custom')
  .flatMap((provider) =>
    provider.fields.flatMap(({ env, name }) => (env === null ? [] : [{ env, provider, field: name }])),
  )
  .sort((a, b) => b.env.length - a.env.length)

const SECRET_NAME = /(?:^|_)(?:API_?KEY|KEY|TOKEN|SECRET|PASSWORD)$/i

const placeOf = (variable: string): Place | null => {
  const known = KNOWN_VARIABLES.find(({ env }) => variable === env || variable.endsWith(`_${env}`))
  if (known !== undefined) {
    const { env, provider, field } = known
    return { provider, prefix: variable.slice(0, -env.length).replace(/_$/, ''), field }
  }
  const custom = findProvider('custom')
  if (custom === undefined || !SECRET_NAME.test(variable)) return null
  return { provider: custom, prefix: variable, field: 'api_key' }
}

const slug = (text: string): string =>
  text.toLowerCase().replaceAll('_', '-').replace(/^-+/, '').slice(0, 90).replace(/-+$/, '')

const nameOf = ({ provider, prefix }: Place): string => {
  if (provider.id !== 'custom') return slug(prefix) === '' ? provider.id : `${provider.id}-${slug(prefix)}`
  const short = slug(prefix.replace(SECRET_NAME, ''))
  return short === '' ? 'custom' : short
}

const skipReason = (line: EnvLine, last: EnvLine | undefined, place: Place | null): SkipReason | null => {
  if (line !== last) return 'overwritten'
  if (line.value === '') return 'empty'
  if (looksLikeReference(line.value)) return 'reference'
  if (line.value.length > IMPORT_LIMITS.valueLength) return 'too-long'
  return place === null ? 'no-secret' : null
}

const remarksOn = (provider: Provider, value: ItemValue): string[] => {
  const missing = provider.fields.filter(({ name, optional }) => !optional && value[name] === undefined)
  const formats = Object.entries(value).flatMap(
    ([field, text]) => checkFormat(provider.id, field, text) ?? [],
  )
  if (missing.length === 0) return formats
  return [...formats, `Not in the file: ${missing.map(({ label }) => label).join(', ')}.`]
}

const unique = (name: string, taken: Set<string>): string => {
  let free = name
  for (let next = 2; taken.has(free); next += 1) free = `${name}-${next}`
  taken.add(free)
  return free
}

/** Sorts a file's variables into credentials: those of one provider, with one prefix, belong together. */
export const planImport = (lines: readonly EnvLine[]): ImportPlan => {
  const last = new Map(lines.map((line) => [line.name, line]))
  const skipped: SkippedVariable[] = []
  const groups = new Map<string, { place: Place; members: { line: EnvLine; field: string }[] }>()
  for (const line of lines) {
    const place = placeOf(line.name)
    const why = skipReason(line, last.get(line.name), place)
    if (why !== null || place === null) {
      skipped.push({ variable: line.name, line: line.line, why: why ?? 'no-secret' })
      continue
    }
    const key = `${place.provider.id} ${place.prefix}`
    const group = groups.get(key) ?? { place, members: [] }
    group.members.push({ line, field: place.field })
    groups.set(key, group)
  }
  const taken = new Set<string>()
  const candidates: ImportCandidate[] = []
  for (const { place, members } of groups.values()) {
    const { provider } = place
    const secret = members.some(({ field }) => provider.fields.find(({ name }) => name === field)?.secret)
    if (!secret) {
      for (const { line } of members) skipped.push({ variable: line.name, line: line.line, why: 'no-secret' })
      continue
    }
    const value = Object.fromEntries(members.map(({ line, field }) => [field, line.value]))
    candidates.push({
      name: unique(nameOf(place), taken),
      provider: provider.id,
      variables: members.map(({ line, field }) => ({ variable: line.name, line: line.line, field })),
      value,
      remarks: remarksOn(provider, value),
      known: provider.id !== 'custom',
    })
  }
  return { candidates, skipped: skipped.sort((a, b) => a.line - b.line) }
}

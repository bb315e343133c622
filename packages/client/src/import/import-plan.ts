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

export type SkipReason = 'empty' | 'reference' | 'elsewhere' | 'too-long' | 'overwritten' | 'no-secret'
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
  /** What stands around the provider's own variable name, as in `PROD_OPENAI_API_KEY` or `OPENAI_API_KEY_2`; underscores and all. */
  readonly around: string
  readonly field: string
}

/** Names that other SDKs and frameworks read for the same field. */
const ALIASES: Readonly<Record<string, readonly [provider: string, field: string]>> = {
  AWS_DEFAULT_REGION: ['aws-bedrock', 'region'],
  AZURE_OPENAI_API_VERSION: ['azure-openai', 'api_version'],
  AZURE_OPENAI_DEPLOYMENT_NAME: ['azure-openai', 'deployment'],
  COHERE_API_KEY: ['cohere', 'api_key'],
  GOOGLE_API_KEY: ['google-gemini', 'api_key'],
  GOOGLE_GENERATIVE_AI_API_KEY: ['google-gemini', 'api_key'],
  HUGGINGFACEHUB_API_TOKEN: ['hugging-face', 'token'],
  HUGGING_FACE_HUB_TOKEN: ['hugging-face', 'token'],
  OPENAI_ORGANIZATION: ['openai', 'organization'],
}
/** So short that other names end in it. */
const WHOLE_ONLY = new Set(['CO_API_KEY'])

interface KnownVariable {
  readonly env: string
  readonly provider: Provider
  readonly field: string
}

const knownVariables = (): KnownVariable[] => {
  const own = PROVIDERS.filter(({ id }) => id !== 'custom').flatMap((provider) =>
    provider.fields.flatMap(({ env, name }) => (env === null ? [] : [{ env, provider, field: name }])),
  )
  const aliases = Object.entries(ALIASES).flatMap(([env, [id, field]]) => {
    const provider = findProvider(id)
    return provider === undefined ? [] : [{ env, provider, field }]
  })
  // Longest first: `AZURE_OPENAI_API_KEY` ends as OpenAI's does.
  return [...own, ...aliases].sort((a, b) => b.env.length - a.env.length)
}
const KNOWN_VARIABLES = knownVariables()

const SECRET_WORD = 'API_?KEY|KEY|TOKEN|SECRET|PASS(?:WORD|WD)?|PAT|DSN|CREDENTIALS?'
const SECRET_NAME = new RegExp(`(?:^|_)(?:${SECRET_WORD})(?:_|$)|PASSWORD$`, 'i')
const SECRET_ENDING = new RegExp(`(?:^|_)(?:${SECRET_WORD})$`, 'i')

/** The name as a provider's SDK reads it, perhaps with something in front; with something behind it only if the value looks it. */
const knownPlace = ({ name, value }: EnvLine): Place | null => {
  for (const { env, provider, field } of KNOWN_VARIABLES) {
    if (name === env) return { provider, around: '', field }
    if (WHOLE_ONLY.has(env)) continue
    if (name.endsWith(`_${env}`)) return { provider, around: name.slice(0, -env.length), field }
    if (name.startsWith(`${env}_`) && value !== '' && checkFormat(provider.id, field, value) === null)
      return { provider, around: name.slice(env.length), field }
  }
  return null
}

const placeOf = (line: EnvLine): Place | null => {
  const known = knownPlace(line)
  if (known !== null) return known
  const custom = findProvider('custom')
  if (custom === undefined || !SECRET_NAME.test(line.name)) return null
  return { provider: custom, around: line.name, field: 'api_key' }
}

/** Leaves room for the number that tells two alike apart. */
const slug = (text: string): string =>
  text.toLowerCase().replaceAll('_', '-').slice(0, 94).replace(/^-+/, '').replace(/-+$/, '')

const nameOf = ({ provider, around }: Place): string => {
  const own = slug(provider.id === 'custom' ? around.replace(SECRET_ENDING, '') : around)
  if (own === '') return provider.id
  return provider.id === 'custom' ? own : slug(`${provider.id}_${own}`)
}

/** Says where the value is, instead of being one: 1Password's, dotenvx's, or another variable. */
const ELSEWHERE = /^(?:op:\/\/|encrypted:|\$\{?\w+\}?$)/

const skipReason = (line: EnvLine, last: EnvLine | undefined, place: Place | null): SkipReason | null => {
  if (line !== last) return 'overwritten'
  if (line.value === '') return 'empty'
  if (looksLikeReference(line.value)) return 'reference'
  if (ELSEWHERE.test(line.value)) return 'elsewhere'
  if (line.value.length > IMPORT_LIMITS.valueLength) return 'too-long'
  return place === null ? 'no-secret' : null
}

const remarksOn = (provider: Provider, value: ItemValue): string[] => {
  const missing = provider.fields.filter(({ name, optional }) => !optional && value[name] === undefined)
  const formats = Object.entries(value).flatMap(
    ([field, text]) => checkFormat(provider.id, field, text) ?? [],
  )
  const unexpanded = Object.values(value).some((text) => /\$\{?[A-Za-z_]/.test(text))
  return [
    ...formats,
    ...(missing.length === 0 ? [] : [`Not in the file: ${missing.map(({ label }) => label).join(', ')}.`]),
    ...(unexpanded
      ? ['It has a “$” that other tools may read as a variable; here it is taken as it stands.']
      : []),
  ]
}

const unique = (name: string, taken: Set<string>): string => {
  let free = name
  for (let next = 2; taken.has(free); next += 1) free = `${name}-${next}`
  taken.add(free)
  return free
}

interface Group {
  readonly place: Place
  readonly members: { readonly line: EnvLine; readonly field: string }[]
}

/** The variables of one provider that have the same around them; two that fill one field differently are two groups. */
const addTo = (groups: Map<string, Group[]>, place: Place, line: EnvLine): void => {
  const key = `${place.provider.id} ${place.around}`
  const alike = groups.get(key) ?? []
  groups.set(key, alike)
  const fits = alike.find(({ members }) =>
    members.every(({ field, line: other }) => field !== place.field || other.value === line.value),
  )
  if (fits !== undefined) fits.members.push({ line, field: place.field })
  else alike.push({ place, members: [{ line, field: place.field }] })
}

/** Sorts a file's variables into credentials: those of one provider, with one prefix, belong together. */
export const planImport = (lines: readonly EnvLine[]): ImportPlan => {
  const last = new Map(lines.map((line) => [line.name, line]))
  const skipped: SkippedVariable[] = []
  const skip = ({ name, line }: EnvLine, why: SkipReason): void =>
    void skipped.push({ variable: name, line, why })
  const groups = new Map<string, Group[]>()
  for (const line of lines) {
    const place = placeOf(line)
    const why = skipReason(line, last.get(line.name), place)
    if (why !== null || place === null) skip(line, why ?? 'no-secret')
    else addTo(groups, place, line)
  }
  const taken = new Set<string>()
  const candidates: ImportCandidate[] = []
  for (const { place, members } of [...groups.values()].flat()) {
    const { provider } = place
    const secret = members.some(({ field }) => provider.fields.find(({ name }) => name === field)?.secret)
    if (!secret) {
      for (const { line } of members) skip(line, 'no-secret')
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

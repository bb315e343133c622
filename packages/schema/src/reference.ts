import { isSlug } from './slug.ts'

/** `cs://<vault>/<environment>/<item>[/<field>][?version=N]`: names, or the item's id in place of its name. */
export interface Reference {
  readonly vault: string
  readonly environment: string
  readonly item: string
  /** Null: all fields. */
  readonly field: string | null
  /** Null: the current version. */
  readonly version: number | null
}

export type ReferenceCode =
  | 'reference.scheme'
  | 'reference.parts'
  | 'reference.name'
  | 'reference.field'
  | 'reference.version'

export type ParsedReference =
  | { readonly ok: true; readonly reference: Reference }
  | { readonly ok: false; readonly code: ReferenceCode; readonly message: string }

const SCHEME = 'cs://'
const MAX_LENGTH = 500
const FIELD = /^[a-z][a-z0-9_]{0,39}$/
const VERSION = /^[1-9][0-9]{0,9}$/

const refuse = (code: ReferenceCode, message: string): ParsedReference => ({ ok: false, code, message })

export const isFieldName = (text: string): boolean => FIELD.test(text)

/** A version as it stands in a query: a positive decimal without leading zeros. */
export const parseVersion = (text: string): number | null => (VERSION.test(text) ? Number(text) : null)

/** Whether a text means to be a reference, well-formed or not. */
export const looksLikeReference = (text: string): boolean => text.startsWith(SCHEME)

/** There is one way to write a reference: no escapes, no empty parts, no other query. */
export const parseReference = (text: string): ParsedReference => {
  if (!looksLikeReference(text)) return refuse('reference.scheme', 'a reference starts with cs://')
  if (text.length > MAX_LENGTH) return refuse('reference.parts', 'the reference is too long')
  const [path = '', query, ...more] = text.slice(SCHEME.length).split('?')
  if (more.length > 0) return refuse('reference.version', 'there is more than one question mark')
  const [vault = '', environment = '', item = '', field, ...rest] = path.split('/')
  if (item === '' || rest.length > 0) {
    return refuse('reference.parts', 'a reference has a vault, an environment, an item and perhaps a field')
  }
  for (const name of [vault, environment, item]) {
    if (!isSlug(name)) {
      return refuse(
        'reference.name',
        'names use lower-case letters, digits, dots, dashes and underscores, and begin and end with a letter or digit',
      )
    }
  }
  if (field !== undefined && !isFieldName(field)) {
    return refuse('reference.field', 'field names use lower-case letters, digits and underscores')
  }
  if (query === undefined)
    return { ok: true, reference: { vault, environment, item, field: field ?? null, version: null } }
  const version = query.startsWith('version=') ? parseVersion(query.slice('version='.length)) : null
  if (version === null) return refuse('reference.version', 'the only query is version=N with N from 1')
  return { ok: true, reference: { vault, environment, item, field: field ?? null, version } }
}

/** Of an item as it is now, with all its fields. */
export const itemReference = (vault: string, environment: string, item: string): string =>
  formatReference({ vault, environment, item, field: null, version: null })

export const formatReference = (reference: Reference): string =>
  `${SCHEME}${reference.vault}/${reference.environment}/${reference.item}` +
  (reference.field === null ? '' : `/${reference.field}`) +
  (reference.version === null ? '' : `?version=${reference.version}`)

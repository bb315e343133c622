import { MAX_REFERENCES, resolvedSchema } from '@countersign/schema/local-api'
import { environmentOf } from '@countersign/schema/providers'
import { parseReference, type Reference } from '@countersign/schema/reference'
import type { ApiClient } from './api-client.ts'
import { CliError, EXIT, errorOf } from './cli-error.ts'
import type { Environment } from './environment.ts'
import { findToken } from './find-token.ts'

/** A variable to fill. `name` null: all variables that the credential's provider uses. */
export interface Wanted {
  readonly name: string | null
  readonly reference: string
}

export const referenceIn = (text: string): Reference => {
  const parsed = parseReference(text)
  if (parsed.ok) return parsed.reference
  throw new CliError(EXIT.usage, `${text}: ${parsed.message}.`, 'Write cs://VAULT/ENVIRONMENT/ITEM[/FIELD].')
}

/** Reads all of them, or none: name → value. */
export const resolveVariables = async (
  env: Environment,
  client: ApiClient,
  wanted: readonly Wanted[],
): Promise<Record<string, string>> => {
  const byToken = new Map<string, Wanted[]>()
  for (const each of wanted) {
    const token = await findToken(env, client, referenceIn(each.reference))
    byToken.set(token, [...(byToken.get(token) ?? []), each])
  }
  const values: Record<string, string> = {}
  for (const [bearer, rows] of byToken) {
    for (let at = 0; at < rows.length; at += MAX_REFERENCES) {
      await resolveSome(client, bearer, rows.slice(at, at + MAX_REFERENCES), values)
    }
  }
  return values
}

const resolveSome = async (
  client: ApiClient,
  bearer: string,
  rows: readonly Wanted[],
  values: Record<string, string>,
): Promise<void> => {
  const body = { references: rows.map((each) => each.reference) }
  const { results } = await client.call({
    method: 'POST',
    path: '/v1/resolve',
    bearer,
    body,
    answer: resolvedSchema,
  })
  for (const [i, { name, reference }] of rows.entries()) {
    const result = results[i]
    if (result === undefined) {
      throw new CliError(EXIT.unexpected, `${reference}: there was no answer for it.`, 'Try again.')
    }
    if (!result.ok) throw errorOf(result.problem, reference)
    const { credential } = result
    if (name !== null) values[name] = credential.value
    else Object.assign(values, providerVariables(credential, reference))
  }
}

const providerVariables = (
  credential: { provider: string; fields: Record<string, string> },
  reference: string,
): Record<string, string> => {
  const variables: Record<string, string> = {}
  for (const [name, field] of Object.entries(
    environmentOf(credential.provider, Object.keys(credential.fields)),
  )) {
    const value = credential.fields[field]
    if (value !== undefined) variables[name] = value
  }
  if (Object.keys(variables).length > 0) return variables
  throw new CliError(
    EXIT.usage,
    `${reference}: no variable is known for it.`,
    `Name one yourself: --set NAME=${reference}`,
  )
}

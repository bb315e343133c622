import { type CredentialList, credentialListSchema } from '@countersign/schema/local-api'
import { ApiClient } from '../api-client.ts'
import { loadBindings } from '../binding-files.ts'
import { CliError } from '../cli-error.ts'
import type { Environment } from '../environment.ts'
import { fetchToken } from '../find-token.ts'
import { harmless, type Terminal } from '../terminal.ts'

interface Row {
  readonly id: string
  readonly application: string
  readonly list: CredentialList | null
  readonly problem: string | null
}

/** `countersign list`: what the bindings kept here may read, no values. */
export const list = async (
  terminal: Terminal,
  env: Environment,
  options: { json?: boolean },
): Promise<void> => {
  const client = await ApiClient.find(env)
  const rows: Row[] = []
  for (const binding of (await loadBindings(env.configDir)).bindings) {
    const { id, application } = binding
    try {
      const bearer = await fetchToken(env, client, binding)
      const found = await client.call({ path: '/v1/credentials', bearer, answer: credentialListSchema })
      rows.push({ id, application, list: found, problem: null })
    } catch (error) {
      if (!(error instanceof CliError)) throw error
      rows.push({ id, application, list: null, problem: error.message })
    }
  }
  if (options.json === true) return terminal.print(`${JSON.stringify(rows)}\n`)
  if (rows.length === 0)
    return terminal.say('No bindings are kept here. Ask for one with `countersign bind`.')
  for (const row of rows) {
    terminal.print(`${harmless(row.application)}  ${row.id}\n`)
    if (row.list === null) terminal.print(`  ${harmless(row.problem ?? '')}\n`)
    for (const each of row.list?.credentials ?? []) {
      terminal.print(`  ${each.reference}  ${each.provider}  v${each.version}  ${each.fields.join(', ')}\n`)
    }
  }
}

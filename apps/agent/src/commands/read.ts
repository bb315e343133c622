import { credentialSchema } from '@countersign/schema/local-api'
import { ApiClient } from '../api-client.ts'
import type { Environment } from '../environment.ts'
import { findToken } from '../find-token.ts'
import { referenceIn } from '../resolve-variables.ts'
import type { Terminal } from '../terminal.ts'

export interface ReadOptions {
  readonly json?: boolean
  readonly newline?: boolean
}

/** `countersign read cs://…`: the value on stdout. */
export const read = async (
  terminal: Terminal,
  env: Environment,
  text: string,
  options: ReadOptions,
): Promise<void> => {
  const reference = referenceIn(text)
  const client = await ApiClient.find(env)
  const bearer = await findToken(env, client, reference)
  const { vault, environment, item, field, version } = reference
  const credential = await client.call({
    path:
      `/v1/credentials/${vault}/${environment}/${item}${field === null ? '' : `/${field}`}` +
      (version === null ? '' : `?version=${version}`),
    bearer,
    answer: credentialSchema,
    about: text,
  })
  if (options.json === true) terminal.print(`${JSON.stringify(credential)}\n`)
  else terminal.print(credential.value + (options.newline === false ? '' : '\n'))
}

import { readFile } from 'node:fs/promises'
import { parseEnvFile } from '@countersign/schema/env-file'
import { itemReference, looksLikeReference } from '@countersign/schema/reference'
import { ApiClient } from '../api-client.ts'
import { CliError, EXIT } from '../cli-error.ts'
import type { Environment } from '../environment.ts'
import { resolveVariables, type Wanted } from '../resolve-variables.ts'
import { runCommand } from '../run-command.ts'

export interface RunOptions {
  readonly envFile?: readonly string[]
  readonly set?: readonly string[]
  readonly item?: readonly string[]
  readonly vault?: string
  readonly env?: string
}

/** Ours, not the command's: it gets values, not the right to fetch more. */
const WITHHELD = ['COUNTERSIGN_TOKEN', 'COUNTERSIGN_TOKEN_FILE']

const readEnvFile = async (path: string): Promise<Record<string, string>> => {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    throw new CliError(EXIT.usage, `${path} cannot be read.`, 'Check --env-file.', { cause })
  }
  const parsed = parseEnvFile(text)
  if (parsed.ok) return parsed.variables
  throw new CliError(EXIT.usage, `${path}: line ${parsed.line} is not NAME=VALUE.`, 'Correct the line.')
}

const assignment = (text: string): [string, string] => {
  const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(text) ?? []
  if (name !== undefined && value !== undefined && looksLikeReference(value)) return [name, value]
  // Not repeated: what stands there may be a secret typed by mistake.
  throw new CliError(
    EXIT.usage,
    '--set takes NAME=cs://VAULT/ENVIRONMENT/ITEM.',
    'Plain values belong in the environment.',
  )
}

const referenceTo = (env: Environment, options: RunOptions, item: string): string => {
  if (looksLikeReference(item)) return item
  const vault = options.vault ?? env.vault
  const environment = options.env ?? env.environment
  if (vault !== null && environment !== null) return itemReference(vault, environment, item)
  throw new CliError(EXIT.usage, `Where is ${item}?`, 'Give --vault and --env, or a whole cs:// reference.')
}

/** `countersign run -- COMMAND`: fills references into the command's environment. Resolves with its exit code. */
export const run = async (
  env: Environment,
  inherited: NodeJS.ProcessEnv,
  command: readonly string[],
  options: RunOptions,
): Promise<number> => {
  const [program, ...args] = command
  if (program === undefined) throw new CliError(EXIT.usage, 'Which command?', 'Write it after --.')
  const variables: NodeJS.ProcessEnv = { ...inherited }
  for (const path of options.envFile ?? []) Object.assign(variables, await readEnvFile(path))
  for (const text of options.set ?? []) {
    const [name, reference] = assignment(text)
    variables[name] = reference
  }
  const wanted: Wanted[] = (options.item ?? []).map((item) => ({
    name: null,
    reference: referenceTo(env, options, item),
  }))
  for (const [name, value] of Object.entries(variables)) {
    if (value !== undefined && looksLikeReference(value)) wanted.push({ name, reference: value })
  }
  if (wanted.length > 0) {
    const client = await ApiClient.find(env)
    Object.assign(variables, await resolveVariables(env, client, wanted))
  }
  for (const name of WITHHELD) delete variables[name]
  return await runCommand(program, args, variables)
}

import { readFile } from 'node:fs/promises'
import { bindingPollSchema } from '@countersign/schema/local-api'
import { itemReference, type Reference } from '@countersign/schema/reference'
import type { ApiClient } from './api-client.ts'
import { covers, loadBindings, removeBinding, type StoredBinding, saveBinding } from './binding-files.ts'
import { CliError, EXIT } from './cli-error.ts'
import type { Environment } from './environment.ts'

/** Exchanges a stored claim, where the request has been granted meanwhile. */
export const fetchToken = async (
  env: Environment,
  client: ApiClient,
  binding: StoredBinding,
): Promise<string> => {
  if (binding.token !== null) return binding.token
  const poll = await client.call({
    path: `/v1/bindings/${binding.id}`,
    bearer: binding.claim ?? '',
    answer: bindingPollSchema,
    about: binding.application,
  })
  if (poll.token !== undefined) {
    await saveBinding(env.configDir, {
      ...binding,
      claim: null,
      token: poll.token,
      expiresAt: poll.expiresAt,
    })
    return poll.token
  }
  const open = poll.state === 'pending' || poll.state === 'awaiting_release'
  if (!open) await removeBinding(env.configDir, binding.id)
  throw new CliError(
    open ? EXIT.later : EXIT.notGranted,
    `The binding of “${binding.application}” is ${poll.state}.`,
    poll.nextStep,
  )
}

/** The token for a reference: from COUNTERSIGN_TOKEN, COUNTERSIGN_TOKEN_FILE, or a stored binding that covers it. */
export const findToken = async (
  env: Environment,
  client: ApiClient,
  reference: Reference,
): Promise<string> => {
  if (env.token !== null) return env.token
  if (env.tokenFile !== null) {
    try {
      return (await readFile(env.tokenFile, 'utf8')).trim()
    } catch (cause) {
      throw new CliError(EXIT.unbound, `${env.tokenFile} cannot be read.`, 'Check COUNTERSIGN_TOKEN_FILE.', {
        cause,
      })
    }
  }
  const { bindings, skipped } = await loadBindings(env.configDir)
  const found = bindings.find((each) => covers(each, reference))
  if (found !== undefined) return await fetchToken(env, client, found)
  const left =
    skipped.length === 0 ? '' : ` Not read, as damaged or readable by others: ${skipped.join(', ')}.`
  throw new CliError(
    EXIT.unbound,
    `No binding here covers ${itemReference(reference.vault, reference.environment, reference.item)}.${left}`,
    `Ask for one: countersign bind --vault ${reference.vault} --env ${reference.environment} --item ${reference.item} --reason "…"`,
  )
}

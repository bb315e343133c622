import { givenBackSchema } from '@countersign/schema/local-api'
import { ApiClient } from '../api-client.ts'
import { loadBindings, removeBinding } from '../binding-files.ts'
import { CliError, EXIT } from '../cli-error.ts'
import type { Environment } from '../environment.ts'
import type { Terminal } from '../terminal.ts'

/** `countersign unbind ID|APP`: gives a binding back, or withdraws its request, and forgets the token. */
export const unbind = async (terminal: Terminal, env: Environment, which: string): Promise<void> => {
  const { bindings } = await loadBindings(env.configDir)
  const found = bindings.filter((each) => each.id === which || each.application === which)
  const [binding] = found
  if (binding === undefined) {
    throw new CliError(EXIT.unbound, `No binding kept here is called ${which}.`, 'See `countersign list`.')
  }
  if (found.length > 1) {
    const ids = found.map((each) => each.id).join(', ')
    throw new CliError(EXIT.usage, `${found.length} bindings are called ${which}: ${ids}.`, 'Give the id.')
  }
  const client = await ApiClient.find(env)
  const bearer = binding.token ?? binding.claim ?? ''
  try {
    await client.call({ method: 'DELETE', path: '/v1/bindings/self', bearer, answer: givenBackSchema })
  } catch (error) {
    // A token that is no longer valid has nothing left to give back; anything else leaves the file for another try.
    const over =
      error instanceof CliError && (error.exitCode === EXIT.unbound || error.exitCode === EXIT.refused)
    if (!over) throw error
  }
  await removeBinding(env.configDir, binding.id)
  terminal.say(`“${binding.application}” can read nothing any more.`)
}

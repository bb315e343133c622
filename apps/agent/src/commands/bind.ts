import {
  type BindingAskInput,
  type BindingCreated,
  type BindingPoll,
  bindingCreatedSchema,
  bindingPollSchema,
  givenBackSchema,
} from '@countersign/schema/local-api'
import { ApiClient } from '../api-client.ts'
import { removeBinding, type StoredBinding, saveBinding } from '../binding-files.ts'
import { CliError, EXIT } from '../cli-error.ts'
import { parseDuration } from '../duration.ts'
import type { Environment } from '../environment.ts'
import { referenceIn } from '../resolve-variables.ts'
import type { Terminal } from '../terminal.ts'

export interface BindOptions {
  readonly vault?: string
  readonly env?: string
  readonly item?: readonly string[]
  readonly provider?: string
  readonly reason: string
  readonly lease: string
  readonly uses?: string
  readonly untilLock?: boolean
  readonly app?: string
  readonly wait?: boolean
  readonly printToken?: boolean
  readonly anyProgram?: boolean
}

const POLL_S = 30

const usage = (message: string, fix: string): CliError => new CliError(EXIT.usage, message, fix)

const askOf = (env: Environment, references: readonly string[], options: BindOptions): BindingAskInput => {
  const parsed = references.map(referenceIn)
  const vault = parsed[0]?.vault ?? options.vault ?? env.vault
  const environment = parsed[0]?.environment ?? options.env ?? env.environment
  if (vault === null || environment === null) {
    throw usage(
      'Which vault and environment?',
      'Give --vault and --env, or references cs://VAULT/ENVIRONMENT/ITEM.',
    )
  }
  if (parsed.some((each) => each.vault !== vault || each.environment !== environment)) {
    throw usage('A binding is for one environment.', 'Bind once for each environment.')
  }
  const items = [...parsed.map((each) => each.item), ...(options.item ?? [])]
  if ((items.length === 0) === (options.provider === undefined)) {
    throw usage('Which credentials?', 'Give --item NAME, once for each, or --provider NAME for all of one.')
  }
  const durationMs = parseDuration(options.lease)
  if (durationMs === null) throw usage(`--lease ${options.lease} is no duration.`, 'Write 30m, 8h, 7d or 2w.')
  const uses = options.uses === undefined ? null : Number(options.uses)
  if (uses !== null && !(Number.isInteger(uses) && uses > 0)) {
    throw usage(`--uses ${options.uses} is no number.`, 'Write a whole number from 1.')
  }
  return {
    application: options.app ?? 'countersign',
    vault,
    environment,
    ...(options.provider === undefined ? { items: [...new Set(items)] } : { provider: options.provider }),
    lease: { durationMs, uses, untilLock: options.untilLock === true },
    reason: options.reason,
    tokenFor: options.printToken === true || options.anyProgram === true ? 'any-program' : 'this-program',
  }
}

/** The items of a request by name: what was asked for by provider is known only now. */
const namesOf = (created: BindingCreated): string[] => created.items.map(referenceIn).map(({ item }) => item)

/** `countersign bind`: asks, shows the code, waits for people, keeps the token. */
export const bind = async (
  terminal: Terminal,
  env: Environment,
  references: readonly string[],
  options: BindOptions,
): Promise<void> => {
  const ask = askOf(env, references, options)
  const client = await ApiClient.find(env)
  const created = await client.call({
    method: 'POST',
    path: '/v1/bindings',
    body: ask,
    answer: bindingCreatedSchema,
    about: `cs://${ask.vault}/${ask.environment}`,
  })
  const pending: StoredBinding = {
    id: created.id,
    application: ask.application,
    vault: ask.vault,
    environment: ask.environment,
    items: [...new Set([...namesOf(created), ...(ask.items ?? [])])],
    claim: created.claim,
    token: null,
    createdAt: Date.now(),
    expiresAt: created.expiresAt,
  }
  await saveBinding(env.configDir, pending)
  terminal.say(`Asked for ${namesOf(created).join(', ')} in ${ask.vault}/${ask.environment}.`)
  terminal.say(`Code: ${created.code.slice(0, 3)} ${created.code.slice(3)}`)
  terminal.say('Approvers see this code in Countersign: have them compare it.')
  terminal.say('Reads stop while Countersign is locked: what runs unattended belongs on a headless agent.')
  if (options.wait ?? !env.noInteraction)
    return await waitForPeople(terminal, env, client, pending, created, options)
  terminal.say('Not waiting: `countersign read` and `run` fetch the token once it is granted.')
}

const waitForPeople = async (
  terminal: Terminal,
  env: Environment,
  client: ApiClient,
  pending: StoredBinding,
  created: BindingCreated,
  options: BindOptions,
): Promise<void> => {
  terminal.say('Waiting for approval. Ctrl-C withdraws the request.')
  const interrupted = new AbortController()
  const stop = (): void => interrupted.abort()
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  try {
    const poll = await pollUntilSettled(terminal, client, created, interrupted.signal)
    await finish(terminal, env, pending, poll, options)
  } catch (error) {
    if (!interrupted.signal.aborted) throw error
    const { claim } = created
    await client.call({ method: 'DELETE', path: '/v1/bindings/self', bearer: claim, answer: givenBackSchema })
    await removeBinding(env.configDir, created.id)
    throw new CliError(EXIT.notGranted, 'Withdrawn.', 'Run the command again to ask anew.', { cause: error })
  } finally {
    process.removeListener('SIGINT', stop)
    process.removeListener('SIGTERM', stop)
  }
}

const pollUntilSettled = async (
  terminal: Terminal,
  client: ApiClient,
  created: BindingCreated,
  signal: AbortSignal,
): Promise<BindingPoll> => {
  let said = ''
  for (;;) {
    const poll = await client.call({
      path: `/v1/bindings/${created.id}?wait=${POLL_S}`,
      bearer: created.claim,
      answer: bindingPollSchema,
      timeoutMs: (POLL_S + 15) * 1000,
      signal,
    })
    if (poll.state !== 'pending' && poll.state !== 'awaiting_release') return poll
    if (poll.nextStep !== said) terminal.say(poll.nextStep)
    said = poll.nextStep
    // An approval is granted only once released: the poll above returns at once in neither state, so ask no faster than this.
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

const finish = async (
  terminal: Terminal,
  env: Environment,
  pending: StoredBinding,
  poll: BindingPoll,
  options: BindOptions,
): Promise<void> => {
  if (poll.token === undefined) {
    await removeBinding(env.configDir, pending.id)
    throw new CliError(EXIT.notGranted, `The request was not granted: ${poll.state}.`, poll.nextStep)
  }
  const by = poll.by.filter((each) => each.decision === 'approved').map((each) => each.by)
  terminal.say(
    `Granted${by.length > 0 ? ` by ${by.join(' and ')}` : ''} until ${new Date(poll.expiresAt).toISOString()}.`,
  )
  if (poll.terms.narrowed)
    terminal.say(`Approvers allowed less than was asked: ${poll.terms.items.join(', ')}.`)
  if (options.printToken === true) {
    await removeBinding(env.configDir, pending.id)
    return terminal.print(`${poll.token}\n`)
  }
  await saveBinding(env.configDir, { ...pending, claim: null, token: poll.token, expiresAt: poll.expiresAt })
  const [example = ''] = poll.terms.items
  terminal.say(`Kept for this user. Try: countersign read ${example}`)
}

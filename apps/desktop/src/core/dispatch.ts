import { ClientError } from '@countersign/client/client-error'
import { type CallError, type CallName, contract } from '../shared/contract.ts'
import type { CallMessage } from '../shared/host-protocol.ts'
import type { Core } from './core-state.ts'
import type { CallContext, Handlers, Parsed } from './handler.ts'

export type CallAnswer = { ok: true; value: unknown } | { ok: false; error: CallError }

const no = (code: string, message: string, fix: string): CallAnswer => ({
  ok: false,
  error: { code, message, fix },
})

/** Errors that carry words for a person are passed on; of any other only its kind is, as its text may quote what it choked on. */
const faultAnswer = (error: unknown): CallAnswer => {
  if (error instanceof ClientError) {
    return no(
      error.code,
      error.message,
      error.fix === '' ? 'Try again; if it stays, restart Countersign.' : error.fix,
    )
  }
  const kind = error instanceof Error ? error.name : typeof error
  reportFault(error)
  return no(
    'core.fault',
    `Something went wrong inside Countersign (${kind}).`,
    'Try again; if it stays, restart it.',
  )
}

/** Where it happened, for whoever looks at the log: frames only, as a message may quote what it choked on. */
const reportFault = (error: unknown): void => {
  const frames =
    error instanceof Error ? (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)) : []
  process.stderr.write(`core fault\n${frames.slice(0, 12).join('\n')}\n`)
}

const run = async <N extends CallName>(
  core: Core,
  handlers: Handlers,
  name: N,
  request: unknown,
  context: CallContext,
): Promise<CallAnswer> => {
  const parsed = contract[name].request.safeParse(request)
  if (!parsed.success) {
    return no('call.malformed', `The request of ${name} has the wrong form.`, 'Correct it and try again.')
  }
  const outcome = await handlers[name](core, parsed.data as Parsed<N>, context)
  if (!outcome.ok) return no(outcome.code, outcome.message, outcome.fix)
  const reply = contract[name].reply.safeParse(outcome.value)
  if (reply.success) return { ok: true, value: reply.data }
  const where = reply.error.issues[0]?.path.join('.') ?? ''
  return no('core.bad_reply', `The answer to ${name} has the wrong form at ${where}.`, 'Report this.')
}

/** Parses a call, finds its handler, parses its reply. Never rejects. */
export const dispatch = async (core: Core, handlers: Handlers, message: CallMessage): Promise<CallAnswer> => {
  const { name, window } = message
  if (contract[name].from !== window) {
    return no('call.wrong_window', `This window may not call ${name}.`, 'Use the window made for it.')
  }
  try {
    return await run(core, handlers, name, message.request, { signing: message.signing })
  } catch (error) {
    return faultAnswer(error)
  }
}

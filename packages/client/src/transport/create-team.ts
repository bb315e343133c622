import type { Head } from '@countersign/schema/entry'
import { PROTOCOL } from '@countersign/schema/wire'
import { ClientError } from '../client-error.ts'
import type { Connector } from './connector.ts'
import { openSession, SESSION_TIMING, type SessionTiming } from './session.ts'

export interface CreateTeamOptions {
  readonly connect: Connector
  readonly url: string
  readonly setupToken: string
  readonly team: string
  /** The signed first entry of the ledger. */
  readonly genesis: Uint8Array
  readonly timing?: SessionTiming
}

export type CreateTeamResult =
  | { readonly ok: true; readonly head: Head; readonly server: Uint8Array }
  | { readonly ok: false; readonly code: string; readonly message: string }

const words = (error: ClientError): CreateTeamResult => ({
  ok: false,
  code: error.code,
  message: error.message,
})

/**
 * Hands a team's first entry to a server, which answers with its id to pin. Sending the same entry with the same token again is
 * answered alike, so a lost answer is simply asked for again. Refusals: `setup.refused`, `team.exists`, `server.unreachable`,
 * `server.silent`, …
 */
export const createTeam = async (options: CreateTeamOptions): Promise<CreateTeamResult> => {
  const { connect, url, setupToken, team, genesis, timing = SESSION_TIMING } = options
  let answer: (result: CreateTeamResult) => void = () => {}
  const answered = new Promise<CreateTeamResult>((resolve) => {
    answer = resolve
  })
  try {
    const session = await openSession({
      connect,
      url,
      server: null,
      timing,
      events: {
        onMessage: (message) => {
          if (message.type === 'created') answer({ ok: true, head: message.head, server: session.server })
          else if (message.type === 'refused')
            answer({ ok: false, code: message.code, message: message.message })
        },
        onClose: (error) => answer(words(error)),
      },
    })
    session.send({ type: 'create', protocol: PROTOCOL, setupToken, team, entry: genesis })
    const result = await answered
    session.close()
    return result
  } catch (cause) {
    if (cause instanceof ClientError) return words(cause)
    throw cause
  }
}

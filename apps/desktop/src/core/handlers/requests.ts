import { type Outcome, ok, refuse } from '@countersign/client/refusal'
import { carryOutChange } from '@countersign/client/requests/change-actions'
import {
  approveRequest,
  cancelRequest,
  denyRequest,
  releaseGrant,
  withdrawApproval,
} from '@countersign/client/requests/request-actions'
import type { UnlockedSession } from '@countersign/client/session/unlocked-session'
import { fromHex } from '@countersign/schema/hex'
import type { RequestRow } from '../../shared/views.ts'
import { type Core, unlocked } from '../core-state.ts'
import type { CallContext, Handlers } from '../handler.ts'
import { requestDetail, requestRow, requestRows } from '../views/request-views.ts'

const unknownRequest = () =>
  refuse(
    'request.unknown',
    'There is no such request.',
    'It may have been made on another team; reload the list.',
  )

const rowAfter = (session: UnlockedSession, request: string, outcome: Outcome<null>): Outcome<RequestRow> => {
  if (!outcome.ok) return outcome
  const row = requestRow(session, request)
  return row === undefined ? unknownRequest() : ok(row)
}

/** Runs an action on a request and answers with its row as it stands then. */
const acting = async (
  core: Core,
  request: string,
  action: (session: UnlockedSession) => Promise<Outcome<null>>,
): Promise<Outcome<RequestRow>> => {
  const session = unlocked(core)
  if (!session.ok) return session
  return rowAfter(session.value, request, await action(session.value))
}

/** A signing window acts on the request it was opened for and no other. */
const signed = (call: CallContext, request: string) =>
  call.signing === request
    ? null
    : refuse(
        'signing.other_request',
        'This window was opened for another request.',
        'Close it and open the request again.',
      )

export const requestHandlers: Handlers<
  | 'requests.list'
  | 'request.get'
  | 'request.deny'
  | 'request.withdraw'
  | 'request.cancel'
  | 'request.openSigning'
  | 'request.release'
  | 'signing.get'
  | 'signing.approve'
  | 'signing.deny'
> = {
  'requests.list': (core, { limit }) => {
    const session = unlocked(core)
    return session.ok ? ok(requestRows(session.value, limit)) : session
  },

  'request.get': (core, { request }) => {
    const session = unlocked(core)
    if (!session.ok) return session
    const detail = requestDetail(session.value, request)
    return detail === undefined ? unknownRequest() : ok(detail)
  },

  'request.deny': (core, { request, reason }) =>
    acting(core, request, (session) => denyRequest(session, request, reason)),

  'request.withdraw': (core, { request }) =>
    acting(core, request, (session) => withdrawApproval(session, request)),

  'request.cancel': (core, { request, reason }) =>
    acting(core, request, (session) => cancelRequest(session, request, reason)),

  'request.openSigning': (core, { request }) => {
    const session = unlocked(core)
    if (!session.ok) return session
    if (requestRow(session.value, request) === undefined) return unknownRequest()
    core.host.openSigning(request)
    return ok({})
  },

  'request.release': (core, { request }) =>
    acting(core, request, (session) =>
      session.ledger.requests.get(request)?.body.kind === 'change'
        ? carryOutChange(session, request)
        : releaseGrant(session, request),
    ),

  'signing.get': (core, _request, call) => {
    const session = unlocked(core)
    if (!session.ok) return session
    const detail = call.signing === null ? undefined : requestDetail(session.value, call.signing)
    return detail === undefined ? unknownRequest() : ok(detail)
  },

  'signing.approve': async (core, { request, requestHash, terms }, call) => {
    const wrong = signed(call, request)
    if (wrong !== null) return wrong
    const hash = requestHash.replaceAll(' ', '')
    if (!/^[0-9a-f]{64}$/.test(hash)) {
      return refuse(
        'call.malformed',
        'That is no request hash.',
        'Close the window and open the request again.',
      )
    }
    return acting(core, request, (session) =>
      approveRequest(session, core.authenticator, {
        request,
        requestHash: fromHex(hash),
        terms,
        purpose: `to approve ${requestRow(session, request)?.application ?? 'a request'}`,
      }),
    )
  },

  'signing.deny': async (core, { request, reason }, call) =>
    signed(call, request) ??
    (await acting(core, request, (session) => denyRequest(session, request, reason))),
}

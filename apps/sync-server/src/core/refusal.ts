import type { RefusalCode } from '@countersign/schema/wire'

/** Why something was not done: a stable code, and a sentence that says what to do and carries nothing from the peer. */
export interface Refusal {
  readonly code: RefusalCode
  readonly message: string
}

const MESSAGES: Record<RefusalCode, string> = {
  'frame.malformed':
    'The frame is not a message of this protocol. Update the client or check what stands between.',
  'frame.too_large': 'The frame is too large. Send smaller batches.',
  'protocol.unsupported':
    'This server does not speak that protocol version. Update the client or the server.',
  'state.unexpected': 'That message is not expected now on this connection. Connect again.',
  'login.refused': 'This device is not accepted here. It may have been removed: ask an admin of the team.',
  'setup.refused': 'The set-up token is not accepted. Ask whoever runs the server for a current one.',
  'team.exists': 'This team is on the server already. Connect to it instead of creating it.',
  'append.head_stale':
    'The stream has moved on. Check the entries that follow, then sign again on the new head.',
  'append.refused':
    'The entries do not belong here: wrong chain, signature, stream or a used id. Nothing was written.',
  'append.not_allowed': 'This member may not write that. Nothing was written.',
  'stream.unknown': 'There is no such stream.',
  'stream.not_allowed': 'This device may not read that stream.',
  'stream.behind':
    'This server has less of the stream than you do. Keep your copy and tell whoever runs the server.',
  'rate.limited': 'Too much at once. Wait a little and send it again.',
  'size.limited': 'That is larger than the server takes. Nothing was written.',
  'store.full': 'The server has no space left. Nothing was written; reading goes on. Tell whoever runs it.',
  'store.failed': 'The server could not write. Nothing was acknowledged; send it again later.',
  'mailbox.unknown': 'There is no such invitation. Ask for a new one.',
  'mailbox.expired': 'The invitation has expired. Ask for a new one.',
  'mailbox.used':
    'The invitation is in use by somebody else. If that is not you, ask for a new one and say so.',
  'mailbox.full': 'The team has too many open invitations. Withdraw one first.',
  'wrap.refused': 'The wrapped key is not accepted: its signature, member or credential does not fit.',
  'server.draining': 'The server is going away. Connect again in a moment.',
}

export const refusal = (code: RefusalCode, message: string = MESSAGES[code]): Refusal => ({ code, message })

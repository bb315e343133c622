import { REFUSAL_CODES, type RefusalCode, type ServerMessage } from '@countersign/schema/wire'

/** What a refusal of the server means to a person here. The server's own words are never shown: it could write anything there. */
const WORDS: Readonly<Record<RefusalCode, string>> = {
  'frame.malformed': 'The server did not understand this version. Update Countersign or the server.',
  'frame.too_large': 'This is too much at once for the server. Do it in smaller parts.',
  'protocol.unsupported': 'The server speaks another protocol version. Update Countersign or the server.',
  'state.unexpected': 'The server did not expect this now. Try again.',
  'login.refused':
    'The server does not accept this device. It may have been removed: ask an admin of the team.',
  'setup.refused': 'The set-up token is not accepted. Ask whoever runs the server for a current one.',
  'team.exists': 'This team is on the server already.',
  'append.head_stale': 'Somebody else wrote at the same time. Try again.',
  'append.refused': 'The server did not take this change. Nothing was written.',
  'append.not_allowed': 'The server says that this member may not write that. Nothing was written.',
  'stream.unknown': 'The server does not have what was asked for.',
  'stream.not_allowed': 'The server does not give this device what was asked for.',
  'stream.behind': 'The server has less than this device does. Tell whoever runs it; your copy is kept.',
  'rate.limited': 'The server takes no more for now. Wait a little and try again.',
  'size.limited': 'This is larger, or lasts longer, than the server takes. Nothing was written.',
  'store.full':
    'The server has no space left. Nothing was written; reading goes on. Tell whoever runs the server.',
  'store.failed': 'The server could not write. Nothing was acknowledged; try again later.',
  'mailbox.unknown': 'The server does not know this invite: it was used, withdrawn or has expired.',
  'mailbox.expired': 'The invite has expired.',
  'mailbox.used': 'The invite is in use, or was used, by somebody else.',
  'mailbox.full': 'The team has too many open invites. Cancel one first.',
  'wrap.refused': 'The server does not accept this proof for a wrapped key.',
  'server.draining': 'The server is going away. Countersign connects again in a moment.',
}

const isKnown = (code: string): code is RefusalCode => (REFUSAL_CODES as readonly string[]).includes(code)

/** A refusal of the server as it is passed on here: a code that this version knows, in this version's words. */
export const ownWords = (code: string): { readonly code: string; readonly message: string } =>
  isKnown(code)
    ? { code, message: WORDS[code] }
    : {
        code: 'server.refused',
        message: 'The server refused this for a reason that this version does not know.',
      }

/** At the edge, so that nothing behind it ever holds text of the server's. */
export const withoutServerText = (message: ServerMessage): ServerMessage =>
  message.type === 'refused' ? { ...message, ...ownWords(message.code) } : message

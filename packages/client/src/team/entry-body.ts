import { open, seal } from '@countersign/crypto/aead'
import { CryptoError } from '@countersign/crypto/crypto-error'
import type { Secret } from '@countersign/crypto/secret'
import { parseLedgerContent } from '@countersign/ledger/plain-content'
import {
  CanonicalError,
  type CborValue,
  decodeCanonical,
  encodeCanonical,
} from '@countersign/schema/canonical'
import type { Envelope } from '@countersign/schema/entry'
import { LEDGER } from '@countersign/schema/ids'
import type { LedgerBody, LedgerContent, LedgerEntryType } from '@countersign/schema/ledger-entries'

const bodyContext = (team: string, id: string, epoch: number) =>
  ({ type: 'entry-body', team, stream: LEDGER, id, epoch }) as const

/** Seals a ledger entry's body under the team key of `epoch` (P6). The entry's id is in the context, so a body cannot move. */
export const sealBody = <T extends LedgerEntryType>(
  team: string,
  id: string,
  epoch: number,
  teamKey: Secret,
  body: LedgerBody<T>,
): Uint8Array => seal(teamKey, bodyContext(team, id, epoch), encodeCanonical(body as CborValue))

/** Why an entry's content could not be read; such an entry changes nothing. */
export type UnreadableCode = 'entry.malformed' | 'entry.no_key' | 'entry.unreadable'

/** A ledger entry's content and the canonical bytes its body was decoded from. */
export interface OpenedContent {
  readonly content: LedgerContent
  readonly bodyBytes: Uint8Array
}

/** A ledger entry opened; `keyOf` gives this member's team key of an epoch. */
export const openContent = (
  envelope: Envelope,
  keyOf: (epoch: number) => Secret | null,
): OpenedContent | UnreadableCode => {
  const epoch = envelope.plain.teamKeyEpoch
  if (envelope.body === null || typeof epoch !== 'number') return 'entry.malformed'
  const key = keyOf(epoch)
  if (key === null) return 'entry.no_key'
  try {
    const bodyBytes = open(key, bodyContext(envelope.team, envelope.id, epoch), envelope.body)
    const content = parseLedgerContent(envelope, decodeCanonical(bodyBytes))
    return content === undefined ? 'entry.malformed' : { content, bodyBytes }
  } catch (error) {
    if (error instanceof CanonicalError) return 'entry.malformed'
    if (error instanceof CryptoError) return 'entry.unreadable'
    throw error
  }
}

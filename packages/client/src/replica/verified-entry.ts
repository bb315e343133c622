import type { SignedEntry } from '@countersign/schema/entry'
import type { StreamName } from '@countersign/schema/ids'

/** An entry whose place in its stream and signature were checked; its content is judged by the reducer. */
export interface VerifiedEntry {
  readonly stream: StreamName
  readonly seq: number
  readonly hash: Uint8Array
  /** As stored and sent. */
  readonly bytes: Uint8Array
  readonly entry: SignedEntry
  /** Its own signature is still to be checked: so far a later entry's signature vouches for it (see `SignatureCheck`). */
  readonly provisional: boolean
}

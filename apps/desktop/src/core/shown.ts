import { type Outcome, ok, refuse } from '@countersign/client/refusal'
import type { CallReply } from '../shared/contract.ts'
import { sealText } from '../shared/sealed-text.ts'

/** A revealed value hides itself after this long. */
export const HIDE_AFTER_MS = 20_000

/** The answer that shows a value: sealed where the window gave a key, as the app's windows do; in clear to a headless caller. */
export const shown = async (
  value: string,
  to: Uint8Array | undefined,
): Promise<Outcome<CallReply<'item.reveal'>>> => {
  const hideAfterMs = HIDE_AFTER_MS
  if (to === undefined) return ok({ value, sealed: null, hideAfterMs })
  try {
    return ok({ value: null, sealed: await sealText('shown-value', to, value), hideAfterMs })
  } catch (cause) {
    // What Web Crypto says of bytes that are no public key.
    if (!(cause instanceof DOMException)) throw cause
    return refuse('call.malformed', 'The window’s key is no key.', 'Reload the window.')
  }
}

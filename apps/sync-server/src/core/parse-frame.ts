import { decodeCanonical } from '@countersign/schema/canonical'
import { type ClientMessage, clientMessageSchema, MAX_FRAME_BYTES, PROTOCOL } from '@countersign/schema/wire'
import { type Refusal, refusal } from './refusal.ts'

const namesOtherProtocol = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  'protocol' in value &&
  typeof value.protocol === 'number' &&
  value.protocol !== PROTOCOL

/** A frame as a message, or why it is none. */
export const parseFrame = (frame: Uint8Array): { readonly message: ClientMessage } | Refusal => {
  if (frame.length > MAX_FRAME_BYTES) return refusal('frame.too_large')
  let value: unknown
  try {
    value = decodeCanonical(frame)
  } catch {
    // A stranger's bytes: whatever is wrong with them has one answer.
    return refusal('frame.malformed')
  }
  const parsed = clientMessageSchema.safeParse(value)
  if (parsed.success) return { message: parsed.data }
  return refusal(namesOtherProtocol(value) ? 'protocol.unsupported' : 'frame.malformed')
}

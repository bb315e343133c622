import { decodeCanonical } from '@countersign/schema/canonical'
import type { SeededRandom } from '../runtime/seeded-random.ts'

const isPush = (frame: Uint8Array): boolean => {
  const message = decodeCanonical(frame)
  if (typeof message !== 'object' || message === null || !('type' in message)) return false
  if (message.type === 'seen') return true
  return message.type === 'entries' && 'ref' in message && message.ref === null
}

/**
 * What becomes of a frame on a bad day: a push is lost or arrives twice. Answers are left alone: within one connection TCP loses none,
 * but a push can be left out by a relay or a node that forgot a subscriber.
 */
export const mangled = (frame: Uint8Array, percent: number, random: SeededRandom): readonly Uint8Array[] => {
  if (percent === 0 || !random.chance(percent / 100) || !isPush(frame)) return [frame]
  return random.chance(0.5) ? [] : [frame, frame]
}

import { decodeCanonical } from '@countersign/schema/canonical'
import type { SeededRandom } from '../runtime/seeded-random.ts'

const typeOf = (frame: Uint8Array): { type: unknown; push: boolean } => {
  const message = decodeCanonical(frame)
  if (typeof message !== 'object' || message === null || !('type' in message))
    return { type: null, push: false }
  const { type } = message
  return { type, push: type === 'seen' || (type === 'entries' && 'ref' in message && message.ref === null) }
}

/**
 * What becomes of frames on a bad day: a live push is lost or arrives twice. Answers and the catch-up of a connection are left alone:
 * within one connection TCP loses none, but a push can be left out by a relay or a node that forgot a subscriber.
 */
export class Mangler {
  readonly #random: SeededRandom
  #caughtUp = false

  constructor(random: SeededRandom) {
    this.#random = random
  }

  mangle(frame: Uint8Array, percent: number): readonly Uint8Array[] {
    if (this.#caughtUp && (percent === 0 || !this.#random.chance(percent / 100))) return [frame]
    const { type, push } = typeOf(frame)
    if (type === 'caught_up') this.#caughtUp = true
    if (!this.#caughtUp || !push || percent === 0) return [frame]
    return this.#random.chance(0.5) ? [] : [frame, frame]
  }
}

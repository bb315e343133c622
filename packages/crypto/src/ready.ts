import { KNOWN_ANSWERS, selfCheck } from './self-check.ts'
import { sodium } from './sodium.ts'

let ready: Promise<void> | undefined

/** To be awaited once before anything else here is called; everything afterwards is synchronous. Throws `self_check`. */
export const cryptoReady = (): Promise<void> => {
  ready ??= sodium.ready.then(() => selfCheck(KNOWN_ANSWERS))
  return ready
}

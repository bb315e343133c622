import { useEffect, useState } from 'react'
import type { CallReply } from '../../../shared/contract.ts'
import { openingText } from '../../../shared/sealed-text.ts'

export interface Revealed {
  value: string
  hideAt: number
  forMs: number
}

/** One value on screen for a short while, then gone from the page. `ask` gives the core the key `to` to seal it to. */
export const useReveal = (
  ask: (to: Uint8Array) => Promise<CallReply<'item.reveal'> | null>,
): { shown: Revealed | null; leftMs: number; toggle: () => void } => {
  const [shown, setShown] = useState<Revealed | null>(null)
  const [leftMs, setLeftMs] = useState(0)
  useEffect(() => {
    if (shown === null) return
    const timer = setInterval(() => {
      const rest = shown.hideAt - Date.now()
      setLeftMs(rest)
      if (rest <= 0) setShown(null)
    }, 200)
    return () => clearInterval(timer)
  }, [shown])
  const show = async (): Promise<void> => {
    const opening = await openingText('shown-value')
    const result = await ask(opening.to)
    if (result === null || result.sealed === null) return
    const value = await opening.open(result.sealed)
    setLeftMs(result.hideAfterMs)
    setShown({ value, hideAt: Date.now() + result.hideAfterMs, forMs: result.hideAfterMs })
  }
  return { shown, leftMs, toggle: () => (shown === null ? void show() : setShown(null)) }
}

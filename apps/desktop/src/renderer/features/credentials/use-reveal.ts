import { useEffect, useState } from 'react'

export interface Revealed {
  value: string
  hideAt: number
  forMs: number
}

/** One value on screen for a short while, then gone from the page. */
export const useReveal = (
  ask: () => Promise<{ value: string; hideAfterMs: number } | null>,
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
    const result = await ask()
    if (result === null) return
    setLeftMs(result.hideAfterMs)
    setShown({ value: result.value, hideAt: Date.now() + result.hideAfterMs, forMs: result.hideAfterMs })
  }
  return { shown, leftMs, toggle: () => (shown === null ? void show() : setShown(null)) }
}

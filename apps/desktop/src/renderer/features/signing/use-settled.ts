import { useEffect, useState } from 'react'

/**
 * True once main takes a click here: a window that pops up under a click must not be signed by it. Main knows when the window was really
 * shown, and judges; hidden and shown again, it is asked anew.
 */
export const useSettled = (): boolean => {
  const [settled, setSettled] = useState(false)
  useEffect(() => {
    let asked = 0
    const ask = (): void => {
      const mine = ++asked
      setSettled(false)
      if (document.visibilityState !== 'visible') return
      window.countersign.settled().then(
        () => {
          if (mine === asked) setSettled(true)
        },
        // Refused: the button stays off.
        () => undefined,
      )
    }
    ask()
    document.addEventListener('visibilitychange', ask)
    return () => {
      asked = -1
      document.removeEventListener('visibilitychange', ask)
    }
  }, [])
  return settled
}

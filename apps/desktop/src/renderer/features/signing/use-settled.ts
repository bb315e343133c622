import { useEffect, useState } from 'react'

/** Nothing can be clicked before this: a window that pops up under a click must not be signed by it. */
const SETTLE_MS = 500

/** True once the window has been in view for half a second; hidden and shown again, it starts anew. */
export const useSettled = (): boolean => {
  const [settled, setSettled] = useState(false)
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const settle = (): void => {
      clearTimeout(timer)
      setSettled(false)
      if (document.visibilityState === 'visible') timer = setTimeout(() => setSettled(true), SETTLE_MS)
    }
    settle()
    document.addEventListener('visibilitychange', settle)
    return () => {
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', settle)
    }
  }, [])
  return settled
}

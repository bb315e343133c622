import { useEffect } from 'react'

/** Single keys of a page. They rest while something is typed, a dialog is open, or a modifier is held; arrows also while a part that scrolls has the focus. */
export const useShortcuts = (keys: Record<string, () => void>): void => {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const act = keys[event.key]
      if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return
      if (document.querySelector('dialog[open]') !== null) return
      if (event.target instanceof HTMLElement && event.target.closest('input, textarea, select') !== null)
        return
      if (
        event.key.startsWith('Arrow') &&
        event.target instanceof HTMLElement &&
        event.target.matches('[data-scrolls]')
      )
        return
      event.preventDefault()
      act()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [keys])
}

export type ThemeChoice = 'system' | 'light' | 'dark'

let chosen: ThemeChoice = 'system'
const systemDark = matchMedia('(prefers-color-scheme: dark)')

const paint = (): void => {
  const dark = chosen === 'dark' || (chosen === 'system' && systemDark.matches)
  document.documentElement.dataset.theme = dark ? 'dark' : 'light'
}

/** Follows the system's theme unless the person chose one. */
export const applyTheme = (choice: ThemeChoice): void => {
  chosen = choice
  paint()
}

/** Applies the saved choice now, and the system's whenever that changes. */
export const followTheme = (): void => {
  paint()
  systemDark.addEventListener('change', paint)
  void window.countersign.call('settings.get', {}).then((result) => {
    if (result.ok) applyTheme(result.value.theme)
  })
}

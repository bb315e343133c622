/** Follows the system's theme unless the person chose one. */
export const applyTheme = (choice: 'system' | 'light' | 'dark'): void => {
  const dark =
    choice === 'dark' || (choice === 'system' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.dataset.theme = dark ? 'dark' : 'light'
}

/** Applies the saved choice now and whenever the system's changes. */
export const followTheme = (): void => {
  let choice: 'system' | 'light' | 'dark' = 'system'
  applyTheme(choice)
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => applyTheme(choice))
  void window.countersign.call('settings.get', {}).then((result) => {
    if (!result.ok) return
    choice = result.value.theme
    applyTheme(choice)
  })
}

import type { BindingView } from '../../../shared/views.ts'

/** So many that have ended are listed at once; those that may still read always are. */
const MOST_ENDED = 100

const textOf = ({ application, person, terms, state }: BindingView): string =>
  `${application} ${person.name} ${terms.vaultName} / ${terms.environmentName} ${state} ${terms.items.map((item) => item.name).join(' ')}`.toLowerCase()

/** What matches every word typed: those that may read first, what runs out first on top; then what ended, newest first. */
export const shownBindings = (
  bindings: readonly BindingView[],
  typed: string,
): { rows: BindingView[]; hidden: number } => {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean)
  const found = bindings.filter((each) => {
    const text = textOf(each)
    return words.every((word) => text.includes(word))
  })
  const active = found.filter((each) => each.state === 'active').sort((a, b) => a.expiresAt - b.expiresAt)
  const ended = found.filter((each) => each.state !== 'active').sort((a, b) => b.expiresAt - a.expiresAt)
  return {
    rows: [...active, ...ended.slice(0, MOST_ENDED)],
    hidden: Math.max(0, ended.length - MOST_ENDED),
  }
}

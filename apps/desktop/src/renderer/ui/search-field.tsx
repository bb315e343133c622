import { Search } from 'lucide-react'
import { useMemo, useRef } from 'react'
import { useShortcuts } from './use-shortcuts.ts'

interface SearchFieldProps {
  label: string
  value: string
  onChange: (value: string) => void
}

/** Filters the list below it as one types. `/` goes to it, Escape empties and leaves it. */
export const SearchField = ({ label, value, onChange }: SearchFieldProps) => {
  const input = useRef<HTMLInputElement>(null)
  useShortcuts(useMemo(() => ({ '/': () => input.current?.focus() }), []))
  return (
    <div className="search">
      <Search size={14} aria-hidden />
      <input
        ref={input}
        className="input"
        type="search"
        placeholder={label}
        aria-label={label}
        aria-keyshortcuts="/"
        spellCheck={false}
        maxLength={100}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return
          onChange('')
          input.current?.blur()
        }}
      />
      <kbd aria-hidden>/</kbd>
    </div>
  )
}

import type { SettingsView } from '../../../shared/views.ts'
import { useApp } from '../../data/app-store.ts'
import { useAction, useLoaded } from '../../data/use-call.ts'
import { applyTheme } from '../../theme/apply-theme.ts'
import { ListSkeleton } from '../../ui/empty-state.tsx'
import { SelectField } from '../../ui/field.tsx'
import { duration } from '../../ui/format.ts'
import { Notice, Refusal } from '../../ui/notice.tsx'
import { Segmented } from '../../ui/segmented.tsx'
import { Computers } from './computers.tsx'
import { SecurityKeys } from './security-keys.tsx'
import './settings.css'

const MINUTE = 60_000
const idle = [1, 5, 10, 15, 30, 60, 240].map((minutes) => minutes * MINUTE)
const clear = [10_000, 20_000, 30_000, 60_000, 120_000]

const Preferences = () => {
  const loaded = useLoaded('settings.get', {}, ['settings'])
  const set = useAction('settings.set')
  if (loaded.state === 'loading') return <ListSkeleton rows={2} />
  if (loaded.state === 'failed') return <Refusal error={loaded.error} onRetry={loaded.reload} />
  const settings = loaded.value
  const change = async (part: Partial<SettingsView>): Promise<void> => {
    const next = await set.run({ ...settings, ...part })
    if (next === null) return
    applyTheme(next.theme)
    loaded.reload()
  }
  const times = (options: readonly number[], value: number) =>
    [...new Set([...options, value])]
      .sort((a, b) => a - b)
      .map((ms) => (
        <option key={ms} value={ms}>
          {duration(ms)}
        </option>
      ))
  return (
    <div className="card">
      <div className="card-head">
        <h2>This computer</h2>
      </div>
      <div className="card-body stack">
        <SelectField
          label="Lock after no input for"
          hint="Locking removes every key from memory."
          value={settings.idleLockMs}
          onChange={(event) => void change({ idleLockMs: Number(event.target.value) })}
        >
          {times(idle, settings.idleLockMs)}
        </SelectField>
        <SelectField
          label="Clear the clipboard after"
          value={settings.clipboardClearMs}
          onChange={(event) => void change({ clipboardClearMs: Number(event.target.value) })}
        >
          {times(clear, settings.clipboardClearMs)}
        </SelectField>
        <div className="field">
          <span className="field-label">Theme</span>
          <div>
            <Segmented
              label="Theme"
              value={settings.theme}
              onChange={(theme) => void change({ theme })}
              options={[
                { value: 'system', label: 'System' },
                { value: 'light', label: 'Light' },
                { value: 'dark', label: 'Dark' },
              ]}
            />
          </div>
        </div>
        {set.error !== null && <Refusal error={set.error} />}
      </div>
    </div>
  )
}

const shortcuts: { keys: readonly string[]; what: string }[] = [
  { keys: ['1', '…', '7'], what: 'Go to a page' },
  { keys: ['/'], what: 'Search the list' },
  { keys: ['↓', '↑', 'j', 'k'], what: 'Next and previous row' },
  { keys: ['Enter'], what: 'Open it' },
  { keys: ['Esc'], what: 'Back, close, or leave the search' },
  { keys: ['n'], what: 'New: a credential, or an invite' },
  { keys: ['Ctrl', 'L'], what: 'Lock now' },
]

const Shortcuts = () => (
  <div className="card">
    <div className="card-head">
      <h2>Keyboard</h2>
    </div>
    <dl className="card-body facts shortcuts">
      {shortcuts.map((each) => (
        <div key={each.what} className="fact">
          <dt>
            {each.keys.map((key) => (
              <kbd key={key}>{key}</kbd>
            ))}
          </dt>
          <dd>{each.what}</dd>
        </div>
      ))}
    </dl>
  </div>
)

const LocalApi = () => {
  const status = useApp((state) => state.status)
  return (
    <div className="card">
      <div className="card-head">
        <h2>Local API</h2>
      </div>
      <div className="card-body stack">
        {status?.localApi?.portMoved && (
          <Notice tone="bad" title="Another program has this computer’s usual port">
            Countersign answers on another one for now. Find out who listens there before you trust programs
            that use the fixed address.
          </Notice>
        )}
        <dl className="facts">
          <dt>Address</dt>
          <dd className="mono">{status?.localApi?.url ?? 'not served'}</dd>
          <dt>Socket</dt>
          <dd className="mono">{status?.localApi?.socket ?? '–'}</dd>
          <dt>Sync server</dt>
          <dd className="mono">{status?.server?.url ?? '–'}</dd>
        </dl>
      </div>
    </div>
  )
}

export const SettingsPage = () => (
  <section className="page" aria-label="Settings">
    <header className="page-head">
      <h1>Settings</h1>
    </header>
    <div className="page-body">
      <div className="page-pad settings">
        <div className="stack">
          <Preferences />
          <SecurityKeys />
        </div>
        <div className="stack">
          <Computers />
          <LocalApi />
          <Shortcuts />
        </div>
      </div>
    </div>
  </section>
)

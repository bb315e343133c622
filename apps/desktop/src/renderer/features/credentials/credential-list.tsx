import { useVirtualizer } from '@tanstack/react-virtual'
import { KeyRound, Plus, SearchX } from 'lucide-react'
import { useDeferredValue, useEffect, useMemo, useRef, useState } from 'react'
import { useApp } from '../../data/app-store.ts'
import { useLoaded } from '../../data/use-call.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { EmptyState, ListSkeleton } from '../../ui/empty-state.tsx'
import { listKeys } from '../../ui/list-keys.ts'
import { Refusal } from '../../ui/notice.tsx'
import { SearchField } from '../../ui/search-field.tsx'
import { useNow } from '../../ui/use-now.ts'
import { useShortcuts } from '../../ui/use-shortcuts.ts'
import { AddCredential } from './add-credential.tsx'
import { CreateVault } from './create-vault.tsx'
import { CredentialRow, rowId } from './credential-row.tsx'
import { filterItems } from './filter-items.ts'
import { ImportCredentials } from './import/import-credentials.tsx'
import { type Line, listLines } from './list-lines.ts'
import './credentials.css'
import { StrandedChanges } from './stranded-changes.tsx'

const HEIGHT = { group: 36, item: 40 } as const
const levelWords = { none: 'no access', view: 'names only', request: 'ask to use', hold: null } as const

const GroupHead = ({ line }: { line: Extract<Line, { type: 'group' }> }) => {
  const level = levelWords[line.level]
  return (
    <h2 className="item-group">
      {line.label}
      <span className="faint">{line.count.toLocaleString()}</span>
      {level !== null && <Badge>{level}</Badge>}
    </h2>
  )
}

export const CredentialList = () => {
  const items = useLoaded('items.list', {}, ['items', 'bindings', 'vaults', 'worklist'])
  const vaults = useLoaded('vaults.list', {}, ['vaults'])
  const [typed, setTyped] = useState('')
  const [environment, setEnvironment] = useState<string | null>(null)
  const [dialog, setDialog] = useState<'add' | 'import' | 'vault' | null>(null)
  const [selected, setSelected] = useState(-1)
  const cameFrom = useRef(useApp.getState().last)
  const scroller = useRef<HTMLDivElement>(null)
  const now = useNow(30_000)
  const all = items.state === 'ready' ? items.value : null
  const vaultList = vaults.state === 'ready' ? vaults.value : null
  const places = useMemo(
    () =>
      (vaultList ?? []).flatMap((vault) =>
        vault.environments.map((each) => ({ ...each, vaultName: vault.name })),
      ),
    [vaultList],
  )
  const search = useDeferredValue(typed)
  const { lines, shown } = useMemo(() => {
    const grouped = listLines(
      filterItems(all ?? [], environment, search),
      places.map((place) => place.environment),
    )
    return { lines: grouped, shown: grouped.filter((line) => line.type === 'item') }
  }, [all, environment, search, places])
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => HEIGHT[lines[index]?.type ?? 'item'],
    getItemKey: (index) => lines[index]?.key ?? index,
    overscan: 12,
  })
  const held = places.filter((place) => place.level === 'hold')
  const mayAdd = held.length > 0

  const select = (index: number): void => {
    const line = shown[index]
    if (line === undefined) return
    setSelected(index)
    virtual.scrollToIndex(lines.indexOf(line))
    requestAnimationFrame(() => document.getElementById(rowId(line.key))?.focus())
  }
  useShortcuts({
    ...listKeys((by) => select(Math.min(shown.length - 1, Math.max(0, selected + by)))),
    n: () => mayAdd && setDialog('add'),
  })
  // Back from a credential: its row has the focus again.
  useEffect(() => {
    const index = shown.findIndex((line) => line.key === cameFrom.current)
    if (index < 0) return
    cameFrom.current = null
    select(index)
  })

  return (
    <section className="page" aria-label="Credentials">
      <header className="page-head">
        <h1>Credentials</h1>
        {all !== null && <span className="faint">{all.length.toLocaleString()}</span>}
        <span className="grow" />
        <SearchField label="Search credentials" value={typed} onChange={setTyped} />
        <Button onClick={() => setDialog('vault')}>New vault</Button>
        <Button onClick={() => setDialog('import')} disabled={!mayAdd} title="Import from an env file">
          Import
        </Button>
        <Button
          kind="primary"
          onClick={() => setDialog('add')}
          disabled={!mayAdd}
          aria-keyshortcuts="n"
          title="Add a credential (n)"
        >
          <Plus size={16} aria-hidden /> Add credential
        </Button>
      </header>
      {places.length > 1 && (
        <fieldset className="filters" aria-label="Environment">
          <button type="button" aria-pressed={environment === null} onClick={() => setEnvironment(null)}>
            All
          </button>
          {places.map((place) => (
            <button
              key={place.environment}
              type="button"
              aria-pressed={environment === place.environment}
              onClick={() => setEnvironment(place.environment)}
            >
              {place.vaultName} / {place.name}
            </button>
          ))}
        </fieldset>
      )}
      <StrandedChanges />
      <div className="page-body" ref={scroller}>
        {items.state === 'loading' && <ListSkeleton />}
        {items.state === 'failed' && (
          <div className="page-pad">
            <Refusal error={items.error} onRetry={items.reload} />
          </div>
        )}
        {all?.length === 0 && vaultList !== null && (
          <EmptyState icon={KeyRound} title={places.length === 0 ? 'No vault yet' : 'No credentials yet'}>
            <p>
              {places.length === 0
                ? 'A vault groups environments: development, staging, production. Each has its own key.'
                : 'Add the first one; programs then read it over localhost once they are approved.'}
            </p>
            <Button kind="primary" onClick={() => setDialog(places.length === 0 ? 'vault' : 'add')}>
              {places.length === 0 ? 'Create a vault' : 'Add a credential'}
            </Button>
            {mayAdd && <Button onClick={() => setDialog('import')}>Import an env file</Button>}
          </EmptyState>
        )}
        {all !== null && all.length > 0 && shown.length === 0 && (
          <EmptyState icon={SearchX} title="Nothing matches">
            <p>Try fewer words, or another environment.</p>
            <Button
              onClick={() => {
                setTyped('')
                setEnvironment(null)
              }}
            >
              Show all
            </Button>
          </EmptyState>
        )}
        <div className="item-list" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((place) => {
            const line = lines[place.index]
            return (
              line !== undefined && (
                <div
                  key={place.key}
                  className="item-place"
                  style={{ transform: `translateY(${place.start}px)`, height: place.size }}
                >
                  {line.type === 'group' ? (
                    <GroupHead line={line} />
                  ) : (
                    <CredentialRow row={line.row} now={now} onFocus={() => setSelected(line.index)} />
                  )}
                </div>
              )
            )
          })}
        </div>
      </div>
      {dialog === 'add' && <AddCredential places={held} onClose={() => setDialog(null)} />}
      {dialog === 'import' && (
        <ImportCredentials places={held} items={all ?? []} onClose={() => setDialog(null)} />
      )}
      {dialog === 'vault' && <CreateVault onClose={() => setDialog(null)} />}
    </section>
  )
}

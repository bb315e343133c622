import { findProvider } from '@countersign/schema/providers'
import { useVirtualizer } from '@tanstack/react-virtual'
import { KeyRound, Plus, SearchX } from 'lucide-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { ItemRow } from '../../../shared/views.ts'
import { go } from '../../data/app-store.ts'
import { useLoaded } from '../../data/use-call.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { EmptyState, ListSkeleton } from '../../ui/empty-state.tsx'
import { ago } from '../../ui/format.ts'
import { Monogram } from '../../ui/monogram.tsx'
import { Refusal } from '../../ui/notice.tsx'
import { useNow } from '../../ui/use-now.ts'
import { AddCredential } from './add-credential.tsx'
import { CreateVault } from './create-vault.tsx'
import { filterItems } from './filter-items.ts'
import './credentials.css'

const ROW_HEIGHT = 52

const Row = ({ row, now, selected }: { row: ItemRow; now: number; selected: boolean }) => {
  const provider = findProvider(row.provider)?.label ?? row.provider
  return (
    <button
      type="button"
      className="item-row"
      data-selected={selected ? '' : undefined}
      onClick={() => go('credentials', row.item)}
    >
      <Monogram text={provider} seed={row.provider} />
      <span className="item-name">
        <span className="clip">{row.name}</span>
        <span className="faint clip">{provider}</span>
      </span>
      <span className="soft clip">
        {row.vaultName} / {row.environmentName}
      </span>
      <span className="row">
        {row.conflict && <Badge tone="bad">choose a version</Badge>}
        {row.rotationDue && <Badge tone="warn">rotate</Badge>}
        {row.level !== 'hold' && <Badge>{row.level === 'request' ? 'ask to use' : 'names only'}</Badge>}
      </span>
      <span className="faint item-number">
        {row.bindings === 0 ? '' : `${row.bindings} ${row.bindings === 1 ? 'app' : 'apps'}`}
      </span>
      <span className="faint item-number">
        v{row.version} · {ago(row.updatedAt, now)}
      </span>
    </button>
  )
}

export const CredentialList = () => {
  const items = useLoaded('items.list', {}, ['items', 'bindings', 'vaults', 'worklist'])
  const vaults = useLoaded('vaults.list', {}, ['vaults'])
  const [typed, setTyped] = useState('')
  const [environment, setEnvironment] = useState<string | null>(null)
  const [dialog, setDialog] = useState<'add' | 'vault' | null>(null)
  const [selected, setSelected] = useState(0)
  const search = useRef<HTMLInputElement>(null)
  const scroller = useRef<HTMLDivElement>(null)
  const now = useNow(30_000)
  const all = items.state === 'ready' ? items.value : []
  const rows = useMemo(() => filterItems(all, environment, typed), [all, environment, typed])
  const places =
    vaults.state === 'ready'
      ? vaults.value.flatMap((vault) =>
          vault.environments.map((each) => ({ ...each, vaultName: vault.name })),
        )
      : []
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
  })

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const typing =
        event.target instanceof HTMLElement &&
        event.target.closest('input, textarea, select, dialog') !== null
      if (dialog !== null || event.ctrlKey || event.metaKey || event.altKey) return
      if (event.key === 'Escape' && typing) search.current?.blur()
      if (typing) return
      if (event.key === '/') {
        event.preventDefault()
        search.current?.focus()
      } else if (event.key === 'n') setDialog('add')
      else if (event.key === 'j' || event.key === 'k') {
        const next = Math.min(rows.length - 1, Math.max(0, selected + (event.key === 'j' ? 1 : -1)))
        setSelected(next)
        virtual.scrollToIndex(next)
      } else if (event.key === 'Enter' && event.target === document.body) {
        const row = rows[selected]
        if (row !== undefined) go('credentials', row.item)
      }
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [rows, selected, dialog, virtual])

  return (
    <section className="page" aria-label="Credentials">
      <header className="page-head">
        <h1>Credentials</h1>
        {items.state === 'ready' && <span className="faint">{items.value.length}</span>}
        <span className="grow" />
        <input
          ref={search}
          className="input item-search"
          type="search"
          placeholder="Search   /"
          aria-label="Search credentials"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <Button onClick={() => setDialog('vault')}>New vault</Button>
        <Button
          kind="primary"
          onClick={() => setDialog('add')}
          disabled={!places.some((place) => place.level === 'hold')}
          title="Add a credential (n)"
        >
          <Plus size={16} aria-hidden /> Add credential
        </Button>
      </header>
      {places.length > 0 && (
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
      <div className="page-body" ref={scroller}>
        {items.state === 'loading' && <ListSkeleton />}
        {items.state === 'failed' && (
          <div className="page-pad">
            <Refusal error={items.error} onRetry={items.reload} />
          </div>
        )}
        {items.state === 'ready' && items.value.length === 0 && vaults.state === 'ready' && (
          <EmptyState icon={KeyRound} title={places.length === 0 ? 'No vault yet' : 'No credentials yet'}>
            <p>
              {places.length === 0
                ? 'A vault groups environments: development, staging, production. Each has its own key.'
                : 'Add the first one; programs then read it over localhost once they are approved.'}
            </p>
            {places.length === 0 ? (
              <Button kind="primary" onClick={() => setDialog('vault')}>
                Create a vault
              </Button>
            ) : (
              <Button kind="primary" onClick={() => setDialog('add')}>
                Add a credential
              </Button>
            )}
          </EmptyState>
        )}
        {items.state === 'ready' && items.value.length > 0 && rows.length === 0 && (
          <EmptyState icon={SearchX} title="Nothing matches">
            <p>Try fewer words, or another environment.</p>
          </EmptyState>
        )}
        <div className="item-list" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((place) => {
            const row = rows[place.index]
            return (
              row !== undefined && (
                <div
                  key={row.item}
                  className="item-place"
                  style={{ transform: `translateY(${place.start}px)`, height: ROW_HEIGHT }}
                >
                  <Row row={row} now={now} selected={place.index === selected} />
                </div>
              )
            )
          })}
        </div>
      </div>
      {dialog === 'add' && (
        <AddCredential
          places={places.filter((place) => place.level === 'hold')}
          onClose={() => setDialog(null)}
        />
      )}
      {dialog === 'vault' && <CreateVault onClose={() => setDialog(null)} />}
    </section>
  )
}

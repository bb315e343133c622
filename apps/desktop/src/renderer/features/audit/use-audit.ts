import { useCallback, useEffect, useRef, useState } from 'react'
import type { CallError, CallReply } from '../../../shared/contract.ts'
import { useLoaded } from '../../data/use-call.ts'
import { mergeRows } from './merge-rows.ts'

type Page = CallReply<'audit.list'>
const PAGE = 200

export type Audit =
  | { state: 'loading' }
  | { state: 'failed'; error: CallError; reload: () => void }
  | { state: 'ready'; page: Page; rows: Page['rows']; more: () => void }

/** The newest page, fetched again when something happens, and as many older ones as were scrolled to. */
export const useAudit = (text: string): Audit => {
  const newest = useLoaded('audit.list', { before: null, limit: PAGE, text }, [
    'audit',
    'requests',
    'items',
    'members',
  ])
  const [older, setOlder] = useState<{ text: string; rows: Page['rows'] }>({ text, rows: [] })
  const busy = useRef(false)
  const page = newest.state === 'ready' ? newest.value : null
  const { current } = newest
  // What a fresh first page pushed out is kept with the older rows, so that there is no hole between the two.
  useEffect(() => {
    // What the filter before this one found is shown until there is an answer, and kept no longer.
    if (page === null || !current) return
    setOlder((kept) => ({ text, rows: kept.text === text ? mergeRows(page.rows, kept.rows) : page.rows }))
  }, [page, text, current])
  const rows = page === null ? [] : mergeRows(page.rows, older.text === text ? older.rows : [])
  const before = page === null ? 0 : page.total - rows.length
  const more = useCallback(() => {
    if (busy.current || before <= 0 || !current) return
    busy.current = true
    void window.countersign.call('audit.list', { before, limit: PAGE, text }).then((result) => {
      busy.current = false
      if (!result.ok) return
      setOlder((kept) =>
        kept.text === text ? { text, rows: mergeRows(kept.rows, result.value.rows) } : kept,
      )
    })
  }, [before, text, current])
  if (newest.state === 'failed') return { state: 'failed', error: newest.error, reload: newest.reload }
  return page === null ? { state: 'loading' } : { state: 'ready', page, rows, more }
}

import { useCallback, useEffect, useState } from 'react'
import type { Area, CallError, CallName, CallReply, CallRequest, CallResult } from '../../shared/contract.ts'
import { useApp } from './app-store.ts'

export type Loaded<T> =
  | { state: 'loading' }
  | { state: 'ready'; value: T }
  | { state: 'failed'; error: CallError; value?: T }

/** A call that never came back (the core was killed by a lock) is a refusal like any other. */
const answerOf = <N extends CallName>(name: N, request: CallRequest<N>): Promise<CallResult<N>> =>
  window.countersign.call(name, request).catch(() => ({
    ok: false,
    error: {
      code: 'core.gone',
      message: 'The part of Countersign that holds the keys did not answer.',
      fix: 'It may just have been locked. Unlock and try again.',
    },
  }))

/**
 * Asks the core, and asks again when one of `areas` changed. Keeps showing what it had meanwhile; `current` where that answers the
 * request as it is now, and not the one before.
 */
export const useLoaded = <N extends CallName>(
  name: N,
  request: CallRequest<N>,
  areas: readonly Area[],
): Loaded<CallReply<N>> & { current: boolean; reload: () => void } => {
  const [loaded, setLoaded] = useState<Loaded<CallReply<N>>>({ state: 'loading' })
  const [answered, setAnswered] = useState<string | null>(null)
  const [asked, setAsked] = useState(0)
  const revision = useApp((state) => areas.map((area) => state.revisions[area] ?? 0).join('.'))
  const body = JSON.stringify(request)
  useEffect(() => {
    let current = true
    void answerOf(name, JSON.parse(body) as CallRequest<N>).then((result) => {
      if (!current) return
      setAnswered(body)
      if (result.ok) setLoaded({ state: 'ready', value: result.value })
      else setLoaded({ state: 'failed', error: result.error })
    })
    return () => {
      current = false
    }
  }, [name, body, revision, asked])
  const reload = useCallback(() => setAsked((count) => count + 1), [])
  return { ...loaded, current: answered === body, reload }
}

/** One action of the person's: whether it is under way, how it was refused, and the way to start it. */
export const useAction = <N extends CallName>(
  name: N,
): {
  busy: boolean
  error: CallError | null
  clear: () => void
  run: (request: CallRequest<N>) => Promise<CallReply<N> | null>
} => {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<CallError | null>(null)
  const run = useCallback(
    async (request: CallRequest<N>) => {
      setBusy(true)
      setError(null)
      const result = await answerOf(name, request)
      setBusy(false)
      if (result.ok) return result.value
      setError(result.error)
      return null
    },
    [name],
  )
  const clear = useCallback(() => setError(null), [])
  return { busy, error, clear, run }
}

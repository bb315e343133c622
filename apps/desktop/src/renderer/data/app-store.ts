import { create } from 'zustand'
import type { Area, CallError } from '../../shared/contract.ts'
import type { StatusView } from '../../shared/views.ts'

export type Page = 'credentials' | 'requests' | 'apps' | 'members' | 'policies' | 'audit' | 'settings'

interface AppState {
  status: StatusView | null
  /** Why there is no status: the core cannot start. */
  failure: CallError | null
  page: Page
  /** The thing open on the page: an item, a request; null for the list. */
  open: string | null
  /** What was open before, so that the way back ends where it began. */
  last: string | null
  /** Counts the changes of each area: a list that depends on one is fetched again when it moves. */
  revisions: Partial<Record<Area, number>>
  /** What the security key is wanted for while a ceremony window is open. */
  ceremony: string | null
}

export const useApp = create<AppState>(() => ({
  status: null,
  failure: null,
  page: 'credentials',
  open: null,
  last: null,
  revisions: {},
  ceremony: null,
}))

export const go = (page: Page, open: string | null = null): void =>
  useApp.setState((state) => ({ page, open, last: state.page === page ? state.open : null }))

/** Waits for a core that is starting; one that cannot start says why. */
export const askForStatus = (): void => {
  void window.countersign.call('status.get', {}).then((result) => {
    if (result.ok) useApp.setState({ status: result.value, failure: null })
    // It ended before it could answer, and the next one is asked.
    else if (result.error.code === 'core.locked') askForStatus()
    else useApp.setState({ failure: result.error })
  })
}

/** Listens to the core for as long as the window lives. */
export const listenToCore = (): void => {
  window.countersign.onEvent((event) => {
    if (event.type === 'status') useApp.setState({ status: event.status, failure: null })
    else if (event.type === 'ceremony') {
      useApp.setState({ ceremony: event.state === 'waiting' ? event.purpose : null })
    } else {
      useApp.setState((state) => {
        const revisions = { ...state.revisions }
        for (const area of event.areas) revisions[area] = (revisions[area] ?? 0) + 1
        return { revisions }
      })
    }
  })
  askForStatus()
}

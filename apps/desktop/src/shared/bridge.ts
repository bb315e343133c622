import type { CallName, CallRequest, CallResult, CoreEvent } from './contract.ts'

/** What preload puts on `window.countersign`: typed calls, events, and three things only the shell can do. */
export interface Bridge {
  call<N extends CallName>(name: N, request: CallRequest<N>): Promise<CallResult<N>>
  onEvent(listener: (event: CoreEvent) => void): () => void
  /** Kills the core's keys now. */
  lock(): Promise<void>
  /** In a signing window: resolves once it has been in view for long enough that main takes a click. */
  settled(): Promise<void>
  /** Opens a provider's console page in the browser; main allows only catalogue addresses. */
  openConsole(provider: string): Promise<void>
}

declare global {
  interface Window {
    readonly countersign: Bridge
  }
}

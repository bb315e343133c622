import type { Stage } from './stage.ts'

export type Area =
  | 'hostile server: published'
  | 'hostile server: beyond the papers'
  | 'local API'
  | 'hostile renderer'
  | 'hostile member'
  | 'hostile input'

/** Where the caller is told by design what refused it: a program needs to know what to do, and a code tells it nothing about secrets. */
export const TELLS_ITS_CALLERS: readonly Area[] = ['local API', 'hostile renderer']

/** One exact change to a shipped source file; `find` stands in it exactly once. */
export interface Edit {
  /** From the root of the repository. */
  readonly file: string
  readonly find: string
  readonly replace: string
}

/** The shipped client minus one check. Where two checks stand behind each other, both edits are named. */
export interface Weakening {
  /** In words: what the weakened client no longer does. */
  readonly without: string
  readonly edits: readonly Edit[]
}

export type Finding =
  /**
   * `code`: what refused it. `told`: what the product itself says to the person, word for word; null where nobody is there to be told, as
   * the attack never reaches a client (a thief at work alone, the system that refuses, an attacker who only listens): then `seen` says
   * what the attacker was left with.
   */
  | { readonly outcome: 'refused'; readonly code: string; readonly told: string; readonly seen: null }
  | { readonly outcome: 'refused'; readonly code: string; readonly told: null; readonly seen: string }
  /** `gained`: what the attacker has now. */
  | { readonly outcome: 'succeeded'; readonly gained: string }

/** An attack that is really performed, against whatever client is loaded in this process. */
export interface Attack {
  /** Reference of a published attack (`BW01`), or our own id (`S-split-view`). Unique. */
  readonly ref: string
  readonly area: Area
  readonly title: string
  /** What the attacker has and does, in one sentence. */
  readonly tried: string
  /** The code that refuses it. */
  readonly refusal: string
  readonly weakened: Weakening
  /** No client says anything while it goes on; for all others that something was said is checked, or nothing was searched for secrets. */
  readonly silent?: true
  /** Performed by a page in the browser that all such rows share. */
  readonly inBrowser?: true
  /**
   * Performs it. Says `refused` or `succeeded` by what the attacker got, never by what the client says of itself; throws where
   * neither can be told.
   */
  readonly run: (stage: Stage) => Promise<Finding>
}

export const refused = (code: string, told: string): Finding => ({
  outcome: 'refused',
  code,
  told,
  seen: null,
})
export const nobodyToTell = (code: string, seen: string): Finding => ({
  outcome: 'refused',
  code,
  told: null,
  seen,
})
export const succeeded = (gained: string): Finding => ({ outcome: 'succeeded', gained })

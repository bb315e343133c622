import { freshnessOf, modeOf, turnedAway } from '@countersign/client/session/serving'
import type { UnlockedSession } from '@countersign/client/session/unlocked-session'
import type { Mode } from '@countersign/schema/mode'

/** What was worked out stands at most this long: clocks run even when nothing happens. */
const RECHECK_MS = 500

export type Fresh =
  | { readonly ok: true }
  | { readonly ok: false; readonly which: 'server' | 'witness'; readonly whoCouldRefresh: readonly string[] }

/** Mode and freshness for the hot path: worked out when something changed, or shortly after. */
export class ServingState {
  readonly #session: UnlockedSession
  readonly #stops: (() => void)[]
  readonly #fresh = new Map<string, Fresh>()
  #mode: Mode | null = null
  #away: boolean | null = null
  #until = 0
  #stamp = 0

  constructor(session: UnlockedSession) {
    this.#session = session
    const forget = (): void => {
      this.#until = 0
    }
    this.#stops = [session.onChanges(forget), session.device.replica.onStatus(forget)]
  }

  /** Another number whenever anything may have changed: by an event, or by the time that passed. */
  stamp(): number {
    this.#recheck()
    return this.#stamp
  }

  mode(): Mode {
    this.#recheck()
    this.#mode ??= modeOf(this.#session)
    return this.#mode
  }

  /** The team, as far as is known here, does not have this device any more. */
  away(): boolean {
    this.#recheck()
    this.#away ??= turnedAway(this.#session) || !this.#session.active
    return this.#away
  }

  fresh(environment: string): Fresh {
    this.#recheck()
    const known = this.#fresh.get(environment)
    if (known !== undefined) return known
    const state = freshnessOf(this.#session, environment)
    const fresh: Fresh =
      state.state === 'fresh'
        ? { ok: true }
        : { ok: false, which: state.which, whoCouldRefresh: state.whoCouldRefresh }
    this.#fresh.set(environment, fresh)
    return fresh
  }

  stop(): void {
    for (const stop of this.#stops) stop()
  }

  #recheck(): void {
    const now = performance.now()
    if (now < this.#until) return
    this.#until = now + RECHECK_MS
    this.#stamp += 1
    this.#fresh.clear()
    this.#mode = null
    this.#away = null
  }
}

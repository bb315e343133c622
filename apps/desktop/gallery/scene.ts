import type { CoreEvent } from '../src/shared/contract.ts'
import type { StatusView } from '../src/shared/views.ts'
import { ok, type Replies, refused } from './fixture-bridge.ts'

/** What a person does once the screen stands: `click` a button by its name (`in` an article), `press` a key, `fill` a field or `choose` from a list by its label. */
export type Step =
  | { click: string; in?: string }
  | { press: string }
  | { fill: string; with: string }
  | { choose: string; option: string }

export interface Scene {
  name: string
  window?: 'signing'
  page?: 'credentials' | 'requests' | 'apps' | 'members' | 'policies' | 'audit' | 'settings'
  open?: string
  status?: Partial<StatusView>
  replies?: Partial<Replies>
  events?: readonly CoreEvent[]
  steps?: readonly Step[]
}

/** What a screen shows when the core cannot answer it. */
export const gone = refused({
  code: 'store.failed',
  message: 'The encrypted store on this computer did not answer.',
  fix: 'Lock and unlock again. If that does not help, restart Countersign: nothing is lost.',
})
export const nothing = ok<never[]>([])
/** A page of a list that has nothing. */
export const noRows = ok({ rows: [], more: false })

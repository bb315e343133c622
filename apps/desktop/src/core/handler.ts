import type { Outcome } from '@countersign/client/refusal'
import type { z } from 'zod'
import type { CallName, CallReply, Contract } from '../shared/contract.ts'
import type { Core } from './core-state.ts'

/** What is known of a call besides its request. `signing`: the request whose signing window called. */
export interface CallContext {
  readonly signing: string | null
}

export type Parsed<N extends CallName> = z.output<Contract[N]['request']>
export type Reply<N extends CallName> = Outcome<CallReply<N>>

/** Serves one call. Expected refusals are values; what it throws is reported as a fault of the core. */
export type Handler<N extends CallName> = (
  core: Core,
  request: Parsed<N>,
  call: CallContext,
) => Reply<N> | Promise<Reply<N>>

export type Handlers<N extends CallName = CallName> = { readonly [K in N]: Handler<K> }

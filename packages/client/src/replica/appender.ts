import { equalBytes } from '@countersign/crypto/verify'
import type { Head } from '@countersign/schema/entry'
import type { StreamName } from '@countersign/schema/ids'
import type { AppendPart, ClientMessage, ServerMessage } from '@countersign/schema/wire'
import { ClientError } from '../client-error.ts'
import { type Draft, partsOf, type SignedDraft, type Signer, signDrafts } from './draft.ts'
import type { StreamLog } from './stream-log.ts'
import type { VerifiedEntry } from './verified-entry.ts'

const MAX_ATTEMPTS = 25
const MAX_RESENDS = 5

export interface BuildView {
  head(stream: StreamName): Head | null
  /** 0 at first; counts the times that somebody else was faster. */
  readonly attempt: number
}
export interface BuildRefusal {
  readonly code: string
  readonly message: string
}
export type BuildResult = readonly Draft[] | BuildRefusal
export type Build = (view: BuildView) => BuildResult | Promise<BuildResult>

export type AppendResult =
  | {
      readonly ok: true
      readonly heads: readonly { stream: StreamName; head: Head }[]
      readonly entries: readonly VerifiedEntry[]
    }
  | { readonly ok: false; readonly code: string; readonly message: string }

const refusal = (code: string, message: string): AppendResult => ({ ok: false, code, message })
const tooLarge = (): AppendResult =>
  refusal('size.limited', 'This change is too large to send at once. Split it into smaller ones.')
const isRefusal = (built: BuildResult): built is BuildRefusal => !Array.isArray(built)

interface AppenderOptions {
  readonly log: StreamLog
  readonly identity: { readonly team: string; readonly member: string; readonly device: string }
  readonly now: () => number
  /** Waits a while for a live connection; false with the reason where there is none. */
  readonly untilLive: () => Promise<{ live: true } | { live: false; code: string; message: string }>
  /** Asks the server; `onReply` runs before its next message is handled; null: the connection ended first. */
  readonly ask: (
    make: (ref: number) => ClientMessage,
    onReply: (reply: ServerMessage) => Promise<void>,
  ) => Promise<ServerMessage | null>
  /** Own entries that the server has taken: verified and written like anyone's. */
  readonly landed: (parts: readonly AppendPart[], entries: readonly SignedDraft[]) => Promise<void>
  /** The server says it has other entries than those it took: heads that are not ours. */
  readonly contradicted: (stream: StreamName, head: Head) => Promise<void>
  /** Checks what is provisional of a stream at once; false where that did not come to its end. */
  readonly whole: (stream: StreamName) => Promise<boolean>
  /** Fetches what the server has of these streams. */
  readonly refresh: (streams: readonly StreamName[]) => Promise<void>
}

const notWhole = (): AppendResult =>
  refusal(
    'history.unchecked',
    'The history of this environment is still being checked. Try again in a moment.',
  )

/** Compare-and-set appends, one at a time: build, sign, send; on a stale head take what was missed and build again (P15, P19). */
export class Appender {
  readonly #options: AppenderOptions
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: AppenderOptions) {
    this.#options = options
  }

  append(build: Build, signer: Signer): Promise<AppendResult> {
    const turn = this.#last.then(() => this.#append(build, signer))
    this.#last = turn.catch(() => {})
    return turn
  }

  async #append(build: Build, signer: Signer): Promise<AppendResult> {
    const { log, identity, now, untilLive, whole } = this.#options
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const state = await untilLive()
      if (!state.live) return refusal(state.code, state.message)
      const builtOn = new Set<StreamName>()
      const seen = new Map<StreamName, number | undefined>()
      const view = (stream: StreamName): Head | null => {
        builtOn.add(stream)
        const head = log.head(stream)
        if (!seen.has(stream)) seen.set(stream, head?.seq)
        return head
      }
      const built = await build({ head: view, attempt })
      // What came while it was built was not looked at: it is built again rather than signed on top of that.
      if ([...seen].some(([stream, seq]) => log.head(stream)?.seq !== seq)) continue
      if (isRefusal(built)) return refusal(built.code, built.message)
      if (built.length === 0) return { ok: true, heads: [], entries: [] }
      for (const { stream } of built) builtOn.add(stream)
      const unchecked = [...builtOn].filter((stream) => log.provisional.has(stream))
      if (unchecked.length > 0) {
        // Whoever signs on top of a history, or names its head in a cut, vouches for it.
        for (const stream of unchecked) if (!(await whole(stream))) return notWhole()
        continue
      }
      const before = await this.#alreadyLanded(built)
      if (before !== null) return before
      const head = (stream: StreamName): Head | null => log.head(stream)
      const signed = signDrafts(built, { ...identity, time: now(), head }, signer)
      const outcome = await this.#submit(signed).catch((error: unknown) => {
        if (error instanceof ClientError && error.code === 'frame.too_large') return tooLarge()
        throw error
      })
      if (outcome !== 'stale') return outcome
    }
    return refusal('append.contended', 'Others kept writing at the same time. Try again.')
  }

  /** The same signed bytes are sent again after a lost connection, until it is known whether they landed. */
  async #submit(signed: readonly SignedDraft[]): Promise<AppendResult | 'stale'> {
    const { log, ask, untilLive, refresh } = this.#options
    const parts = partsOf(signed, (stream) => log.head(stream))
    for (let resend = 0; resend < MAX_RESENDS; resend++) {
      const reply = await ask(
        (ref) => ({ type: 'append', ref, parts }),
        async (answer) => {
          if (answer.type === 'appended') await this.#accept(parts, signed, answer.heads)
        },
      )
      if (reply?.type === 'appended') return (await this.#result(signed)) ?? this.#unknown()
      if (reply?.type === 'refused') {
        if (reply.code !== 'append.head_stale') return refusal(reply.code, reply.message)
        await refresh(parts.map(({ stream }) => stream))
        return (await this.#result(signed)) ?? 'stale'
      }
      const state = await untilLive()
      if (!state.live) return this.#unknown()
      const landed = await this.#result(signed)
      if (landed !== null) return landed
      if (parts.some(({ stream, expected }) => log.head(stream)?.seq !== expected?.seq)) return 'stale'
    }
    return this.#unknown()
  }

  #unknown(): AppendResult {
    const message =
      'The connection ended before the server answered. Whether the change landed shows once it is back; nothing is sent twice.'
    return refusal('append.unknown', message)
  }

  async #accept(
    parts: readonly AppendPart[],
    signed: readonly SignedDraft[],
    heads: readonly { stream: StreamName; head: Head }[],
  ): Promise<void> {
    for (const { stream } of parts) {
      const ours = signed.findLast((entry) => entry.stream === stream)
      const theirs = heads.find((each) => each.stream === stream)?.head
      if (ours === undefined || theirs === undefined) continue
      if (theirs.seq < ours.seq || (theirs.seq === ours.seq && !equalBytes(theirs.hash, ours.hash))) {
        return this.#options.contradicted(stream, theirs)
      }
    }
    await this.#options.landed(parts, signed)
  }

  /** Success, if the entries stand in our verified copy; null if not. */
  async #result(signed: readonly SignedDraft[]): Promise<AppendResult | null> {
    const entries: VerifiedEntry[] = []
    for (const { stream, seq, hash } of signed) {
      const entry = await this.#options.log.entryAt(stream, seq)
      if (entry === undefined || !equalBytes(entry.hash, hash)) return null
      entries.push(entry)
    }
    return this.#success(entries)
  }

  /** An earlier attempt, of this or an earlier run of the program, may have landed: then its entries are the answer (P19). */
  async #alreadyLanded(drafts: readonly Draft[]): Promise<AppendResult | null> {
    const entries: VerifiedEntry[] = []
    for (const { id, stream } of drafts) {
      const place = id === undefined ? undefined : await this.#options.log.ownEntry(id)
      if (place === undefined || place.stream !== stream) return null
      const entry = await this.#options.log.entryAt(place.stream, place.seq)
      if (entry === undefined) return null
      entries.push(entry)
    }
    return this.#success(entries)
  }

  #success(entries: readonly VerifiedEntry[]): AppendResult {
    const heads = new Map<StreamName, Head>()
    for (const { stream, seq, hash } of entries) heads.set(stream, { seq, hash })
    return { ok: true, heads: [...heads].map(([stream, head]) => ({ stream, head })), entries }
  }
}

import type { Head } from '@countersign/schema/entry'
import { LEDGER } from '@countersign/schema/ids'
import { type ClientMessage, encodeMessage, type ServerMessage } from '@countersign/schema/wire'
import { checkDeviceAdd } from '../../core/device-add.ts'
import { BATCH_LIMIT } from '../../core/limits.ts'
import { isRefusal, type ParsedBatch, parseBatch } from '../../core/parse-batch.ts'
import { type Refusal, refusal } from '../../core/refusal.ts'
import type { TeamState } from '../../core/team-state.ts'
import type { NodeContext } from '../../node-context.ts'
import type { Socket } from './socket.ts'

type Message<T extends ClientMessage['type']> = Extract<ClientMessage, { type: T }>

export interface MemberSessionOptions {
  readonly node: NodeContext
  readonly team: TeamState
  readonly member: string
  readonly device: string
  readonly socket: Socket
  readonly send: (message: ServerMessage) => void
  readonly refuse: (ref: number | null, reason: Refusal) => void
}

/**
 * A member whose device the team does not know yet (P11): is shown the ledger, may add that one device, and has to log in with it
 * for anything else. It is no peer of the team: nothing is pushed to it.
 */
export class MemberSession {
  readonly #options: MemberSessionOptions
  #added = false
  #left = false

  constructor(options: MemberSessionOptions) {
    this.#options = options
  }

  /** Answers `hello.member`: the ledger's head, then what the client lacks of it. */
  async welcome(known: Head | null): Promise<void> {
    const { node, team, send, socket } = this.#options
    const head = team.head(LEDGER)
    const heads = head === null ? [] : [{ stream: LEDGER, head }]
    send({ type: 'welcome', heads, seen: [], time: node.now() })
    const end = head === null ? 0 : head.seq + 1
    for (let from = known === null ? 0 : known.seq + 1; from < end; ) {
      const entries = await node.store.log.read(team.team, LEDGER, from, BATCH_LIMIT)
      if (entries.length === 0 || this.#left) return
      const frame = encodeMessage({ type: 'entries', ref: null, stream: LEDGER, from, entries: [...entries] })
      // The next one when this one left: a slow reader costs one batch of memory.
      await new Promise<void>((resolve) => socket.send(frame, resolve))
      from += entries.length
    }
    send({ type: 'caught_up' })
  }

  leave(): void {
    this.#left = true
  }

  handle(message: ClientMessage, bytes: number): Promise<void> | undefined {
    if (message.type === 'fetch') return this.#fetch(message)
    if (message.type === 'append') this.#append(message, bytes)
    return undefined
  }

  async #fetch({ ref, stream, after, limit }: Message<'fetch'>): Promise<void> {
    const { node, team, member, send, refuse } = this.#options
    const active = team.projection.members.get(member)?.removedAt === null
    if (stream !== LEDGER || !active) return refuse(ref, refusal('stream.not_allowed'))
    const from = after === null ? 0 : after.seq + 1
    const head = team.head(LEDGER)
    if (after !== null && (head === null || head.seq < after.seq)) {
      return refuse(ref, refusal('stream.behind'))
    }
    const entries = await node.store.log.read(team.team, LEDGER, from, {
      entries: Math.min(limit, BATCH_LIMIT.entries),
      bytes: BATCH_LIMIT.bytes,
    })
    send({ type: 'entries', ref, stream, from, entries: [...entries] })
  }

  #append({ ref, parts }: Message<'append'>, bytes: number): void {
    const { node, team, member, device, send, refuse } = this.#options
    const count = parts.reduce((sum, part) => sum + part.entries.length, 0)
    const batch = this.#batch(parts, count)
    if (isRefusal(batch)) {
      node.metrics.appends.inc({ outcome: batch.code })
      refuse(ref, batch)
      return
    }
    const notThat = checkDeviceAdd(batch, { member, device })
    if (notThat !== null) {
      node.metrics.appends.inc({ outcome: notThat.code })
      refuse(ref, notThat)
      return
    }
    node.appends.submit({
      team,
      device,
      batch,
      bytes,
      reply: (outcome) => {
        const landed = outcome.state === 'appended'
        node.metrics.appends.inc({ outcome: landed ? 'appended' : outcome.refusal.code })
        if (!landed) return refuse(ref, outcome.refusal)
        this.#added = true
        send({ type: 'appended', ref, heads: [...outcome.heads] })
      },
    })
  }

  #batch(parts: Message<'append'>['parts'], count: number): ParsedBatch | Refusal {
    const { node, team } = this.#options
    if (this.#added) {
      return refusal(
        'append.not_allowed',
        'The device is added. Log in with its own key for everything else.',
      )
    }
    if (!node.teamEntries.take(team.team, count, node.now())) return refusal('rate.limited')
    return parseBatch(team.team, parts)
  }
}

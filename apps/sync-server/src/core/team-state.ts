import { emptyProjection, mayRead, type Projection, project } from '@countersign/ledger/projection'
import { decodeEntry, type Head } from '@countersign/schema/entry'
import { LEDGER } from '@countersign/schema/ids'
import { hashEntry } from './hash-entry.ts'
import { BATCH_LIMIT } from './limits.ts'
import type { Committed, LogStore } from './store.ts'
import { StoreError } from './store-error.ts'

/** Ledger entries that change nobody's keys, roles or access. */
const SAME_ACCESS = /^(?:request|approval|grant|policy|vault)\./

/** What a node knows of one team, all of it from durable entries: where every stream stands, and the ledger's plain projection. */
export class TeamState {
  readonly team: string
  readonly projection: Projection
  readonly #heads: Map<string, Head>

  constructor(team: string, heads: ReadonlyMap<string, Head> = new Map(), projection = emptyProjection()) {
    this.team = team
    this.#heads = new Map(heads)
    this.projection = projection
  }

  get heads(): ReadonlyMap<string, Head> {
    return this.#heads
  }

  head(stream: string): Head | null {
    return this.#heads.get(stream) ?? null
  }

  /** Takes in what became durable; true if somebody's access may have changed. */
  apply({ stream, from, entries, head }: Committed): boolean {
    const known = this.#heads.get(stream)
    if (known !== undefined && head.seq <= known.seq) return false
    this.#heads.set(stream, head)
    if (stream !== LEDGER) return false
    let accessChanged = false
    for (const [i, bytes] of entries.entries()) {
      if (known !== undefined && from + i <= known.seq) continue
      accessChanged = replay(this.projection, bytes) || accessChanged
    }
    return accessChanged
  }

  /** The member a device belongs to, if both are active. */
  memberOf(device: string): string | null {
    const record = this.projection.devices.get(device)
    if (record === undefined || record.removedAt !== null) return null
    const member = this.projection.members.get(record.member)
    return member === undefined || member.removedAt !== null ? null : record.member
  }

  /** The number of the ledger entry that took the device or its member out of the team; null if none did. */
  removalOf(device: string): number | null {
    const record = this.projection.devices.get(device)
    const member = record === undefined ? undefined : this.projection.members.get(record.member)
    const at = [record?.removedAt, member?.removedAt].filter((each) => each !== undefined && each !== null)
    return at.length === 0 ? null : Math.min(...at)
  }

  /** The heads of every stream that a device may read. */
  readable(device: string): Map<string, Head> {
    const found = new Map<string, Head>()
    for (const [stream, head] of this.#heads) {
      if (mayRead(this.projection, device, stream)) found.set(stream, head)
    }
    return found
  }
}

/** Replays one stored ledger entry; true if it may have changed somebody's access. */
const replay = (projection: Projection, bytes: Uint8Array): boolean => {
  const { envelope } = decodeEntry(bytes)
  const verdict = project(projection, { envelope, hash: hashEntry(bytes) })
  if (!verdict.accepted && verdict.code.startsWith('chain.')) {
    throw new StoreError(
      'corrupt',
      `the stored ledger of a team is broken at entry ${envelope.seq} (${verdict.code})`,
    )
  }
  return verdict.accepted && !SAME_ACCESS.test(envelope.type)
}

/** Rebuilds a team from the store; undefined if there is no such team. Throws StoreError. */
export const loadTeam = async (log: LogStore, team: string): Promise<TeamState | undefined> => {
  const heads = await log.heads(team)
  const end = heads.get(LEDGER)
  if (end === undefined) return undefined
  const projection = emptyProjection()
  let next = 0
  while (next <= end.seq) {
    const entries = await log.read(team, LEDGER, next, BATCH_LIMIT)
    if (entries.length === 0)
      throw new StoreError('corrupt', 'the stored ledger of a team ends before its head')
    for (const bytes of entries.slice(0, end.seq + 1 - next)) replay(projection, bytes)
    next += entries.length
  }
  return new TeamState(team, heads, projection)
}

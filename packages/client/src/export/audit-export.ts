import { cosignedCheckpoint } from '@countersign/crypto/checkpoint'
import type { Projection } from '@countersign/ledger/projection'
import { type CborValue, encodeCanonical } from '@countersign/schema/canonical'
import type { Head } from '@countersign/schema/entry'
import { LEDGER, type StreamName } from '@countersign/schema/ids'
import type { CosignedTree, SignedSeen } from '@countersign/schema/wire'
import type { Alarm } from '../replica/alarm.ts'
import { encodeSeen } from '../replica/seen-book.ts'
import { cosignerName, treeHeadOf } from '../replica/tree-names.ts'
import type { VerifiedEntry } from '../replica/verified-entry.ts'
import type { Disclosure } from './disclosure.ts'
import { ExportFrames } from './export-frames.ts'

/** The domain under which a device signs an export. */
export const EXPORT_PURPOSE = 'audit-export'

export interface ExportSource {
  readonly team: string
  readonly member: string
  readonly device: string
  readonly genesis: Uint8Array
  readonly projection: Projection
  /** Streams to take in, each with where it ends in this export. */
  readonly streams: readonly { readonly stream: StreamName; readonly head: Head }[]
  /** Newest statements of other devices, and this one's own. */
  readonly statements: readonly SignedSeen[]
  readonly alarm: Alarm | null
  pages(stream: StreamName): AsyncIterable<readonly VerifiedEntry[]>
  /** With the device key, purpose `audit-export`. */
  sign(bytes: Uint8Array): Uint8Array
}

export interface ExportOptions {
  readonly createdAt: number
  readonly disclosure: Disclosure
  /** Called now and then with the entries given out so far. */
  readonly onProgress?: (done: number, total: number) => void
}

/** The ledger first, then compartments, then audit streams, each kind by name. */
const inOrder = <T extends { readonly stream: StreamName }>(items: readonly T[]): T[] => {
  const rank = (stream: StreamName): string =>
    `${stream === LEDGER ? 0 : stream.startsWith('c/') ? 1 : 2}${stream}`
  return [...items].sort((a, b) => (rank(a.stream) < rank(b.stream) ? -1 : 1))
}

/** One signed note for each tree that anybody cosigned: all who signed the same root of the same size stand under it. */
function* checkpoints(source: ExportSource): Generator<string> {
  const { team, projection, statements, streams } = source
  const notes = new Map<
    string,
    { tree: CosignedTree; signed: Parameters<typeof cosignedCheckpoint>[1][number][] }
  >()
  const byDevice = [...statements].sort((a, b) => (a.statement.device < b.statement.device ? -1 : 1))
  for (const { statement, trees = [] } of byDevice) {
    const publicKey = projection.devices.get(statement.device)?.signKey
    if (publicKey === undefined) continue
    const by = { name: cosignerName(team, statement.device), publicKey }
    for (const tree of trees) {
      const key = `${tree.stream} ${String(tree.size).padStart(16, '0')} ${Buffer.from(tree.root).toString('hex')}`
      const note = notes.get(key) ?? { tree, signed: [] }
      note.signed.push([by, tree])
      notes.set(key, note)
    }
  }
  for (const { stream } of inOrder(streams)) {
    const ofStream = [...notes]
      .filter(([, { tree }]) => tree.stream === stream)
      .sort(([a], [b]) => (a < b ? -1 : 1))
    for (const [, { tree, signed }] of ofStream) yield cosignedCheckpoint(treeHeadOf(team, tree), signed)
  }
}

/**
 * The bytes of an export, in the order of docs/audit-format.md: header, statements, checkpoints, the alarm if there is one, the
 * streams entry by entry, and the device's signature over all of it. Canonical: the same history, choice and time give the same bytes.
 */
export async function* auditExport(source: ExportSource, options: ExportOptions): AsyncGenerator<Uint8Array> {
  const { createdAt, disclosure, onProgress } = options
  const { team, member, device, genesis, alarm } = source
  const frames = new ExportFrames()
  const streams = inOrder(source.streams)
  const total = streams.reduce((sum, { head }) => sum + head.seq + 1, 0)
  yield frames.magic()
  yield frames.frame('header', {
    team,
    genesis,
    member,
    device,
    createdAt,
    reason: alarm === null ? 'audit' : 'evidence',
    opened: disclosure.opened,
    streams: streams.map(({ stream, head }) => ({ stream, head: { ...head } })),
  })
  const statements = [...source.statements].sort((a, b) => (a.statement.device < b.statement.device ? -1 : 1))
  for (const { statement, signature } of statements) {
    yield frames.frame('statement', encodeSeen(statement), signature)
  }
  for (const note of checkpoints(source)) yield frames.frame('checkpoint', note)
  if (alarm !== null) yield frames.frame('alarm', alarm as CborValue)
  let done = 0
  for (const { stream, head } of streams) {
    for await (const page of source.pages(stream)) {
      for (const { seq, bytes, entry } of page) {
        if (seq > head.seq) break
        yield frames.frame('entry', bytes, disclosure.keyOf(entry.envelope))
        done += 1
      }
      onProgress?.(done, total)
      if ((page.at(-1)?.seq ?? -1) >= head.seq) break
    }
  }
  const end = { team, device, frames: frames.count, hash: frames.hash() }
  yield frames.frame('end', end, source.sign(encodeCanonical(end)))
}

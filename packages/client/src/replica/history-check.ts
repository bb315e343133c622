import { equalBytes } from '@countersign/crypto/verify'
import { mayRead, type Projection } from '@countersign/ledger/projection'
import { type CborValue, encodeCanonical } from '@countersign/schema/canonical'
import type { Head } from '@countersign/schema/entry'
import { LEDGER, type StreamName } from '@countersign/schema/ids'
import type { SignedSeen } from '@countersign/schema/wire'
import { type Alarm, headEvidence, type Problem } from './alarm.ts'
import type { Contradiction, MissingEntry } from './seen-book.ts'
import type { StreamLog } from './stream-log.ts'

/** Heads by stream, as a server's welcome states them. */
export type ServerHeads = ReadonlyMap<StreamName, Head>

const rollback = (stream: StreamName, seq: number, evidence: Alarm['evidence']): Problem => ({
  code: 'rollback',
  stream,
  seq,
  message: 'The server shows less of the team’s history than it did before.',
  evidence,
})

/** Never backwards: every stream we have goes at least as far on the server, through the same entries. */
export const checkServerHeads = (log: StreamLog, heads: ServerHeads): Problem | null => {
  for (const stream of log.streams()) {
    const ours = log.head(stream)
    const theirs = heads.get(stream)
    if (ours === null || (theirs === undefined && stream !== LEDGER)) continue
    const evidence = [headEvidence('head here', ours.hash)]
    if (theirs === undefined || theirs.seq < ours.seq) return rollback(stream, ours.seq, evidence)
    if (theirs.seq === ours.seq && !equalBytes(theirs.hash, ours.hash)) {
      evidence.push(headEvidence('head of the server', theirs.hash))
      const message = 'The server has another entry at the end of what was verified here.'
      return { code: 'fork', stream, seq: ours.seq, message, evidence }
    }
  }
  return null
}

/** A stream that this device still may read did not disappear. To be asked once the ledger is caught up. */
export const checkMissingStreams = (
  log: StreamLog,
  heads: ServerHeads,
  projection: Projection,
  device: string,
): Problem | null => {
  for (const stream of log.streams()) {
    const ours = log.head(stream)
    if (ours === null || heads.has(stream) || !mayRead(projection, device, stream)) continue
    return rollback(stream, ours.seq, [headEvidence('head here', ours.hash)])
  }
  return null
}

/** The ledger contains the heads known from elsewhere (P11). To be asked once it is caught up. */
export const checkFloors = async (log: StreamLog, floors: readonly Head[]): Promise<Problem | null> => {
  for (const floor of floors) {
    const ours = await log.hashAt(LEDGER, floor.seq)
    if (ours === undefined)
      return rollback(LEDGER, floor.seq, [headEvidence('head known before', floor.hash)])
    if (equalBytes(ours, floor.hash)) continue
    return {
      code: 'fork',
      stream: LEDGER,
      seq: floor.seq,
      message: 'The server’s history does not contain what this member’s key had seen when it was enrolled.',
      evidence: [headEvidence('head known before', floor.hash), headEvidence('entry of the server', ours)],
    }
  }
  return null
}

const statementEvidence = (label: string, seen: SignedSeen): Alarm['evidence'][number] => ({
  label,
  bytes: encodeCanonical(seen as CborValue),
})

/** What another device signed cannot stand beside the history here, or beside what it signed before: the proof of either. */
export const splitView = async (log: StreamLog, found: Contradiction): Promise<Problem> => {
  const { kind, seen, earlier, stream, seq } = found
  const evidence = [statementEvidence('signed statement', seen)]
  if (earlier !== null) evidence.push(statementEvidence('earlier signed statement', earlier))
  const ours = await log.entryAt(stream, seq)
  if (earlier === null && ours !== undefined) evidence.push({ label: 'entry here', bytes: ours.bytes })
  const message =
    earlier === null
      ? 'Another device of the team was shown a different history by this server.'
      : 'Another device of the team was shown less, or something else, than this server had shown it before.'
  return { code: kind, stream, seq, message, evidence }
}

/** Another device has verified an entry that the server, asked for it, does not give us. */
export const keptBack = (log: StreamLog, { seen, stream, seq }: MissingEntry): Problem => {
  const ours = log.head(stream)
  const evidence = [statementEvidence('signed statement', seen)]
  if (ours !== null) evidence.push(headEvidence('head here', ours.hash))
  const message =
    'Another device of the team has verified entries that this server, asked for them, does not give this one.'
  return { code: 'withheld', stream, seq, message, evidence }
}

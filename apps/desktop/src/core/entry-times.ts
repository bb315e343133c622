import type { UnlockedSession } from '@countersign/client/session/unlocked-session'
import { LEDGER } from '@countersign/schema/ids'

/** When the ledger's entries were written, by their authors' clocks; read once per entry. */
const times = new WeakMap<UnlockedSession, number[]>()

/** A look-up of the time of a ledger entry by its position, as far as the ledger is here. */
export const entryTimes = async (session: UnlockedSession): Promise<(seq: number) => number> => {
  const known = times.get(session) ?? []
  times.set(session, known)
  for await (const page of session.device.replica.pages(LEDGER, known.length)) {
    for (const { seq, entry } of page) known[seq] = entry.envelope.time
  }
  return (seq) => known[seq] ?? 0
}

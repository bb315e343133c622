/** What ordering needs to know of an event: the ledger position its author had seen (for a ledger entry, its own), and its time. */
export interface Placed {
  readonly ledgerSeq: number
  readonly time: number
}

/**
 * Merges streams into one causal order (P18): by cited ledger position, then by time where they are concurrent. Within a stream its own
 * order stays, whatever its clock said. The ledger itself comes as the first list: an entry stands before everything that cites it.
 *
 * Each list must be in stream order, its positions never decreasing (a rule of the ledger). O(n · lists).
 */
export const mergeCausally = <T extends Placed>(lists: readonly (readonly T[])[]): T[] => {
  const at = lists.map(() => 0)
  const total = lists.reduce((sum, list) => sum + list.length, 0)
  const merged: T[] = []
  while (merged.length < total) {
    let best = -1
    let chosen: T | undefined
    for (let i = 0; i < lists.length; i++) {
      const candidate = lists[i]?.[at[i] ?? 0]
      if (candidate === undefined) continue
      const earlier =
        chosen === undefined ||
        candidate.ledgerSeq < chosen.ledgerSeq ||
        (candidate.ledgerSeq === chosen.ledgerSeq && best !== 0 && candidate.time < chosen.time)
      if (earlier) {
        best = i
        chosen = candidate
      }
    }
    if (chosen === undefined) break
    merged.push(chosen)
    at[best] = (at[best] ?? 0) + 1
  }
  return merged
}

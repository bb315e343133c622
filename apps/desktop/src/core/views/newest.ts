/**
 * All `ids` that are live and, of the others, the newest `limit` that have a view, newest first. `ids` stand in the order they were made.
 * `viewOf` is asked about no other: what it would have to open stays closed. `more`: there are others, older ones, that may have a view.
 */
export const newest = <Id, View>(
  ids: readonly Id[],
  limit: number,
  isLive: (id: Id) => boolean,
  viewOf: (id: Id) => View | null | undefined,
): { rows: View[]; more: boolean } => {
  const rows: View[] = []
  let others = 0
  let more = false
  for (let at = ids.length - 1; at >= 0; at--) {
    const id = ids[at]
    if (id === undefined) continue
    const live = isLive(id)
    if (!live && others >= limit) {
      more = true
      continue
    }
    const view = viewOf(id)
    if (view === null || view === undefined) continue
    rows.push(view)
    if (!live) others += 1
  }
  return { rows, more }
}

import { useState } from 'react'

const FIRST = 100

/** How many rows of a long list are asked for: a page at first, and as many again each time the person wants to see older ones. */
export const useMore = (): { limit: number; showMore: () => void } => {
  const [limit, setLimit] = useState(FIRST)
  return { limit, showMore: () => setLimit((shown) => shown * 2) }
}

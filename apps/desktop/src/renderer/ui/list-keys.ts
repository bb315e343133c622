/** The keys that walk a list, one row down or up. */
export const listKeys = (move: (by: 1 | -1) => void): Record<string, () => void> => ({
  j: () => move(1),
  k: () => move(-1),
  ArrowDown: () => move(1),
  ArrowUp: () => move(-1),
})

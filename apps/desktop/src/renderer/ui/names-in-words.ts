const MOST = 3

/** `Ada, Ben and Chiara`; of more than three the first two and how many others. */
export const namesInWords = (names: readonly string[]): string => {
  if (names.length > MOST)
    return `${names.slice(0, MOST - 1).join(', ')} and ${names.length - MOST + 1} others`
  const last = names.at(-1)
  if (last === undefined) return 'nobody'
  return names.length === 1 ? last : `${names.slice(0, -1).join(', ')} and ${last}`
}

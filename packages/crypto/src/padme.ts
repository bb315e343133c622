/**
 * Padmé (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files", PETS 2019, §4): a length rounded up so that
 * at most O(log log n) bits of it show and at most 12 % is added.
 */
export const padmeLength = (length: number): number => {
  if (length < 2) return length
  const exponent = 31 - Math.clz32(length)
  const keptBits = 32 - Math.clz32(exponent)
  const mask = (1 << Math.max(0, exponent - keptBits)) - 1
  return (length + mask) & ~mask
}

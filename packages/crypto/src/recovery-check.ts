/**
 * The check symbols of a recovery code: two interleaved Reed–Solomon codes [18, 16] over GF(32) (SPEC C13).
 *
 * Even positions are one codeword, odd positions the other. Each notices any two wrong symbols, and finds the place of one:
 * so two neighbours exchanged are always noticed, and a person can be told which group to read again.
 */
const ORDER = 31
/** Powers of the generator α, a root of x⁵ + x² + 1. */
const POWER: number[] = []
const LOG: number[] = []
for (let i = 0, value = 1; i < ORDER; i++) {
  POWER[i] = value
  LOG[value] = i
  value <<= 1
  if (value & 32) value ^= 0b100101
}

const power = (exponent: number): number => POWER[((exponent % ORDER) + ORDER) % ORDER] ?? 0
const log = (value: number): number => LOG[value] ?? 0
const times = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : power(log(a) + log(b)))

/** The codeword, first symbol the highest coefficient, as a polynomial at α^exponent. */
const evaluate = (codeword: readonly number[], exponent: number): number => {
  const x = power(exponent)
  return codeword.reduce((sum, symbol) => times(sum, x) ^ symbol, 0)
}

const half = (symbols: readonly number[], parity: 0 | 1): number[] =>
  symbols.filter((_, i) => i % 2 === parity)

/** c₁x + c₀ such that the codeword vanishes at α and α²: solved from its values there with both zero. */
const checkOf = (data: readonly number[]): [number, number] => {
  const withoutCheck = [...data, 0, 0]
  const atOne = evaluate(withoutCheck, 1)
  const atTwo = evaluate(withoutCheck, 2)
  const divisor = power(1) ^ power(2)
  const c1 = times(atOne ^ atTwo, power(-log(divisor)))
  return [c1, atOne ^ times(c1, power(1))]
}

/** The four check symbols that follow 32 data symbols. */
export const checkSymbols = (data: readonly number[]): number[] => {
  const [evenHigh, evenLow] = checkOf(half(data, 0))
  const [oddHigh, oddLow] = checkOf(half(data, 1))
  return [evenHigh, oddHigh, evenLow, oddLow]
}

/** `none`, or the positions of the wrong symbols as far as they can be found (empty if they cannot). */
export const locateError = (symbols: readonly number[]): 'none' | readonly number[] => {
  const found: number[] = []
  let wrong = false
  for (const parity of [0, 1] as const) {
    const codeword = half(symbols, parity)
    const atOne = evaluate(codeword, 1)
    const atTwo = evaluate(codeword, 2)
    if (atOne === 0 && atTwo === 0) continue
    wrong = true
    if (atOne === 0 || atTwo === 0) return []
    const degree = (log(atTwo) - log(atOne) + ORDER) % ORDER
    if (degree >= codeword.length) return []
    found.push(2 * (codeword.length - 1 - degree) + parity)
  }
  return wrong ? found : 'none'
}

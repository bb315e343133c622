/** A broken invariant of this package: a damaged checkpoint, or a caller that skipped a step. Refused entries are values, not errors. */
export class LedgerError extends Error {
  readonly code: 'checkpoint.damaged' | 'rule.unchecked'

  constructor(code: LedgerError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'LedgerError'
    this.code = code
  }
}

export type CryptoErrorCode = 'open_failed' | 'bad_key' | 'bad_input' | 'self_check'

/**
 * The one error of this package.
 *
 * `open_failed` is deliberately all that is said when something does not open: which of key, context,
 * bytes or length was wrong would be an oracle. `bad_key` and `bad_input` are mistakes of the caller.
 * Messages never carry bytes.
 */
export class CryptoError extends Error {
  override readonly name = 'CryptoError'
  readonly code: CryptoErrorCode

  constructor(code: CryptoErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** The single failure of everything that opens (SPEC C7). */
export const openFailed = (): CryptoError => new CryptoError('open_failed', 'could not be opened')

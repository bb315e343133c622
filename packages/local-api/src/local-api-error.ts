export type LocalApiErrorCode = 'runtime.unsafe' | 'socket.in_use' | 'listen.failed' | 'already_closed'

/** The one error of this package: what keeps the API from being served at all. Refusals of single calls are values. */
export class LocalApiError extends Error {
  override readonly name = 'LocalApiError'
  readonly code: LocalApiErrorCode

  constructor(code: LocalApiErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

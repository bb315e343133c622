/** A broken invariant or a failed part on the client's side; expected refusals are returned as values instead. */
export class ClientError extends Error {
  readonly code: string
  /** What a person can do about it; empty where nothing is known. */
  readonly fix: string

  constructor(code: string, message: string, options?: { cause?: unknown; fix?: string }) {
    super(message, options)
    this.name = 'ClientError'
    this.code = code
    this.fix = options?.fix ?? ''
  }
}

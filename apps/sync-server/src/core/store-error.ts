/** `full`: no space, nothing was written. `failed`: any other failure of a write or read. `corrupt`, `locked`, `foreign`: at opening. */
export type StoreErrorCode = 'full' | 'failed' | 'corrupt' | 'locked' | 'foreign'

/** The one error of a store; the message of an opening error names the file and says what to do. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly code: StoreErrorCode

  constructor(code: StoreErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

export type ToolErrorCode =
  | 'electron.unavailable'
  | 'electron.download'
  | 'electron.integrity'
  | 'electron.archive'
  | 'electron.start'
  | 'system.packages'
  | 'display.start'
  | 'command.failed'

/** What a development tool could not do. `message` says what the person in front of it can do about it. */
export class ToolError extends Error {
  readonly code: ToolErrorCode

  constructor(code: ToolErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'ToolError'
    this.code = code
  }
}

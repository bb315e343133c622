/** Bytes that are not what docs/audit-format.md says they are. */
export class FormatError extends Error {
  override readonly name = 'FormatError'
}

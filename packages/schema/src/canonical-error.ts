/** Thrown when bytes are not the one canonical encoding of a value, or a value has no canonical encoding. */
export class CanonicalError extends Error {
  readonly code = 'canonical.refused'
}

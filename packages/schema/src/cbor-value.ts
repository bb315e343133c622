/** What canonical bytes can carry: no floats, no tags, no undefined, map keys are strings. */
export type CborValue =
  | string
  | number
  | boolean
  | null
  | Uint8Array
  | readonly CborValue[]
  | { readonly [key: string]: CborValue | undefined }

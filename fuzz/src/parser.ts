/**
 * One parser that meets untrusted bytes. `parse` says in a word what became of them: `accepted`, or the code of the refusal. Whatever it
 * throws is a finding; so the parser's own refusals are caught in here, by class, and nothing else is.
 */
export interface FuzzedParser {
  readonly name: string
  /** Where such bytes come from. */
  readonly from: string
  /** Well-formed inputs to begin with. */
  readonly seeds: readonly Uint8Array[]
  /** Words that mean something to this parser. */
  readonly dictionary?: readonly Uint8Array[]
  /** Throws where an accepted input breaks what must hold of it, for instance that it is written back as it was. */
  parse(input: Uint8Array): string | Promise<string>
  close?(): Promise<void>
}

/** Made in the process that fuzzes, as keys and listening sockets cannot be sent to another. */
export type MakeParser = () => Promise<FuzzedParser>

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Bytes as a program would read a text file: what is no UTF-8 becomes U+FFFD. */
export const textOf = (input: Uint8Array): string => new TextDecoder().decode(input)

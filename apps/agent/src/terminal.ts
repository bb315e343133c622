/** Where a command's words go: results to stdout, everything said to people to stderr, so that output can be piped. */
export interface Terminal {
  /** Exactly these characters. */
  print(text: string): void
  /** A line for a person. */
  say(line: string): void
}

/** Text from elsewhere cannot move the cursor, retitle the window or hide itself. */
const CONTROL = /(?![\n\t])[\p{Cc}\p{Cf}]/gu
export const harmless = (text: string): string => text.replace(CONTROL, '\uFFFD')

export const processTerminal = (): Terminal => ({
  print: (text) => {
    process.stdout.write(text)
  },
  say: (line) => {
    process.stderr.write(`${harmless(line)}\n`)
  },
})

/** One NAME=VALUE of an env file. `line`: where it begins, counted from 1. */
export interface EnvLine {
  readonly line: number
  readonly name: string
  readonly value: string
}

/** One line that is neither a comment, blank, nor NAME=VALUE, or whose quote never ends. */
export interface EnvFileProblem {
  readonly ok: false
  readonly line: number
}

/** Up to the equals sign; what follows is read by hand, because a pattern that trims takes quadratic time on spaces. */
const ASSIGNMENT = /^(?:export\s+(?:--\s+)?)?([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)$/
const AFTER_QUOTE = /^(?:\s+#.*)?$/
/** Of what no editor shows as the end of a line. */
const HIDDEN_BREAK = /[\r\u2028\u2029]/
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\', $: '$' }

const withoutComment = (text: string): string => {
  const comment = text.search(/\s#/)
  return (comment === -1 ? text : text.slice(0, comment)).trim()
}

/** Where a quoted text ends; within double quotes a backslash takes the next character along. */
const endOfQuote = (text: string, quote: string): number => {
  for (let at = 1; at < text.length; at += 1) {
    if (text[at] === quote) return at
    if (quote === '"' && text[at] === '\\') at += 1
  }
  return -1
}

const unescaped = (text: string): string =>
  text.replace(/\\(.)/gs, (whole, character: string) => ESCAPES[character] ?? whole)

/** Whether the quote that is open where this line begins ends in it. */
const ends = (line: string, quote: string): boolean => endOfQuote(`${quote}${line}`, quote) !== -1

/** The quoted value that begins with `begun`, the rest of line `index`, and the last line of it; null where it never ends. */
const quoted = (
  begun: string,
  lines: readonly string[],
  index: number,
): { value: string; last: number } | null => {
  const quote = begun.slice(0, 1)
  const parts = [begun]
  let last = index
  for (let open = !ends(begun.slice(1), quote); open; open = !ends(parts.at(-1) ?? '', quote)) {
    last += 1
    const line = lines[last]
    if (line === undefined) return null
    parts.push(line)
  }
  const text = parts.join('\n')
  const end = endOfQuote(text, quote)
  if (!AFTER_QUOTE.test(text.slice(end + 1).trimEnd())) return null
  const inner = text.slice(1, end)
  return { value: quote === '"' ? unescaped(inner) : inner, last }
}

/**
 * NAME=VALUE lines in their order: plain, quoted (`'`, `"`, a backtick; over several lines too), or with `export`; `#` comments.
 * Within double quotes the usual escapes are undone. No variable is ever expanded.
 */
export const readEnvLines = (text: string): { ok: true; lines: EnvLine[] } | EnvFileProblem => {
  const found: EnvLine[] = []
  const all = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  for (let index = 0; index < all.length; index += 1) {
    const line = (all[index] ?? '').trimStart()
    if (line === '' || line.startsWith('#')) continue
    const [, name, written = ''] = ASSIGNMENT.exec(line) ?? []
    if (name === undefined || HIDDEN_BREAK.test(line)) return { ok: false, line: index + 1 }
    const begun = written.trimStart()
    if (!/^["'`]/.test(begun)) {
      found.push({ line: index + 1, name, value: withoutComment(written) })
      continue
    }
    const read = quoted(begun, all, index)
    if (read === null) return { ok: false, line: index + 1 }
    found.push({ line: index + 1, name, value: read.value })
    index = read.last
  }
  return { ok: true, lines: found }
}

/** The variables of an env file; of two lines with one name the last counts. */
export const parseEnvFile = (
  text: string,
): { ok: true; variables: Record<string, string> } | EnvFileProblem => {
  const read = readEnvLines(text)
  if (!read.ok) return read
  // Own properties, whatever they are called: a plain assignment would drop `__proto__`.
  return { ok: true, variables: Object.fromEntries(read.lines.map(({ name, value }) => [name, value])) }
}

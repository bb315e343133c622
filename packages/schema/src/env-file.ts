/** One NAME=VALUE of an env file. `line` counts from 1. */
export interface EnvLine {
  readonly line: number
  readonly name: string
  readonly value: string
}

/** One line that is neither a comment, blank, nor NAME=VALUE. */
export interface EnvFileProblem {
  readonly ok: false
  readonly line: number
}

const LINE = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$/

/** Without its comment. Two looks instead of one pattern, which takes quadratic time on a long run of spaces. */
const plain = (value: string): string => {
  const comment = value.search(/\s#/)
  return comment === -1 ? value : value.slice(0, comment).trimEnd()
}

const unquote = (value: string): string | null => {
  const quote = value[0]
  if (quote !== '"' && quote !== "'") return plain(value)
  const end = value.indexOf(quote, 1)
  const rest = end === -1 ? '' : value.slice(end + 1).trim()
  return end === -1 || (rest !== '' && !rest.startsWith('#')) ? null : value.slice(1, end)
}

/** NAME=VALUE lines in their order, plain, quoted, or with `export`; `#` comments. Values are taken as they are: nothing is expanded. */
export const readEnvLines = (text: string): { ok: true; lines: EnvLine[] } | EnvFileProblem => {
  const lines: EnvLine[] = []
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const [, name, written] = LINE.exec(line) ?? []
    const value = written === undefined ? null : unquote(written)
    if (name === undefined || value === null) return { ok: false, line: index + 1 }
    lines.push({ line: index + 1, name, value })
  }
  return { ok: true, lines }
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

/** One line of an env file that is neither a comment, blank, nor NAME=VALUE. `line` counts from 1. */
export interface EnvFileProblem {
  readonly line: number
}

const LINE = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$/

const unquote = (value: string): string | null => {
  const quote = value[0]
  if (quote !== '"' && quote !== "'") return value.replace(/\s+#.*$/, '')
  const end = value.indexOf(quote, 1)
  const rest = end === -1 ? '' : value.slice(end + 1).trim()
  return end === -1 || (rest !== '' && !rest.startsWith('#')) ? null : value.slice(1, end)
}

/** NAME=VALUE lines, plain, quoted, or with `export`; `#` comments. Values are taken as they are: nothing is expanded. */
export const parseEnvFile = (
  text: string,
): { ok: true; variables: Record<string, string> } | ({ ok: false } & EnvFileProblem) => {
  const variables = new Map<string, string>()
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const [, name, written] = LINE.exec(line) ?? []
    const value = written === undefined ? null : unquote(written)
    if (name === undefined || value === null) return { ok: false, line: index + 1 }
    variables.set(name, value)
  }
  // Own properties, whatever they are called: a plain assignment would drop `__proto__`.
  return { ok: true, variables: Object.fromEntries(variables) }
}

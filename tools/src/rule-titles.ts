import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { repository } from './repository.ts'

// `node tools/src/rule-titles.ts [ROOT]`: every numbered rule of a package's SPEC.md stands in the title of a test beside its sources,
// and no title carries the number of a rule that is not there.

/** A rule begins with its number in bold: `**L4** …`, `**C4 AEAD.** …`. */
const RULE = /\*\*([A-Z]\d+)\b/g
/** The numbers a title begins with: `it('L4 P19 …'`, `it.each(rows)('C18 …'`. What is skipped or only planned shows nothing. */
const TITLE = /(?:\b(?:it|test)|\))\(\s*['"`]((?:[A-Z]\d+ )+)/g

const found = (pattern: RegExp, text: string): string[] =>
  [...text.matchAll(pattern)].flatMap(([, ids = '']) => ids.trim().split(' '))

/** What is wrong between one SPEC and the tests of its package, a line each. */
export function titlesAmiss(spec: string, tests: readonly string[]): string[] {
  const rules = new Set(found(RULE, spec))
  if (rules.size === 0) return ['has no numbered rule']
  const letters = new Set([...rules].map((rule) => rule.charAt(0)))
  const titled = new Set(tests.flatMap((text) => found(TITLE, text)))
  const missing = [...rules].filter((rule) => !titled.has(rule))
  const unknown = [...titled].filter((id) => letters.has(id.charAt(0)) && !rules.has(id))
  return [
    ...missing.map((rule) => `${rule}: no test carries it in its title`),
    ...unknown.map((id) => `${id}: a test carries it in its title, and there is no such rule`),
  ]
}

/** As `titlesAmiss`, for every package that has a SPEC. */
export function allTitlesAmiss(root: string): string[] {
  const read = (file: string): string => readFileSync(join(root, file), 'utf8')
  const specs = globSync('packages/*/SPEC.md', { cwd: root })
  if (specs.length === 0) return [`${root} has no packages/*/SPEC.md`]
  return specs.sort().flatMap((spec) => {
    const tests = globSync(spec.replace('SPEC.md', 'src/**/*.test.ts'), { cwd: root })
    return titlesAmiss(read(spec), tests.map(read)).map((line) => `${spec} ${line}`)
  })
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const amiss = allTitlesAmiss(resolve(process.argv[2] ?? repository))
  for (const line of amiss) console.error(line)
  process.exitCode = amiss.length === 0 ? 0 : 1
}

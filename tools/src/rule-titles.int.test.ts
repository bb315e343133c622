import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { repository } from './repository.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-titles-'))
afterAll(() => rmSync(folder, { recursive: true }))

const SPEC = `# Rules

- **L1** One thing (see **bold**, L7). \`a.code\`
- **L2** (P14) Another.

**L30 A name.** A third.
`
const COMPLETE = `
describe('L9 no title of a test', () => {
  it('L1 P14 shows it', () => {})
  it.each([
    [1, nested(2)],
  ])('L2 L30 %s shows both', () => {})
})
`
let roots = 0

/** The status and the complaints of the program on a repository of one package with this SPEC and these tests. */
function check(files: Record<string, string>): { status: number | null; lines: string[] } {
  const root = join(folder, String(roots++))
  mkdirSync(root)
  for (const [path, text] of Object.entries(files)) {
    const file = join(root, 'packages/ledger', path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
  const program = join(repository, 'tools/src/rule-titles.ts')
  const { status, stderr } = spawnSync(process.execPath, [program, root], { encoding: 'utf8' })
  return { status, lines: stderr.split('\n').filter((line) => line !== '') }
}

const lacks = (...rules: string[]) => ({
  status: 1,
  lines: rules.map((rule) => `packages/ledger/SPEC.md ${rule}: no test carries it in its title`),
})

describe('the rules of a SPEC and the titles of its tests', () => {
  test('are accepted where every rule stands in a title', () => {
    expect(check({ 'SPEC.md': SPEC, 'src/rule.test.ts': COMPLETE })).toEqual({ status: 0, lines: [] })
    const [first, second] = [COMPLETE.replace('L2 L30', 'L2'), "test(\n  'L30 on its own line', () => {})"]
    const nested = { 'src/rule.test.ts': first, 'src/deep/other.prop.test.ts': second }
    expect(check({ 'SPEC.md': SPEC, ...nested })).toEqual({ status: 0, lines: [] })
  })

  test('are refused with the list of the rules that stand in none', () => {
    expect(check({ 'SPEC.md': SPEC })).toEqual(lacks('L1', 'L2', 'L30'))
    expect(check({ 'SPEC.md': SPEC, 'src/rule.test.ts': COMPLETE.replace('L1 P14', 'P14') })).toEqual(
      lacks('L1'),
    )
    // Not L3 for L30, nor a number that stands elsewhere than at the beginning of a title.
    const shorter = COMPLETE.replace('L2 L30 %s', '%s L2 L30')
    expect(check({ 'SPEC.md': SPEC, 'src/rule.test.ts': shorter })).toEqual(lacks('L2', 'L30'))
  })

  test.each([
    ['a skipped test', "it.skip('L1 later', () => {})"],
    ['a planned test', "it.todo('L1 later')"],
    ['a group of tests', "describe('L1 all of it', () => {})"],
    ['a comment', "// L1 'L1 says so'"],
  ])('are refused where a rule stands only in %s', (_, text) => {
    const tests = `${COMPLETE.replace('L1 P14', 'P14')}\n${text}\n`
    expect(check({ 'SPEC.md': SPEC, 'src/rule.test.ts': tests })).toEqual(lacks('L1'))
  })

  test('are refused where a rule is shown by no test of its own package, or a title carries a rule that is not there', () => {
    expect(check({ 'SPEC.md': SPEC, '../client/src/rule.test.ts': COMPLETE })).toEqual(
      lacks('L1', 'L2', 'L30'),
    )
    const more = COMPLETE.replace('L1 P14', 'L1 L31 P14')
    expect(check({ 'SPEC.md': SPEC, 'src/rule.test.ts': more })).toEqual({
      status: 1,
      lines: ['packages/ledger/SPEC.md L31: a test carries it in its title, and there is no such rule'],
    })
  })

  test('are refused where there is nothing to compare', () => {
    expect(check({ 'SPEC.md': '# Rules\n\nNone.\n', 'src/rule.test.ts': COMPLETE })).toEqual({
      status: 1,
      lines: ['packages/ledger/SPEC.md has no numbered rule'],
    })
    expect(check({ 'src/rule.test.ts': COMPLETE }).status).toBe(1)
  })
})

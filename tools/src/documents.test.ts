import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { repository } from './repository.ts'

const documents = execFileSync('git', ['ls-files', '*.md'], { cwd: repository, encoding: 'utf8' })
  .split('\n')
  .filter((each) => each !== '')

/** Targets of links and pictures that lead into the repository. */
const targets = (text: string): string[] =>
  [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target.replace(/#.*$/, ''))
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target))

describe('documents', () => {
  it.each(documents)('D5 every link in %s leads somewhere', (document) => {
    const text = readFileSync(join(repository, document), 'utf8')
    const missing = targets(text).filter((target) => !existsSync(join(repository, dirname(document), target)))
    expect(missing).toEqual([])
  })

  it('D5 the README leads to every document a newcomer needs', () => {
    const linked = targets(readFileSync(join(repository, 'README.md'), 'utf8'))
    for (const each of ['docs/architecture.md', 'docs/threat-model.md', 'docs/glossary.md', 'docs/api.md']) {
      expect(linked).toContain(each)
    }
  })

  it('D5 every row of the threat model names what shows it, and every test file it names is there', () => {
    const threatModel = readFileSync(join(repository, 'docs/threat-model.md'), 'utf8')
    const files = execFileSync('git', ['ls-files'], { cwd: repository, encoding: 'utf8' }).split('\n')
    const rows = [...threatModel.matchAll(/^\| (T\d+) \|.*\| ([^|]+) \|$/gm)]
    expect(rows.length).toBeGreaterThan(20)
    for (const [, id, shownBy = ''] of rows) expect(shownBy.trim(), id).not.toBe('')
    const named = [...threatModel.matchAll(/`([\w./-]+)`/g)].flatMap(([, name = '']) =>
      /\.(test|spec)\.ts$/.test(name) || name.includes('/') ? [name] : [],
    )
    expect(named.length).toBeGreaterThan(20)
    // A file alone by its name, as short as a table needs it: then it is the only one of that name.
    const missing = named.filter(
      (name) =>
        !existsSync(join(repository, name)) && files.filter((file) => file.endsWith(`/${name}`)).length !== 1,
    )
    expect(missing).toEqual([])
  })
})

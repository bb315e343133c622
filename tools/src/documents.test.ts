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
})

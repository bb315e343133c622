import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { elsewhere } from './elsewhere.ts'
import { repository } from './weakening.ts'

test.each(elsewhere.map((row) => [row.ref, row] as const))(
  '%s is performed by a test there is',
  async (_ref, row) => {
    const text = await readFile(`${repository}/${row.file}`, 'utf8')
    const titles = [...text.matchAll(/\btest\((['"`])(.*?)\1, async/g)].map(([, , title]) => title ?? '')
    expect(titles.filter((title) => title.startsWith(row.test))).toHaveLength(1)
  },
)

import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { elsewhere } from './elsewhere.ts'
import { repository, weaken } from './weakening.ts'

const textOf = (file: string): Promise<string> => readFile(`${repository}/${file}`, 'utf8')
const titlesIn = async (file: string): Promise<string[]> =>
  [...(await textOf(file)).matchAll(/\btest\((['"`])(.*?)\1, (?:async )?\(/g)].map(
    ([, , title]) => title ?? '',
  )

const rows = elsewhere.map((row) => [row.ref, row] as const)

test.each(rows)('%s is performed by a test there is', async (_ref, { file, test }) => {
  expect((await titlesIn(file)).filter((title) => title.startsWith(test))).toHaveLength(1)
})

test.each(rows)('%s has a control, on an app that is weakened as that row says', async (ref, { control }) => {
  const titles = await titlesIn(control.file)
  expect(titles.filter((title) => title.startsWith(`${control.test} `))).toHaveLength(1)
  const apps = (await textOf(control.file)).split('weakenedStand(').slice(1)
  // An app and its tests lie together: this row's test stands behind the app that names the row, before the next one.
  const its = apps.filter((text) => text.slice(0, text.indexOf(')')).includes(`'${ref}'`))
  expect(its).toHaveLength(1)
  expect(its[0]).toContain(`test('${control.test} `)
})

test.each(rows)('%s: each guard that its control does without stands where it says', async (_ref, row) => {
  const { edits, without } = row.weakened
  expect(without).not.toBe('')
  expect(edits.length).toBeGreaterThan(0)
  for (const file of new Set(edits.map((edit) => edit.file))) {
    const here = edits.filter((edit) => edit.file === file)
    const before = await textOf(file)
    expect(here.reduce(weaken, before)).not.toBe(before)
  }
})

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readCorpus, writeCorpus } from './corpus.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-corpus-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('keeps each input once, in the order found, where no folder was; the longest are left out', () => {
  const place = join(folder, 'new', 'corpus')
  expect(readCorpus('any', place)).toEqual([])
  const [one, two] = [Uint8Array.of(1, 2, 3), Uint8Array.of(0, 255)]
  writeCorpus('any', [one, two, one, new Uint8Array(16 * 1024 + 1)], place)
  expect(readCorpus('any', place)).toEqual([one, two])
})

import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { writeExport } from './write-export.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-export-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const piece = new Uint8Array(200_000).fill(7)
const never = new AbortController().signal

/** Ten pieces; `between` runs after the fourth. */
async function* pieces(between: () => void = () => undefined): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < 10; i++) {
    yield piece
    if (i === 3) between()
  }
}

describe('writing an export', () => {
  it('V6 gives a whole file of its own user, in place of the one before', async () => {
    const path = join(folder, 'audit.csaudit')
    await writeFile(path, 'an older export')
    expect(await writeExport(path, pieces(), never)).toBe(2_000_000)
    expect((await readFile(path)).length).toBe(2_000_000)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await readdir(folder)).toEqual(['audit.csaudit'])
  })

  it('V6 cancelled in between leaves nothing new, and what was there', async () => {
    const path = join(folder, 'audit.csaudit')
    await writeFile(path, 'an older export')
    const cancel = new AbortController()
    const writing = writeExport(
      path,
      pieces(() => cancel.abort()),
      cancel.signal,
    )
    await expect(writing).rejects.toMatchObject({ code: 'export.cancelled' })
    expect(await readdir(folder)).toEqual(['audit.csaudit'])
    expect(await readFile(path, 'utf8')).toBe('an older export')
  })

  it('V6 a history that cannot be read to its end leaves nothing', async () => {
    const broken = pieces(() => {
      throw new Error('the store failed')
    })
    await expect(writeExport(join(folder, 'a'), broken, never)).rejects.toMatchObject({
      code: 'export.failed',
    })
    expect(await readdir(folder)).toEqual([])
  })

  it('V6 says so where nothing can be written', async () => {
    const path = join(folder, 'nowhere', 'audit.csaudit')
    await expect(writeExport(path, pieces(), never)).rejects.toMatchObject({ code: 'export.failed' })
  })
})

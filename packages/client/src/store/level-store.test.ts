import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { localStoreContract } from '../../test/local-store-contract.ts'
import { memoryStore } from '../../test/memory-store.ts'
import { openLevelStore } from './level-store.ts'

const folders: string[] = []
const folder = async (): Promise<string> => {
  const made = await mkdtemp(join(tmpdir(), 'countersign-store-'))
  folders.push(made)
  return made
}
afterEach(async () => {
  for (const each of folders.splice(0)) await rm(each, { recursive: true, force: true })
})

localStoreContract('LevelDB', async () => openLevelStore(await folder()))
localStoreContract('memory (tests only)', async () => memoryStore())

const contents = async (location: string): Promise<Map<string, string>> => {
  const found = new Map<string, string>()
  for (const name of await readdir(location)) {
    if (!/^(?:LOG|LOCK)/.test(name)) found.set(name, (await readFile(join(location, name))).toString('hex'))
  }
  return found
}

describe('LevelDB store', () => {
  it('has after reopening what a durable batch wrote', async () => {
    const location = await folder()
    const first = await openLevelStore(location)
    await first.batch({ puts: [['a', Uint8Array.of(5)]] }, { durable: true })
    const crashed = await folder()
    await cp(location, crashed, { recursive: true })
    await first.close()
    const second = await openLevelStore(crashed)
    expect(await second.get('a')).toEqual(Uint8Array.of(5))
    await second.close()
  })

  it('refuses a store that another opener has, with store.busy', async () => {
    const location = await folder()
    const first = await openLevelStore(location)
    await expect(openLevelStore(location)).rejects.toMatchObject({ code: 'store.busy' })
    await first.close()
  })

  it('refuses a damaged store with store.corrupt, says what to do and deletes nothing', async () => {
    const location = await folder()
    const first = await openLevelStore(location)
    await first.batch({ puts: [['a', Uint8Array.of(5)]] }, { durable: true })
    await first.close()
    const manifest = (await readdir(location)).find((name) => name.startsWith('MANIFEST'))!
    await writeFile(join(location, manifest), 'not a manifest at all, but long enough to be read as one')
    const before = await contents(location)
    await expect(openLevelStore(location)).rejects.toMatchObject({
      code: 'store.corrupt',
      message: expect.stringContaining('Move that folder aside'),
    })
    expect(await contents(location)).toEqual(before)
  })

  it('refuses a store whose CURRENT file is gone instead of starting an empty one', async () => {
    const location = await folder()
    const first = await openLevelStore(location)
    await first.batch({ puts: [['a', Uint8Array.of(5)]] }, { durable: true })
    await first.close()
    await rm(join(location, 'CURRENT'))
    await expect(openLevelStore(location)).rejects.toMatchObject({ code: 'store.corrupt' })
  })
})

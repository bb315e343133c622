import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { LocalStore, RangeOptions } from '../src/store/local-store.ts'

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

const collect = async (store: LocalStore, prefix: string, options?: RangeOptions): Promise<string[]> => {
  const keys: string[] = []
  for await (const page of store.range(prefix, options)) for (const [key] of page) keys.push(key)
  return keys
}

/** What every LocalStore does, whatever it stands on. */
export const localStoreContract = (name: string, make: () => Promise<LocalStore>): void => {
  describe(`LocalStore contract: ${name}`, () => {
    let store: LocalStore
    beforeEach(async () => {
      store = await make()
    })
    afterEach(() => store.close())

    it('gives back what was put, and undefined for what was not', async () => {
      await store.batch({ puts: [['a', bytes(1, 2)]] }, { durable: true })
      expect(await store.get('a')).toEqual(bytes(1, 2))
      expect(await store.get('b')).toBeUndefined()
    })

    it('keeps its own copy of the bytes', async () => {
      const value = bytes(7)
      await store.batch({ puts: [['a', value]] }, { durable: false })
      value[0] = 9
      expect(await store.get('a')).toEqual(bytes(7))
    })

    it('puts and deletes in one batch', async () => {
      await store.batch({ puts: [['old', bytes(1)]] }, { durable: true })
      await store.batch({ puts: [['new', bytes(2)]], dels: ['old', 'never'] }, { durable: true })
      expect(await store.get('old')).toBeUndefined()
      expect(await store.get('new')).toEqual(bytes(2))
    })

    it('ranges over a prefix only, in key order', async () => {
      const puts = ['p/2', 'p/1', 'p', 'q/1', 'p/10', 'o/9', 'p/é'].map((key) => [key, bytes(1)] as const)
      await store.batch({ puts }, { durable: false })
      expect(await collect(store, 'p/')).toEqual(['p/1', 'p/10', 'p/2', 'p/é'])
      expect(await collect(store, 'none/')).toEqual([])
    })

    it('ranges after a key, backwards, and with a limit', async () => {
      const puts = ['p/1', 'p/2', 'p/3'].map((key) => [key, bytes(1)] as const)
      await store.batch({ puts }, { durable: false })
      expect(await collect(store, 'p/', { after: 'p/1' })).toEqual(['p/2', 'p/3'])
      expect(await collect(store, 'p/', { after: 'a' })).toEqual(['p/1', 'p/2', 'p/3'])
      expect(await collect(store, 'p/', { reverse: true, limit: 2 })).toEqual(['p/3', 'p/2'])
    })

    it('ranges over more than a page, whole', async () => {
      const keys = Array.from({ length: 2500 }, (_, i) => `p/${String(i).padStart(5, '0')}`)
      await store.batch({ puts: keys.map((key) => [key, bytes(1)] as const) }, { durable: false })
      expect(await collect(store, 'p/')).toEqual(keys)
    })

    it('gives back what was written into a file, the same one each time, and cuts it', async () => {
      const file = await store.file('a-file')
      expect(await file.read(0, 10)).toEqual(bytes())
      const written = bytes(1, 2, 3, 4)
      await file.write(0, written)
      written.fill(9)
      await (await store.file('a-file')).write(2, bytes(7, 8, 9))
      expect(file.size).toBeGreaterThanOrEqual(5)
      expect(await file.read(1, 4)).toEqual(bytes(2, 7, 8, 9))
      await file.truncate(3)
      expect([file.size, await file.read(0, 100)]).toEqual([3, bytes(1, 2, 7)])
      expect(await (await store.file('another')).read(0, 3)).toEqual(bytes())
    })

    it('writes a file past every room that was made for it', async () => {
      const file = await store.file('long')
      const piece = (number: number): Uint8Array => new Uint8Array(70_001).fill(1 + (number % 250))
      for (let number = 0; number < 40; number++) await file.write(number * 70_001, piece(number))
      for (let number = 0; number < 40; number++) {
        expect(await file.read(number * 70_001, 70_001)).toEqual(piece(number))
      }
    })

    it('refuses every use after close with store.closed', async () => {
      const closed = await make()
      const file = await closed.file('a-file')
      await closed.close()
      await expect(closed.file('a-file')).rejects.toMatchObject({ code: 'store.closed' })
      await expect(file.write(0, bytes(1))).rejects.toMatchObject({ code: 'store.closed' })
      await expect(file.read(0, 1)).rejects.toMatchObject({ code: 'store.closed' })
      await expect(closed.get('a')).rejects.toMatchObject({ code: 'store.closed' })
      await expect(closed.batch({ puts: [] }, { durable: true })).rejects.toMatchObject({
        code: 'store.closed',
      })
      await expect(collect(closed, 'a')).rejects.toMatchObject({ code: 'store.closed' })
    })
  })
}

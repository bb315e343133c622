import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { unzip } from './unzip.ts'

interface Entry {
  name: string
  text: string
  mode: number
}

/** A zip archive whose entries are stored as they are (APPNOTE 4.3). */
function archiveOf(entries: Entry[]): Buffer {
  const files: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { name, text, mode } of entries) {
    const data = Buffer.from(text)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt32LE(crc32(data), 10)
    common.writeUInt32LE(data.length, 14)
    common.writeUInt32LE(data.length, 18)
    common.writeUInt16LE(Buffer.byteLength(name), 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, Buffer.from(name), data])
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE((mode << 16) >>> 0, 6)
    rest.writeUInt32LE(offset, 10)
    const madeBy = Buffer.from([20, 3])
    directory.push(
      Buffer.concat([Buffer.from('PK\x01\x02', 'latin1'), madeBy, common, rest, Buffer.from(name)]),
    )
    files.push(local)
    offset += local.length
  }
  const list = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(list.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...files, list, end])
}

const folder = mkdtempSync(join(tmpdir(), 'countersign-unzip-'))
const archive = join(folder, 'a.zip')
const out = join(folder, 'out')
beforeEach(() => {
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out)
})
afterAll(() => rmSync(folder, { recursive: true }))

test('unzip writes the chosen files where it is told, with their permissions', async () => {
  const entries = [
    { name: 'top/', text: '', mode: 0o040755 },
    { name: 'top/program', text: 'run', mode: 0o100755 },
    { name: 'top/inner/data', text: 'bytes', mode: 0o100644 },
    { name: 'top/left-out', text: 'no', mode: 0o100644 },
  ]
  writeFileSync(archive, archiveOf(entries))
  const written = await unzip(archive, out, (name) => (name === 'top/left-out' ? undefined : name.slice(4)))
  expect(written).toBe(2)
  expect(readFileSync(join(out, 'inner/data'), 'utf8')).toBe('bytes')
  expect(statSync(join(out, 'program')).mode & 0o777).toBe(0o755)
  expect(statSync(join(out, 'inner/data')).mode & 0o777).toBe(0o644)
  expect(existsSync(join(out, 'left-out'))).toBe(false)
})

test.each([
  ['a name that leaves the folder', { name: '../escaped', text: 'x', mode: 0o100644 }],
  ['an absolute name', { name: '/tmp/escaped', text: 'x', mode: 0o100644 }],
  ['a symbolic link', { name: 'link', text: '/etc', mode: 0o120777 }],
])('unzip refuses %s', async (_, entry) => {
  writeFileSync(archive, archiveOf([entry]))
  await expect(unzip(archive, out, (name) => name)).rejects.toMatchObject({ code: 'electron.archive' })
  expect(existsSync(join(folder, 'escaped'))).toBe(false)
})

test('unzip refuses a truncated archive', async () => {
  const whole = archiveOf([{ name: 'a', text: 'text', mode: 0o100644 }])
  writeFileSync(archive, whole.subarray(0, whole.length - 30))
  await expect(unzip(archive, out, (name) => name)).rejects.toMatchObject({ code: 'electron.archive' })
})

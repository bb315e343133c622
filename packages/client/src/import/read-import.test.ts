import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseImport, readImport } from './read-import.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const codeOf = (input: Uint8Array): string => {
  const parsed = parseImport(input)
  return parsed.ok ? 'accepted' : parsed.code
}

describe('an env file that somebody brings', () => {
  it('gives its lines, with or without a byte order mark', () => {
    expect(parseImport(bytes('\ufeffA=1\n'))).toEqual({
      ok: true,
      value: [{ line: 1, name: 'A', value: '1' }],
    })
  })

  it('may begin as an archive does, as long as it is text', () => {
    expect(parseImport(bytes('PK=1\n7z=2'))).toMatchObject({
      code: 'import.line',
      message: expect.stringContaining('Line 2'),
    })
    expect(parseImport(bytes('PK=1'))).toMatchObject({ ok: true })
  })

  it.each([
    ['import.archive', gzipSync('A=1'.repeat(1000))],
    ['import.archive', bytes('PK\u0003\u0004 whatever follows')],
    ['import.archive', Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0)],
    ['import.encoding', Buffer.from('\ufeffA=1', 'utf16le')],
    ['import.encoding', Uint8Array.of(0x41, 0x3d, 0xc3, 0x28)],
    ['import.encoding', bytes('A=1\0')],
    ['import.line', bytes('A=1\n{"B": 2}')],
    ['import.line', bytes(`${'A'.repeat(201)}=1`)],
    ['import.empty', bytes('# nothing\n')],
    ['import.empty', new Uint8Array()],
    ['import.too_many', bytes('A=1\n'.repeat(1001))],
    ['import.too_large', new Uint8Array(1024 * 1024 + 1)],
  ])('is refused whole: %s', (code, input) => {
    expect(codeOf(input)).toBe(code)
  })

  it('names the line and never what stands in it', () => {
    const parsed = parseImport(bytes('A=1\nsk-secret'))
    expect(parsed).toMatchObject({ ok: false, message: expect.stringContaining('Line 2') })
    expect(JSON.stringify(parsed)).not.toContain('sk-secret')
    for (const bare of ['c2VjcmV0dG9rZW5zZWNyZXQ=', 'c2VjcmV0dG9rZW5zZWNyZXQ==']) {
      const refused = parseImport(bytes(`A=1\n${bare}`))
      expect(refused).toMatchObject({ ok: false, code: 'import.line' })
      expect(JSON.stringify(refused)).not.toContain('c2Vj')
    }
    expect(parseImport(bytes('OPENAI_API_KEY='))).toMatchObject({ ok: true })
  })
})

describe('reading it from the disk', () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'countersign-import-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('reads a file up to the limit', async () => {
    const path = join(folder, '.env')
    writeFileSync(path, `A=${'x'.repeat(1000)}\n`)
    expect(await readImport(path)).toMatchObject({ ok: true })
  })

  it('reads no more than the limit of what is larger or has no end', async () => {
    const large = join(folder, 'large')
    writeFileSync(large, Buffer.alloc(1024 * 1024 + 1, 'A=1\n'))
    expect(await readImport(large)).toMatchObject({ code: 'import.too_large' })
    expect(await readImport('/dev/zero')).toMatchObject({ code: 'import.unreadable' })
  })

  it('waits for no writer of a named pipe', async () => {
    const pipe = join(folder, 'pipe')
    execFileSync('mkfifo', [pipe])
    expect(await readImport(pipe)).toMatchObject({ code: 'import.unreadable' })
  })

  it('says when it is gone, or a folder', async () => {
    expect(await readImport(join(folder, 'gone'))).toMatchObject({
      code: 'import.unreadable',
      message: 'The file could not be read: it is not there any more.',
    })
    expect(await readImport(folder)).toMatchObject({ code: 'import.unreadable' })
  })
})

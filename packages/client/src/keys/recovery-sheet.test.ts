import { randomBytes } from '@countersign/crypto/random'
import { cryptoReady } from '@countersign/crypto/ready'
import { newId } from '@countersign/schema/ids'
import { beforeAll, describe, expect, it } from 'vitest'
import { parseSheet, sheetLines } from './recovery-sheet.ts'

beforeAll(cryptoReady)

const sheet = {
  url: 'https://sync.acme.example:8743',
  team: newId(),
  member: newId(),
  genesisHash: randomBytes(32),
  head: { seq: 412, hash: randomBytes(32) },
}

describe('recovery sheet', () => {
  it('P11 comes back however it was written down: as printed, in a file with words, numbered, in one piece, by hand', () => {
    const lines = sheetLines(sheet)
    expect(lines.every((line) => /^(?:[0-9A-Z]{4}-){8}[0-9A-Z]{4}$/.test(line))).toBe(true)
    expect(lines.length).toBeLessThan(11)
    const written = [
      lines.join('\n'),
      `Countersign recovery sheet\r\n\r\n${lines.join('\r\n')}\r\n\r\nKeep it apart from your recovery code.\r\n`,
      lines.map((line, i) => `${i + 1}. ${line}`).join('\n'),
      lines.join(' '),
      lines.join('').replaceAll('-', '').toLowerCase(),
      lines.map((line) => line.replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')).join('\n'),
    ]
    for (const text of written) expect(parseSheet(text)).toEqual({ ok: true, value: sheet })
  })

  it('P11 a slip is found by line and group', () => {
    const lines = sheetLines(sheet)
    const third = lines[2]!
    const at = 5 * 3 + 1
    const wrong = third[at] === 'A' ? 'B' : 'A'
    lines[2] = third.slice(0, at) + wrong + third.slice(at + 1)
    expect(parseSheet(lines.join('\n'))).toMatchObject({
      ok: false,
      code: 'sheet.mistyped',
      fix: 'Look at line 3, group 4 again.',
    })
  })

  it('P11 missing, exchanged, repeated and foreign lines are refused', () => {
    const lines = sheetLines(sheet)
    const exchanged = [lines[1]!, lines[0]!, ...lines.slice(2)]
    const other = sheetLines({ ...sheet, team: newId() })
    const tries = [
      '',
      'nothing of the kind',
      lines.slice(0, -1).join('\n'),
      lines.slice(1).join('\n'),
      exchanged.join('\n'),
      [...lines, lines.at(-1)].join('\n'),
      [...lines.slice(0, 2), ...other.slice(2)].join('\n'),
      `${lines.join('')}7`,
    ]
    for (const text of tries) expect(parseSheet(text).ok, text.slice(0, 60)).toBe(false)
  })
})

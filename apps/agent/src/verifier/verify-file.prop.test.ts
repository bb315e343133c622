import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { encode, type Value } from './cbor.ts'
import { verifyFile } from './verify-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-verifier-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const path = join(folder, 'file')
const MAGIC = Buffer.from('countersign-audit-export/1\n')

const framed = (payload: Uint8Array): Buffer => {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(payload.length)
  return Buffer.concat([length, payload])
}
const verdictOn = async (...parts: readonly Uint8Array[]): Promise<string> => {
  writeFileSync(path, Buffer.concat(parts))
  return verifyFile(path).then(
    ({ verdict }) => verdict,
    (error: Error) => error.name,
  )
}

const ID = '0'.repeat(32)
const hash = new Uint8Array(32)
const names = [
  'team',
  'stream',
  'head',
  'seq',
  'hash',
  'statement',
  'evidence',
  'label',
  'bytes',
  'plain',
  'v',
]
const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<Value>(null, true, 0, 1, 7, ID, 'ledger', `a/${ID}`, 'team.create', hash),
    fc.nat(),
    fc.string({ maxLength: 12 }),
    fc.uint8Array({ maxLength: 40 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc
      .dictionary(fc.constantFrom(...names), tie('value'), { maxKeys: 5 })
      .map((map): Value => new Map(Object.entries(map))),
  ),
}))
const header: Value = new Map<string, Value>([
  ['team', ID],
  ['genesis', hash],
  ['member', ID],
  ['device', ID],
  ['createdAt', 0],
  ['reason', 'evidence'],
  ['opened', 'records'],
  [
    'streams',
    [
      new Map<string, Value>([
        ['stream', 'ledger'],
        [
          'head',
          new Map<string, Value>([
            ['seq', 0],
            ['hash', hash],
          ]),
        ],
      ]),
    ],
  ],
])
const kinds = fc.constantFrom('header', 'statement', 'checkpoint', 'alarm', 'entry', 'end', 'other')

describe('whatever a file holds', () => {
  it('V1 bytes that are no export are said to be none', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        expect(await verdictOn(bytes)).toBe('NotAnExport')
      }),
      { numRuns: 100 },
    )
  })

  it('V1 frames of any bytes do not verify, and break nothing', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }),
        fc.uint8Array({ maxLength: 5 }),
        async (frames, rest) => {
          expect(await verdictOn(MAGIC, ...frames.map(framed), rest)).toBe('damaged')
        },
      ),
      { numRuns: 250 },
    )
  })

  it('V1 well-formed frames of any content behind a well-formed header do not verify, and break nothing', async () => {
    const frame = fc.tuple(kinds, fc.array(value, { maxLength: 3 }))
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { maxLength: 6 }), async (frames) => {
        const payloads = [['header', header], ...frames.map(([kind, content]) => [kind, ...content])]
        const verdict = await verdictOn(MAGIC, ...payloads.map((each) => framed(encode(each as Value))))
        expect(verdict).toBe('damaged')
      }),
      { numRuns: 600 },
    )
  })
})

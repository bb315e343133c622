import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { planImport } from '@countersign/client/import/import-plan'
import { readImport } from '@countersign/client/import/read-import'
import type { EnvLine } from '@countersign/schema/env-file'
import { type Attack, type Finding, refused, succeeded } from '../attack.ts'
import type { Stage } from '../stage.ts'

const AREA = 'hostile input'
const READER = 'packages/client/src/import/read-import.ts'

/** Reads it as the core does when somebody chose it in the system's dialog; `taken` says what it would mean if it were. */
const imported = async (path: string, taken: (lines: EnvLine[]) => string): Promise<Finding> => {
  const read = await readImport(path)
  return read.ok ? succeeded(taken(read.value)) : refused(read.code, `${read.message} ${read.fix}`)
}

const brought = async (
  stage: Stage,
  bytes: string | Uint8Array,
  taken: (lines: EnvLine[]) => string,
): Promise<Finding> => {
  const path = join(stage.folder, '.env')
  await writeFile(path, bytes)
  return imported(path, taken)
}

const WITHOUT_LIMITS = [
  { file: READER, find: 'bytes: 1024 * 1024,', replace: 'bytes: 64 * 1024 * 1024,' },
  { file: READER, find: 'variables: 1000,', replace: 'variables: 100_000_000,' },
]

/** Env files that somebody was talked into importing. */
export const hostileImports: readonly Attack[] = [
  {
    ref: 'I-import-bomb',
    area: AREA,
    silent: true,
    title: 'an archive that unpacks to a thousand times its size',
    tried: 'A gzip file of some tens of kilobytes that holds thirty-two megabytes of lines, called .env.',
    refusal: 'import.archive',
    weakened: {
      without: 'the refusal of archives (it unpacks what it is given)',
      edits: [
        ...WITHOUT_LIMITS,
        {
          file: READER,
          find: 'if (archive !== undefined) {',
          replace:
            "if (archive !== undefined) { return ok(process.getBuiltinModule('node:zlib').gunzipSync(bytes).toString())",
        },
      ],
    },
    run: (stage) => {
      const bomb = gzipSync(`A=1\n${'#'.repeat(32 * 1024 * 1024)}`, { level: 9 })
      return brought(stage, bomb, () => `${bomb.length} bytes that became 32 MiB`)
    },
  },
  {
    ref: 'I-import-rows',
    area: AREA,
    silent: true,
    title: 'a file with a million variables',
    tried:
      'An env file with a million lines, each of which would become a signed entry of the team for ever.',
    refusal: 'import.too_large',
    weakened: { without: 'the limits of size and number', edits: WITHOUT_LIMITS },
    run: (stage) =>
      brought(
        stage,
        Array.from({ length: 1_000_000 }, (_, index) => `K${index}_API_KEY=1`).join('\n'),
        (lines) => `${lines.length} variables`,
      ),
  },
  {
    ref: 'I-import-endless',
    area: AREA,
    silent: true,
    title: 'a file without an end',
    tried: 'A name that stands for a device, which gives bytes for as long as it is read.',
    refusal: 'import.unreadable',
    weakened: {
      without: 'the look whether it is a file, and the limits',
      edits: [
        ...WITHOUT_LIMITS,
        {
          file: READER,
          find: "if (!found.isFile()) return unreadable('it is not a file')",
          replace: '',
        },
        {
          file: READER,
          find: 'const parsed = parseImport(bytes.subarray(0, length))',
          replace: "const parsed = ok([{ line: length, name: 'A', value: '' }])",
        },
      ],
    },
    run: () => imported('/dev/zero', ([read]) => `${read?.line ?? 0} bytes of it were read`),
  },
  {
    ref: 'I-import-encoding',
    area: AREA,
    silent: true,
    title: 'a broken encoding that changes a key in silence',
    tried: 'A key with a byte that is no UTF-8, so that another key is stored than stands in the file.',
    refusal: 'import.encoding',
    weakened: {
      without: 'the refusal of what is no UTF-8',
      edits: [{ file: READER, find: 'fatal: true', replace: 'fatal: false' }],
    },
    run: (stage) =>
      brought(
        stage,
        Buffer.concat([Buffer.from('OPENAI_API_KEY=sk-abc'), Buffer.of(0xc3, 0x28), Buffer.from('def\n')]),
        (lines) => {
          const value = planImport(lines).candidates[0]?.value.api_key ?? ''
          if (!value.includes('\ufffd')) throw new Error('it was taken and changed nothing')
          return 'a credential whose value nobody ever wrote'
        },
      ),
  },
  {
    ref: 'I-import-formula',
    area: AREA,
    silent: true,
    title: 'a name that a spreadsheet would run',
    tried:
      'A variable called as a formula is, so that it runs where somebody opens a list of names in a spreadsheet.',
    refusal: 'import.line',
    weakened: {
      without: 'the rule what a variable may be called',
      edits: [
        {
          file: 'packages/schema/src/env-file.ts',
          find: '([A-Za-z_][A-Za-z0-9_]*)',
          replace: '([^=]+?)',
        },
      ],
    },
    run: (stage) =>
      brought(stage, "+SUM(1+9)*cmd|' /C calc'!A0_API_KEY=1\n", ([line]) => {
        if (line?.name.startsWith('+') !== true) throw new Error('it was taken as another name')
        return `a variable called ${line.name}`
      }),
  },
]

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { verifyFile } from '@countersign/agent/verifier/verify-file'
import { auditExport } from '@countersign/client/export/audit-export'
import { EXPORT_MAGIC } from '@countersign/client/export/export-frames'
import { auditSource } from '@countersign/client/export/export-source'
import { writeExport } from '@countersign/client/export/write-export'
import { CanonicalError, decodeCanonical } from '@countersign/schema/canonical'
import { type Attack, type Finding, refused, succeeded } from '../attack.ts'
import { Company } from '../cast/company.ts'
import type { Stage } from '../stage.ts'

const AREA = 'hostile input'

/** Takes bytes as every edge does; `taken` says what it would mean if they were. */
const decoded = (bytes: Uint8Array, taken: (value: unknown) => string): Finding => {
  try {
    return succeeded(taken(decodeCanonical(bytes)))
  } catch (error) {
    if (error instanceof CanonicalError) return refused(error.code, error.message)
    throw error
  }
}

/** An export of Ada's team, changed on its way to an auditor, and what the offline verifier finds. */
const verified = async (stage: Stage, change: (frames: Buffer[]) => Buffer[]): Promise<Finding> => {
  const company = await Company.found(stage)
  await company.item('openai', stage.canary('value'))
  const { source, disclosure } = await auditSource(company.ada.session, 'none')
  const path = join(stage.folder, 'team.csaudit')
  const options = { createdAt: 1_700_000_000_000, disclosure }
  await writeExport(path, auditExport(source, options), new AbortController().signal)
  const written = await verifyFile(path)
  if (written.verdict !== 'verified') throw new Error(`the file as it was written: ${written.verdict}`)
  const bytes = await readFile(path)
  const frames: Buffer[] = []
  for (let at = EXPORT_MAGIC.length; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at)
    frames.push(bytes.subarray(at, end))
    at = end
  }
  await writeFile(path, Buffer.concat([Buffer.from(EXPORT_MAGIC), ...change(frames)]))
  const { verdict, findings } = await verifyFile(path)
  const [first] = findings
  if (first === undefined) return succeeded(`a changed file that is “${verdict}”`)
  return refused(first.code, findings.map(({ message }) => message).join(' '))
}

/** Puts other bytes of the same length into the one frame that has these. */
const replaced = (frame: Buffer, find: Buffer, by: Buffer): Buffer => {
  const at = frame.indexOf(find)
  if (at === -1) throw new Error('there is nothing like it in this frame')
  const changed = Buffer.from(frame)
  changed.set(by, at)
  return changed
}

/** A time as the file has it: eight bytes, big-endian. */
const time = (ms: number): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(ms))
  return bytes
}

export const hostileInput: readonly Attack[] = [
  {
    ref: 'I-lying-length',
    area: AREA,
    silent: true,
    title: 'a length that lies',
    tried: 'Bytes in which a string says that four thousand million bytes follow, and three do.',
    refusal: 'canonical.refused',
    weakened: {
      without: 'the comparison of a length with what is left',
      edits: [
        {
          file: 'packages/schema/src/canonical-reader.ts',
          find: 'const length = this.#number(info)\n    if (length > this.left) throw tooShort()',
          replace: 'const length = this.#number(info)',
        },
      ],
    },
    run: async () =>
      decoded(
        Uint8Array.of(0x5b, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3),
        () => 'a string of a length it has not got',
      ),
  },
  {
    ref: 'I-prototype-key',
    area: AREA,
    silent: true,
    title: 'a map that brings its own prototype',
    tried: 'Bytes of a map with the key __proto__, so that what reads it finds members nobody wrote.',
    refusal: 'canonical.refused',
    weakened: {
      without: 'the refusal of __proto__ as a key',
      edits: [
        {
          file: 'packages/schema/src/canonical-reader.ts',
          find: "if (name === '__proto__') throw new CanonicalError('a map key is not allowed')",
          replace: '',
        },
      ],
    },
    run: async () => {
      const key = Buffer.from('__proto__')
      const bytes = Buffer.concat([
        Buffer.of(0xa1, 0x60 | key.length),
        key,
        Buffer.of(0xa1, 0x65),
        Buffer.from('admin'),
        Buffer.of(0xf5),
      ])
      return decoded(Uint8Array.from(bytes), (value) => {
        const admin: unknown =
          typeof value === 'object' && value !== null ? Reflect.get(value, 'admin') : null
        if (admin !== true) throw new Error('it was taken and changed nothing')
        return 'an object that inherits what the attacker wrote'
      })
    },
  },
  {
    ref: 'I-audit-altered',
    area: AREA,
    title: 'an audit export altered on its way',
    tried: 'The date in an export is set a year back, so that an auditor takes it for an older one.',
    refusal: 'file.changed',
    weakened: {
      without: 'the hash of the whole file under its writer’s signature',
      edits: [
        {
          file: 'apps/agent/src/verifier/verify-file.ts',
          find: "if (!whole) this.findings.add('damaged', 'file.changed'",
          replace: "if (!whole && header.member === '') this.findings.add('damaged', 'file.changed'",
        },
      ],
    },
    run: (stage) =>
      verified(stage, ([header, ...rest]) => {
        if (header === undefined) throw new Error('no header')
        return [replaced(header, time(1_700_000_000_000), time(1_668_464_000_000)), ...rest]
      }),
  },
  {
    ref: 'I-audit-cut',
    area: AREA,
    title: 'the end of an audit export cut off',
    tried: 'The last entry of an export and its end are left away, as if what was done last had never been.',
    refusal: 'file.cut',
    weakened: {
      without: 'the demand for an end, and the comparison with the heads the file and its signers name',
      edits: [
        {
          file: 'apps/agent/src/verifier/verify-file.ts',
          find: "if (!this.ended) this.findings.add('damaged', 'file.cut'",
          replace: "if (!this.ended && header.member === '') this.findings.add('damaged', 'file.cut'",
        },
        {
          file: 'apps/agent/src/verifier/verify-file.ts',
          find: "this.findings.add('damaged', 'file.stream', message)",
          replace: '',
        },
        {
          file: 'apps/agent/src/verifier/verify-file.ts',
          find: 'this.claims.judge(header.team, this.people, this.streams, this.findings, onHead)',
          replace: '',
        },
      ],
    },
    run: (stage) => verified(stage, (frames) => frames.slice(0, -2)),
  },
]

import { hex } from './hashes.ts'
import { type Finding, Findings } from './report.ts'

/** Hashes of the entries of a file's streams, for comparing it with another. */
export class FileHistory {
  readonly file: string
  readonly streams = new Map<string, Map<number, { readonly hash: Uint8Array; readonly author: string }>>()

  constructor(file: string) {
    this.file = file
  }

  add(stream: string, seq: number, hash: Uint8Array, author: string): void {
    const entries = this.streams.get(stream) ?? new Map()
    this.streams.set(stream, entries)
    entries.set(seq, { hash, author })
  }
}

/** The first place of each stream at which two files, each verified on its own, hold different entries. */
export const compareFiles = (a: FileHistory, b: FileHistory): readonly Finding[] => {
  const findings = new Findings()
  for (const [stream, entries] of a.streams) {
    const others = b.streams.get(stream)
    if (others === undefined) continue
    const at = [...entries.keys()]
      .sort((x, y) => x - y)
      .find((seq) => {
        const other = others.get(seq)
        const own = entries.get(seq)
        return other !== undefined && own !== undefined && hex(other.hash) !== hex(own.hash)
      })
    if (at === undefined) continue
    const [here, there] = [entries.get(at), others.get(at)]
    const message =
      `Entry ${at} of ${stream} has hash ${hex(here?.hash ?? new Uint8Array())} (signed by ${here?.author}) in ${a.file} ` +
      `and hash ${hex(there?.hash ?? new Uint8Array())} (signed by ${there?.author}) in ${b.file}. Two histories were shown.`
    findings.add('convicts', 'fork', message)
  }
  return findings.list
}

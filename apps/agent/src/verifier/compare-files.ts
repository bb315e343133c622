import type { SignedHead } from './claims.ts'
import type { Entry } from './entry.ts'
import { hex } from './hashes.ts'
import { type Finding, Findings } from './report.ts'

interface Place {
  readonly hash: Uint8Array
  /** Who signed what. */
  readonly said: string
}

/** Hashes of the entries of a file's streams, and of the heads that devices signed in it, for comparing it with another. */
export class FileHistory {
  readonly file: string
  /** By stream and position. */
  readonly streams = new Map<string, Map<number, Place>>()

  constructor(file: string) {
    this.file = file
  }

  add({ stream, seq, hash, member }: Entry): void {
    this.#put(stream, seq, { hash, said: `signed by ${member}` })
  }

  /** The evidence of an alarm holds one stream, and its statements what was verified of the others. Heads come after all entries. */
  addHead({ stream, seq, hash, by }: SignedHead): void {
    this.#put(stream, seq, { hash, said: `verified by ${by}, who signed that` })
  }

  /** What came first stays. */
  #put(stream: string, seq: number, place: Place): void {
    const places = this.streams.get(stream) ?? new Map<number, Place>()
    this.streams.set(stream, places)
    if (!places.has(seq)) places.set(seq, place)
  }
}

/** The first place of each stream at which two files, each verified on its own, hold or state different entries. */
export const compareFiles = (a: FileHistory, b: FileHistory): readonly Finding[] => {
  const findings = new Findings()
  for (const [stream, places] of a.streams) {
    const others = b.streams.get(stream)
    if (others === undefined) continue
    for (const seq of [...places.keys()].sort((x, y) => x - y)) {
      const [here, there] = [places.get(seq), others.get(seq)]
      if (here === undefined || there === undefined || hex(here.hash) === hex(there.hash)) continue
      const message =
        `Entry ${seq} of ${stream} has hash ${hex(here.hash)} (${here.said}) in ${a.file} ` +
        `and hash ${hex(there.hash)} (${there.said}) in ${b.file}. Two histories were shown.`
      findings.add('convicts', 'fork', message)
      break
    }
  }
  return findings.list
}

import type { SignedHead } from './claims.ts'
import { hex } from './hashes.ts'
import { type Finding, Findings } from './report.ts'

interface Place {
  readonly hash: Uint8Array
  /** Who signed what. */
  readonly said: string
}

type Streams = Map<string, Map<number, Place>>

const put = (streams: Streams, stream: string, seq: number, place: Place): void => {
  const places = streams.get(stream) ?? new Map<number, Place>()
  streams.set(stream, places)
  if (!places.has(seq)) places.set(seq, place)
}

/** Hashes of the entries of a file's streams, and of the heads that devices signed in it, for comparing it with another. */
export class FileHistory {
  readonly file: string
  /** By stream and position; an entry before what was signed of it. */
  readonly streams: Streams = new Map()
  readonly #heads: SignedHead[] = []

  constructor(file: string) {
    this.file = file
  }

  add(stream: string, seq: number, hash: Uint8Array, author: string): void {
    put(this.streams, stream, seq, { hash, said: `signed by ${author}` })
  }

  addHead(head: SignedHead): void {
    this.#heads.push(head)
  }

  /** Everything that is said of positions: the evidence of an alarm holds one stream, and its statements what was verified of the others. */
  whole(): Streams {
    for (const { stream, seq, hash, by } of this.#heads)
      put(this.streams, stream, seq, { hash, said: `verified by ${by}, who signed that` })
    return this.streams
  }
}

/** The first place of each stream at which two files, each verified on its own, hold or state different entries. */
export const compareFiles = (a: FileHistory, b: FileHistory): readonly Finding[] => {
  const findings = new Findings()
  const theirs = b.whole()
  for (const [stream, places] of a.whole()) {
    const others = theirs.get(stream)
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

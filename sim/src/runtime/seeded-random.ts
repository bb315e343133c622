import { createHash } from 'node:crypto'

/** A stream of numbers that follows from its name alone (sfc32). Streams of different names do not disturb each other. */
export class SeededRandom {
  readonly #name: string
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(name: string) {
    this.#name = name
    const digest = createHash('sha256').update(name).digest()
    this.#a = digest.readUInt32LE(0)
    this.#b = digest.readUInt32LE(4)
    this.#c = digest.readUInt32LE(8)
    for (let i = 0; i < 12; i++) this.uint32()
  }

  /** A stream of its own: what is drawn from it changes nothing here. */
  fork(name: string): SeededRandom {
    return new SeededRandom(`${this.#name}/${name}`)
  }

  uint32(): number {
    const t = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + t
    return t >>> 0
  }

  /** In [0, 1). */
  fraction(): number {
    return this.uint32() / 0x1_0000_0000
  }

  /** An integer in [from, below). */
  int(from: number, below: number): number {
    return from + Math.floor(this.fraction() * (below - from))
  }

  chance(probability: number): boolean {
    return this.fraction() < probability
  }

  /** Undefined only where there is nothing to pick. */
  pick<T>(all: readonly T[]): T | undefined {
    return all[this.int(0, all.length)]
  }

  fill<T extends ArrayBufferView>(view: T): T {
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
    for (let at = 0; at < bytes.length; ) {
      let word = this.uint32()
      for (let i = 0; i < 4 && at < bytes.length; i++, at++) {
        bytes[at] = word & 0xff
        word >>>= 8
      }
    }
    return view
  }
}

const ID_BYTES = 16
const WORDS = 4

/** The four 32-bit numbers an id's hexadecimal digits spell. */
const wordsOf = (id: string): number[] => {
  const words: number[] = []
  for (let at = 0; at < WORDS; at++) words.push(Number.parseInt(id.slice(8 * at, 8 * at + 8), 16))
  return words
}

/**
 * Ids in the order of their bytes, 16 bytes each in one buffer. What a checkpoint holds is used as it is: no string is made for an id
 * before somebody asks for it.
 */
export class IdTable {
  readonly bytes: Uint8Array
  readonly #view: DataView

  /** Takes the bytes over; throws RangeError where they are no whole number of ids in ascending order, each once. */
  constructor(bytes: Uint8Array) {
    if (bytes.length % ID_BYTES !== 0) throw new RangeError('not a whole number of ids')
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    let before = -1
    for (let row = 0; row < this.size; row++) {
      const first = this.#view.getUint32(row * ID_BYTES)
      // Nearly always the first four bytes tell.
      if (first < before || (first === before && !this.#ascends(row)))
        throw new RangeError('ids out of order')
      before = first
    }
  }

  static of(ids: Iterable<string>): IdTable {
    const sorted = [...ids].sort()
    const bytes = new Uint8Array(sorted.length * ID_BYTES)
    const view = new DataView(bytes.buffer)
    for (const [row, id] of sorted.entries()) {
      for (const [at, word] of wordsOf(id).entries()) view.setUint32(row * ID_BYTES + 4 * at, word)
    }
    return new IdTable(bytes)
  }

  /**
   * One table of two that share no id. `from` has, for each of its rows, the row in `first`, or -1 less the row in `second`.
   */
  static merged(first: IdTable, second: IdTable): { table: IdTable; from: Int32Array } {
    const rows = first.size + second.size
    const bytes = new Uint8Array(rows * ID_BYTES)
    const from = new Int32Array(rows)
    let one = 0
    let two = 0
    for (let row = 0; row < rows; row++) {
      const ofFirst = two === second.size || (one < first.size && first.#compare(one, second.#words(two)) < 0)
      from[row] = ofFirst ? one : -1 - two
      bytes.set(ofFirst ? first.#row(one) : second.#row(two), row * ID_BYTES)
      if (ofFirst) one += 1
      else two += 1
    }
    return { table: new IdTable(bytes), from }
  }

  get size(): number {
    return this.bytes.length / ID_BYTES
  }

  /** The id in a row below `size`. */
  at(row: number): string {
    let id = ''
    for (let at = 0; at < WORDS; at++) id += this.#word(row, at).toString(16).padStart(8, '0')
    return id
  }

  /** The row of an id; -1 where it is not here. */
  indexOf(id: string): number {
    if (this.size === 0) return -1
    const words = wordsOf(id)
    let low = 0
    let high = this.size - 1
    while (low <= high) {
      const middle = (low + high) >>> 1
      const order = this.#compare(middle, words)
      if (order === 0) return middle
      if (order < 0) low = middle + 1
      else high = middle - 1
    }
    return -1
  }

  #row(row: number): Uint8Array {
    return this.bytes.subarray(row * ID_BYTES, (row + 1) * ID_BYTES)
  }

  #words(row: number): number[] {
    return Array.from({ length: WORDS }, (_, at) => this.#word(row, at))
  }

  #word(row: number, at: number): number {
    return this.#view.getUint32(row * ID_BYTES + 4 * at)
  }

  #compare(row: number, words: readonly number[]): number {
    for (let at = 0; at < WORDS; at++) {
      const difference = this.#word(row, at) - (words[at] ?? 0)
      if (difference !== 0) return difference
    }
    return 0
  }

  /** Whether the id before `row` is less. */
  #ascends(row: number): boolean {
    for (let at = 0; at < WORDS; at++) {
      const difference = this.#word(row, at) - this.#word(row - 1, at)
      if (difference !== 0) return difference > 0
    }
    return false
  }
}

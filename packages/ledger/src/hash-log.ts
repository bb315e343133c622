const HASH_BYTES = 32

/** The entry hashes of one stream by seq, 32 bytes each in one buffer: ancestry is a look-up, whatever the stream's length. */
export class HashLog {
  #bytes = new Uint8Array(64 * HASH_BYTES)
  #length = 0

  get length(): number {
    return this.#length
  }

  push(hash: Uint8Array): void {
    if (hash.length !== HASH_BYTES) throw new RangeError('a hash is 32 bytes')
    const offset = this.#length * HASH_BYTES
    if (offset === this.#bytes.length) {
      const grown = new Uint8Array(this.#bytes.length * 2)
      grown.set(this.#bytes)
      this.#bytes = grown
    }
    this.#bytes.set(hash, offset)
    this.#length += 1
  }

  /** Whether the entry at `seq` is there and has this hash. */
  has(seq: number, hash: Uint8Array): boolean {
    if (!Number.isInteger(seq) || seq < 0 || seq >= this.#length || hash.length !== HASH_BYTES) return false
    const offset = seq * HASH_BYTES
    for (let i = 0; i < HASH_BYTES; i++) if (this.#bytes[offset + i] !== hash[i]) return false
    return true
  }

  /** All hashes one after another: the checkpoint form. */
  toBytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length * HASH_BYTES)
  }

  /** Throws RangeError where the bytes are no whole number of hashes. */
  static fromBytes(bytes: Uint8Array): HashLog {
    if (bytes.length % HASH_BYTES !== 0) throw new RangeError('not a whole number of hashes')
    const log = new HashLog()
    log.#length = bytes.length / HASH_BYTES
    log.#bytes = new Uint8Array(Math.max(64, 2 ** Math.ceil(Math.log2(log.#length + 1))) * HASH_BYTES)
    log.#bytes.set(bytes)
    return log
  }
}

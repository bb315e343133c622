import { createHash } from 'node:crypto'
import { type CborValue, encodeCanonical } from '@countersign/schema/canonical'

/** The first bytes of an export (docs/audit-format.md): what it is, and the version of everything after it. */
export const EXPORT_MAGIC = 'countersign-audit-export/1\n'
const LENGTH_BYTES = 4

/** Frames of an export: length (4 bytes, big-endian) ‖ canonical bytes of [kind, …]. Keeps the hash of all it gave out. */
export class ExportFrames {
  readonly #hash = createHash('sha256')
  #count = 0

  /** Frames so far. */
  get count(): number {
    return this.#count
  }

  /** SHA-256 of everything so far. */
  hash(): Uint8Array {
    return Uint8Array.from(this.#hash.copy().digest())
  }

  magic(): Uint8Array {
    return this.#given(new TextEncoder().encode(EXPORT_MAGIC))
  }

  frame(...content: readonly [kind: string, ...rest: CborValue[]]): Uint8Array {
    const payload = encodeCanonical([...content])
    const bytes = new Uint8Array(LENGTH_BYTES + payload.length)
    new DataView(bytes.buffer).setUint32(0, payload.length)
    bytes.set(payload, LENGTH_BYTES)
    this.#count += 1
    return this.#given(bytes)
  }

  #given(bytes: Uint8Array): Uint8Array {
    this.#hash.update(bytes)
    return bytes
  }
}

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { decode, type Value } from './cbor.ts'
import { FormatError } from './format-error.ts'

const MAGIC = 'countersign-audit-export/1\n'
const LENGTH_BYTES = 4
const MOST_BYTES = 8 * 1024 * 1024

/** The file is no export of a version this program knows. */
export class NotAnExport extends Error {
  override readonly name = 'NotAnExport'
}

export interface Frame {
  readonly kind: string
  readonly content: readonly Value[]
  /** Number of frames before this one. */
  readonly index: number
  /** SHA-256 of everything before this frame; to be asked for before the next one is. */
  hashBefore(): Uint8Array
}

const frameOf = (payload: Uint8Array, index: number, hashBefore: () => Uint8Array): Frame => {
  const list = decode(payload)
  const [kind, ...content] = Array.isArray(list) ? list : []
  if (typeof kind !== 'string') throw new FormatError('a frame without a kind')
  return { kind, content, index, hashBefore }
}

/**
 * The frames of an export, read as they come: memory does not grow with the file. Throws NotAnExport where it does not begin as one,
 * FormatError where it goes wrong later. `onBytes`: bytes read so far.
 */
export async function* readFrames(path: string, onBytes: (bytes: number) => void): AsyncGenerator<Frame> {
  const hash = createHash('sha256')
  let buffered: Buffer = Buffer.alloc(0)
  let read = 0
  let index = -1
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    read += chunk.length
    buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk])
    if (index < 0) {
      if (buffered.length < MAGIC.length) continue
      if (buffered.toString('latin1', 0, MAGIC.length) !== MAGIC)
        throw new NotAnExport('the file does not begin as an export')
      hash.update(buffered.subarray(0, MAGIC.length))
      buffered = buffered.subarray(MAGIC.length)
      index = 0
    }
    let at = 0
    while (buffered.length - at >= LENGTH_BYTES) {
      const length = buffered.readUInt32BE(at)
      if (length > MOST_BYTES) throw new FormatError('a frame too large')
      const end = at + LENGTH_BYTES + length
      if (end > buffered.length) break
      const payload = Uint8Array.from(buffered.subarray(at + LENGTH_BYTES, end))
      yield frameOf(payload, index, () => Uint8Array.from(hash.copy().digest()))
      hash.update(buffered.subarray(at, end))
      index += 1
      at = end
    }
    buffered = buffered.subarray(at)
    onBytes(read)
  }
  if (index < 0) throw new NotAnExport('the file does not begin as an export')
  if (buffered.length > 0) throw new FormatError('the file ends in the middle of a frame')
}

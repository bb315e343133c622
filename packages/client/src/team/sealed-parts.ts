import { z } from 'zod'
import type { SealedRecords } from '../session/sealed-records.ts'

const PART_BYTES = 4 * 1024 * 1024
const partSchema = z.custom<Uint8Array>((value) => value instanceof Uint8Array)

/** Bytes of any length as records small enough to seal: `name.0`, `name.1`, … */
export const partsOf = (name: string, bytes: Uint8Array): [string, Uint8Array][] => {
  const out: [string, Uint8Array][] = []
  for (let at = 0; at < bytes.length; at += PART_BYTES) {
    out.push([`${name}.${out.length}`, bytes.subarray(at, at + PART_BYTES)])
  }
  return out
}

/** The bytes that `partsOf` made `count` records of; null where one is missing. Throws as `SealedRecords.get`. */
export const wholeOf = async (
  records: SealedRecords,
  name: string,
  count: number,
): Promise<Uint8Array | null> => {
  const found: Uint8Array[] = []
  for (let i = 0; i < count; i++) {
    const part = partSchema.safeParse(await records.get(`${name}.${i}`))
    if (!part.success) return null
    found.push(part.data)
  }
  return new Uint8Array(Buffer.concat(found))
}

/** Names of the parts that a smaller successor leaves over. */
export const leftOver = (name: string, before: number, now: number): string[] => {
  const names: string[] = []
  for (let i = now; i < before; i++) names.push(`${name}.${i}`)
  return names
}

import { readFile, writeFile } from 'node:fs/promises'
import { EXPORT_PURPOSE } from '@countersign/client/export/audit-export'
import { ExportFrames } from '@countersign/client/export/export-frames'
import { deviceSign } from '@countersign/crypto/derive'
import { Secret } from '@countersign/crypto/secret'
import { sign } from '@countersign/crypto/sign'
import { type CborValue, decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import { decodeEntry, type SignedEntry } from '@countersign/schema/entry'
import { z } from 'zod'

const MAGIC_BYTES = 27
const frameSchema = z.tuple([z.string()], z.custom<CborValue>())

/** A frame of an export, opened for changing. */
export type Frame = [kind: string, ...content: CborValue[]]
const headSchema = z.strictObject({ seq: z.number(), hash: z.custom<Uint8Array>() })
const headerSchema = z.looseObject({
  team: z.string(),
  device: z.string(),
  opened: z.string(),
  streams: z.array(z.strictObject({ stream: z.string(), head: headSchema })),
})
export type Header = z.infer<typeof headerSchema>

/** The frames of an export without its end. */
export const framesOf = async (path: string): Promise<Frame[]> => {
  const bytes = await readFile(path)
  const frames: Frame[] = []
  for (let at = MAGIC_BYTES; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at)
    frames.push(frameSchema.parse(decodeCanonical(Uint8Array.from(bytes.subarray(at + 4, end)))) as Frame)
    at = end
  }
  return frames.slice(0, -1)
}

export const headerOf = (frames: readonly Frame[]): Header => headerSchema.parse(frames[0]?.[1])

export const entryOf = (frame: Frame): SignedEntry | null =>
  frame[0] === 'entry' && frame[1] instanceof Uint8Array ? decodeEntry(frame[1]) : null

/** Writes frames as whoever has the exporter's device key could: numbered, hashed and signed again. */
export const writeFrames = async (
  path: string,
  frames: readonly Frame[],
  deviceSecret: Uint8Array,
): Promise<void> => {
  const out = new ExportFrames()
  const parts = [out.magic(), ...frames.map((frame) => out.frame(...frame))]
  const { team, device } = headerOf(frames)
  const end = { team, device, frames: out.count, hash: out.hash() }
  const key = deviceSign(Secret.take(Uint8Array.from(deviceSecret)))
  parts.push(out.frame('end', end, sign(key.secretKey, EXPORT_PURPOSE, encodeCanonical(end))))
  await writeFile(path, Buffer.concat(parts))
}

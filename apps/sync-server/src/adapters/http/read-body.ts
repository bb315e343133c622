import type { IncomingMessage } from 'node:http'

/** The body of a request; undefined if it is larger than `maxBytes` (the connection is then not read any further). */
export const readBody = async (
  request: IncomingMessage,
  maxBytes: number,
): Promise<Uint8Array | undefined> => {
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > maxBytes) return undefined
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk))
    length += bytes.length
    if (length > maxBytes) return undefined
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}

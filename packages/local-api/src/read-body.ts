import type { IncomingMessage } from 'node:http'
import type { ProblemCode } from '@countersign/schema/problem'
import type { z } from 'zod'

const MAX_BODY_BYTES = 65_536

export type ReadBody<T> =
  | { ok: true; body: T }
  | { ok: false; code: ProblemCode; detail?: string; errors?: { path: string; message: string }[] }

/** The whole body up to the limit; or that there was more, or that the caller left in the middle of it. */
const collect = (req: IncomingMessage): Promise<Buffer | 'too_large' | 'gone'> =>
  new Promise((resolve) => {
    const chunks: Buffer[] = []
    let size = 0
    req.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= MAX_BODY_BYTES) chunks.push(chunk)
      else resolve('too_large')
    })
    req.on('end', () => resolve(Buffer.concat(chunks)))
    req.on('error', () => resolve('gone'))
    req.on('close', () => resolve('gone'))
  })

const pointer = (path: readonly PropertyKey[]): string =>
  path.map((each) => `/${String(each).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Reads, decodes and parses a JSON body. */
export const readBody = async <S extends z.ZodType>(
  req: IncomingMessage,
  contentType: string | undefined,
  schema: S,
): Promise<ReadBody<z.output<S>>> => {
  if (!/^application\/json(?:\s*;\s*charset=utf-8)?$/i.test(contentType ?? '')) {
    return { ok: false, code: 'body.type' }
  }
  if (Number(req.headers['content-length'] ?? 0) > MAX_BODY_BYTES)
    return { ok: false, code: 'body.too_large' }
  const bytes = await collect(req)
  if (bytes === 'too_large') return { ok: false, code: 'body.too_large' }
  // Nobody is there to read it: no defect of ours.
  if (bytes === 'gone') return { ok: false, code: 'request.malformed' }
  let json: unknown
  try {
    json = JSON.parse(decoder.decode(bytes))
  } catch {
    return { ok: false, code: 'body.invalid', detail: 'It is not JSON in UTF-8.' }
  }
  const parsed = schema.safeParse(json)
  if (parsed.success) return { ok: true, body: parsed.data }
  const errors = parsed.error.issues
    .slice(0, 20)
    .map((issue) => ({ path: pointer(issue.path), message: issue.message }))
  return { ok: false, code: 'body.invalid', errors }
}

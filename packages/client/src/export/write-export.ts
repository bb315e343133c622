import { open, rename, rm } from 'node:fs/promises'
import { ClientError } from '../client-error.ts'

/** Bytes are written in pieces of about this size. */
const PIECE_BYTES = 256 * 1024

/** Where an export stands until it is whole; whoever ends the process that writes it may remove this. */
export const unfinished = (path: string): string => `${path}.part`

const failed = (cause: unknown): ClientError => {
  const code = (cause as NodeJS.ErrnoException | null)?.code
  const full = code === 'ENOSPC' || code === 'EDQUOT'
  return new ClientError(
    full ? 'export.disk_full' : 'export.failed',
    full ? 'There is no room for the export on that disk.' : 'The export could not be written there.',
    { cause, fix: full ? 'Free some space or choose another place.' : 'Choose another place.' },
  )
}

/**
 * Writes an export to a file of mode 0600 that appears under its name only when it is whole and on disk; cancelled or failed it leaves
 * nothing. Resolves with its size in bytes; throws ClientError `export.cancelled`, `export.disk_full` or `export.failed`.
 */
export const writeExport = async (
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<number> => {
  const temporary = unfinished(path)
  await rm(temporary, { force: true })
  const file = await open(temporary, 'wx', 0o600).catch((cause: unknown) => {
    throw failed(cause)
  })
  let size = 0
  let waiting: Uint8Array[] = []
  let bytes = 0
  const flush = async (): Promise<void> => {
    const piece = Buffer.concat(waiting)
    waiting = []
    bytes = 0
    await file.writeFile(piece).catch((cause: unknown) => {
      throw failed(cause)
    })
  }
  try {
    for await (const chunk of chunks) {
      if (signal.aborted) throw new ClientError('export.cancelled', 'The export was cancelled.')
      waiting.push(chunk)
      bytes += chunk.length
      size += chunk.length
      if (bytes >= PIECE_BYTES) await flush()
    }
    if (signal.aborted) throw new ClientError('export.cancelled', 'The export was cancelled.')
    await flush()
    await file.sync()
    await file.close()
    await rename(temporary, path)
    return size
  } catch (cause) {
    await file.close().catch(() => undefined)
    await rm(temporary, { force: true })
    throw cause instanceof ClientError ? cause : failed(cause)
  }
}

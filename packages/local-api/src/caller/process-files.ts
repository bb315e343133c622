import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { open, readdir, readFile, readlink, stat } from 'node:fs/promises'
import type { ProcessId, SeenExecutable } from './caller-finder.ts'

/** Fields 4 (parent) and 22 (start time) of /proc/PID/stat; the name in field 2 may hold spaces and parentheses. */
export const parseStat = (text: string): { parent: number; startTime: string } | null => {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const startTime = fields[19]
  return startTime === undefined ? null : { parent: Number(fields[1]), startTime }
}

export const readStat = async (pid: number): Promise<{ parent: number; startTime: string } | null> => {
  try {
    return parseStat(await readFile(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return null
  }
}

export const isProcessAlive = (process: ProcessId): boolean => {
  try {
    return parseStat(readFileSync(`/proc/${process.pid}/stat`, 'latin1'))?.startTime === process.startTime
  } catch {
    return false
  }
}

export const userOfProcess = async (pid: number): Promise<number | null> => {
  try {
    return (await stat(`/proc/${pid}`)).uid
  } catch {
    return null
  }
}

const holdsSocket = async (pid: string, link: string): Promise<boolean> => {
  try {
    for (const fd of await readdir(`/proc/${pid}/fd`)) {
      const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')
      if (target === link) return true
    }
  } catch {
    // Gone meanwhile, or another user's: neither can be told.
  }
  return false
}

/** The process that has a socket open; `hints` are looked at first, this process never. Stops at `deadline` (ms since the epoch). */
export const findSocketOwner = async (
  inode: string,
  hints: readonly number[],
  deadline: number,
): Promise<number | null> => {
  const link = `socket:[${inode}]`
  const own = String(process.pid)
  for (const hint of hints) if (await holdsSocket(String(hint), link)) return hint
  const all = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
  // Callers are young more often than not: newest first.
  for (const pid of all.sort((a, b) => Number(b) - Number(a))) {
    if (Date.now() > deadline) return null
    if (pid !== own && (await holdsSocket(pid, link))) return Number(pid)
  }
  // This very program may call itself (its own tests do).
  return (await holdsSocket(own, link)) ? process.pid : null
}

const MAX_HASHES = 64
const hashes = new Map<string, Uint8Array>()

/**
 * SHA-256 of a file through an open handle: of what is really mapped, even after the path was replaced. Kept by inode, size and
 * change time, which a write cannot avoid changing.
 */
const hashFile = async (path: string): Promise<Uint8Array> => {
  const file = await open(path, 'r')
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await file.stat({ bigint: true })
    const key = `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`
    const known = hashes.get(key)
    if (known !== undefined) return known
    const hash = createHash('sha256')
    const chunk = Buffer.allocUnsafeSlow(1 << 20)
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, chunk.length, null)
      if (bytesRead === 0) break
      hash.update(chunk.subarray(0, bytesRead))
    }
    const digest = new Uint8Array(hash.digest())
    if (hashes.size >= MAX_HASHES) hashes.clear()
    hashes.set(key, digest)
    return digest
  } finally {
    await file.close()
  }
}

/** Path and hash of the file a process runs; null if it is gone, another user's, or became another process meanwhile. */
export const executableOfProcess = async (pid: number): Promise<SeenExecutable | null> => {
  const before = await readStat(pid)
  if (before === null) return null
  try {
    const link = `/proc/${pid}/exe`
    const path = await readlink(link)
    const hash = await hashFile(link)
    const after = await readStat(pid)
    const same = after?.startTime === before.startTime && (await readlink(link)) === path
    return same ? { path, hash, process: { pid, startTime: before.startTime } } : null
  } catch {
    return null
  }
}

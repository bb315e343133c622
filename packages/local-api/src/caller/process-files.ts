import { createHash } from 'node:crypto'
import { type BigIntStats, readFileSync, readlinkSync, statSync } from 'node:fs'
import { open, readdir, readFile, readlink, stat } from 'node:fs/promises'
import type { OpenSocket, ProcessId, SeenExecutable } from './caller-finder.ts'

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

/** Processes looked at together; their files are few, and the threads that look are four. */
const LOOKS_AT_ONCE = 16

const linkOf = (inode: string): string => `socket:[${inode}]`

/** The process's file descriptor of a socket; newest first, as a new connection's is. */
const findSocket = async (pid: number, inode: string): Promise<OpenSocket | null> => {
  try {
    for (const fd of (await readdir(`/proc/${pid}/fd`)).reverse()) {
      const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')
      if (target === linkOf(inode)) return { pid, fd, inode }
    }
  } catch {
    // Gone meanwhile, or another user's: neither can be told.
  }
  return null
}

const readlinkOrNone = (path: string): string => {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

/**
 * Every process that has a socket open, the newest first: one may have handed it on to another, and both then speak through it. Null where
 * the processes are too many to look at by `deadline` (ms since the epoch).
 */
export const findSocketHolders = async (
  inode: string,
  deadline: number,
): Promise<readonly OpenSocket[] | null> => {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number)
  pids.sort((a, b) => b - a)
  const holders: OpenSocket[] = []
  for (let at = 0; at < pids.length; at += LOOKS_AT_ONCE) {
    if (Date.now() > deadline) return null
    const some = pids.slice(at, at + LOOKS_AT_ONCE).map((pid) => findSocket(pid, inode))
    for (const found of await Promise.all(some)) if (found !== null) holders.push(found)
  }
  return holders
}

/** What tells a file from any other, and from itself after a write, which cannot avoid a new change time. */
const identityOf = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string =>
  `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`

export const holdsSocket = ({ pid, fd, inode }: OpenSocket): boolean =>
  readlinkOrNone(`/proc/${pid}/fd/${fd}`) === linkOf(inode)

export const runsSameFile = ({ process, file }: SeenExecutable): boolean => {
  try {
    return (
      identityOf(statSync(`/proc/${process.pid}/exe`, { bigint: true })) === file &&
      // Last: had the pid changed hands before the other look, this one would see it.
      isProcessAlive(process)
    )
  } catch {
    return false
  }
}

const MAX_HASHES = 64
const hashes = new Map<string, Uint8Array>()

/** SHA-256 of a file through an open handle: of what is really mapped, even after the path was replaced. Kept by the file's identity. */
const hashFile = async (path: string): Promise<{ hash: Uint8Array; file: string }> => {
  const file = await open(path, 'r')
  try {
    const key = identityOf(await file.stat({ bigint: true }))
    const known = hashes.get(key)
    if (known !== undefined) return { hash: known, file: key }
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
    return { hash: digest, file: key }
  } finally {
    await file.close()
  }
}

/** Path and hash of the file a process runs; null if it is gone, another user's, or became another process meanwhile. */
export const executableOfProcess = async (socket: OpenSocket): Promise<SeenExecutable | null> => {
  const { pid } = socket
  const before = await readStat(pid)
  if (before === null) return null
  try {
    const link = `/proc/${pid}/exe`
    const path = await readlink(link)
    const { hash, file } = await hashFile(link)
    const after = await readStat(pid)
    const same = after?.startTime === before.startTime && (await readlink(link)) === path
    return same ? { path, hash, file, process: { pid, startTime: before.startTime }, socket } : null
  } catch {
    return null
  }
}

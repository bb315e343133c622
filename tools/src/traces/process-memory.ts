import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import type { Spelling } from './spellings.ts'

const PAGE = 4096
const CHUNK_PAGES = 4096
/** Of an entry of /proc/PID/pagemap, in the upper of its two words: in memory, or in swap. */
const PRESENT = 0x8000_0000
const SWAPPED = 0x4000_0000

interface Mapping {
  readonly start: number
  readonly end: number
  readonly label: string
}

export interface MemorySearch {
  /** What was really read: nothing found in nothing would say nothing. */
  readonly searchedBytes: number
  /** The names of the spellings that are there, each with the mapping it was first seen in. */
  readonly found: string[]
}

/** Every readable mapping but those that only show a file as it is on disk. */
const mappingsOf = (pid: number): Mapping[] =>
  readFileSync(`/proc/${pid}/maps`, 'latin1')
    .split('\n')
    .flatMap((line) => {
      const [, start, end, rights, path = ''] = /^(\w+)-(\w+) (\S{4}) \S+ \S+ \S+\s*(.*)$/.exec(line) ?? []
      if (start === undefined || end === undefined || rights === undefined) return []
      const isFile = path.startsWith('/') && rights[1] !== 'w'
      if (rights[0] !== 'r' || isFile || ['[vvar]', '[vsyscall]', '[vvar_vclock]'].includes(path)) return []
      return [
        { start: Number.parseInt(start, 16), end: Number.parseInt(end, 16), label: path || 'anonymous' },
      ]
    })

/** Runs of pages that exist: a mapping may reserve terabytes. */
const runsOf = (pagemap: number, { start, end }: Mapping): { start: number; end: number }[] => {
  const runs: { start: number; end: number }[] = []
  const words = Buffer.alloc(CHUNK_PAGES * 8)
  for (let at = start; at < end; at += CHUNK_PAGES * PAGE) {
    const pages = Math.min(CHUNK_PAGES, (end - at) / PAGE)
    const read = readSync(pagemap, words, 0, pages * 8, (at / PAGE) * 8)
    for (let page = 0; page < read / 8; page++) {
      const upper = words.readUInt32LE(page * 8 + 4)
      if ((upper & PRESENT) === 0 && (upper & SWAPPED) === 0) continue
      const address = at + page * PAGE
      const last = runs.at(-1)
      if (last?.end === address) last.end += PAGE
      else runs.push({ start: address, end: address + PAGE })
    }
  }
  return runs
}

const stateOf = (pid: number): string =>
  readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .charAt(0)

/** Runs `look` while the process stands still: memory that moves could be missed. */
const frozen = <T>(pid: number, look: () => T): T => {
  process.kill(pid, 'SIGSTOP')
  try {
    while (stateOf(pid) !== 'T') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    return look()
  } finally {
    process.kill(pid, 'SIGCONT')
  }
}

/**
 * Looks through all memory of a process of this user (Linux; the kernel must allow it, as it does to root). The process is stopped
 * meanwhile. Throws where it is not there or may not be read.
 */
export const searchMemory = (pid: number, spellings: readonly Spelling[]): MemorySearch =>
  frozen(pid, () => {
    const memory = openSync(`/proc/${pid}/mem`, 'r')
    const pagemap = openSync(`/proc/${pid}/pagemap`, 'r')
    try {
      const found = new Map<Spelling, string>()
      const overlap = Math.max(...spellings.map(({ bytes }) => bytes.length)) - 1
      const buffer = Buffer.alloc(CHUNK_PAGES * PAGE)
      let searchedBytes = 0
      for (const mapping of mappingsOf(pid))
        for (const run of runsOf(pagemap, mapping))
          for (let at = run.start; at < run.end; at += buffer.length - overlap) {
            const wanted = Math.min(buffer.length, run.end - at)
            const read = readSync(memory, buffer, 0, wanted, at)
            if (read !== wanted) throw new Error(`${mapping.label} of process ${pid} could not be read`)
            const chunk = buffer.subarray(0, read)
            searchedBytes += read
            for (const spelling of spellings)
              if (!found.has(spelling) && chunk.includes(spelling.bytes)) found.set(spelling, mapping.label)
          }
      return { searchedBytes, found: [...found].map(([{ name }, label]) => `${name} (${label})`) }
    } finally {
      closeSync(memory)
      closeSync(pagemap)
    }
  })

/** Whether a process of this number is there and not merely waiting to be buried. */
export const isAlive = (pid: number): boolean => {
  try {
    return stateOf(pid) !== 'Z'
  } catch {
    return false
  }
}

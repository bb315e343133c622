import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../try-out/until.ts'
import { isAlive } from './process-memory.ts'

/** Where the kernel hands dumps to a program, nothing here can look at them. */
export const dumpsAreFiles = (): boolean => {
  if (process.platform !== 'linux') return false
  const pattern = readFileSync('/proc/sys/kernel/core_pattern', 'latin1').trim()
  return pattern !== '' && !pattern.startsWith('|') && !pattern.includes('/')
}

/** Lets a process of this user write dumps as large as it likes, has it fail as a wild pointer does, and gives the dump it left, if any. */
export const dumpOfCrash = async (pid: number): Promise<Buffer | null> => {
  const folder = readlinkSync(`/proc/${pid}/cwd`)
  execFileSync('prlimit', ['--core=unlimited:unlimited', '--pid', String(pid)])
  process.kill(pid, 'SIGSEGV')
  await until(() => !isAlive(pid), { what: `process ${pid} ends`, timeoutMs: 60_000 })
  const [name] = globSync('core*', { cwd: folder })
  if (name === undefined) return null
  const path = join(folder, name)
  const dump = readFileSync(path)
  rmSync(path)
  return dump
}

/** What the kernel does by itself: private and shared anonymous memory, ELF headers and huge pages (`man 5 core`). */
export const letMemoryIntoDumps = (pid: number): void => {
  const file = `/proc/${pid}/coredump_filter`
  if (!existsSync(file)) throw new Error('this kernel writes no core dumps')
  writeFileSync(file, '0x33')
}

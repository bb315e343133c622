import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'

const PACKAGE_MANAGER = /^(npm|npx|pnpm)(-cli)?(\.[cm]?js)?$/
const CHECK_EVERY_MS = 300

interface Ancestor {
  readonly parent: number
  readonly words: readonly string[]
}

/** Null where there is no such process any more, or no way to ask for it. */
const look = (pid: number): Ancestor | null => {
  try {
    if (process.platform === 'linux') {
      // The name stands in parentheses and may hold anything; the parent is the second field after them.
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
      return { parent, words: readFileSync(`/proc/${pid}/cmdline`, 'utf8').split(/[\0 ]/) }
    }
    const line = execFileSync('ps', ['-o', 'ppid=,args=', '-p', String(pid)], { encoding: 'utf8' }).trim()
    const [parent, ...words] = line.split(/\s+/)
    return { parent: Number(parent), words }
  } catch {
    return null
  }
}

/** From our parent up to the outermost npx, npm or pnpm that we run under; empty where we were started directly. */
const launchers = (): number[] => {
  const chain: number[] = []
  let outermost = 0
  for (let pid = process.ppid; pid > 1; ) {
    const ancestor = look(pid)
    if (ancestor === null) break
    chain.push(pid)
    // `node /usr/bin/npx …`, or the title npm gives itself: `npm exec …`. A shell that has npx in its -c is none.
    if (ancestor.words.slice(0, 2).some((word) => PACKAGE_MANAGER.test(basename(word))))
      outermost = chain.length
    pid = ancestor.parent
  }
  return chain.slice(0, outermost)
}

/**
 * Calls `then` once when a package manager above us has ended. npx starts pnpm through a shell that passes no signal on: who ends
 * npx would otherwise leave everything running.
 */
export const whenLauncherEnds = (then: () => void): void => {
  const chain = launchers()
  if (chain.length === 0) return
  // Who loses its parent gets another one, also while nobody has asked yet how the parent ended.
  const whole = (): boolean =>
    process.ppid === chain[0] &&
    chain.slice(1).every((parent, index) => look(chain[index] ?? 0)?.parent === parent)
  const timer = setInterval(() => {
    if (whole()) return
    clearInterval(timer)
    then()
  }, CHECK_EVERY_MS)
  timer.unref()
}

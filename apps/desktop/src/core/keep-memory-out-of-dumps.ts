import { writeFileSync } from 'node:fs'

/**
 * Tells the kernel that a core dump of this process has none of its memory (`man 5 core`, "Controlling which mappings are written").
 * Linux only: elsewhere, and where the kernel has no such file, whether dumps are written is the system's setting.
 */
export const keepMemoryOutOfDumps = (): void => {
  if (process.platform !== 'linux') return
  try {
    writeFileSync('/proc/self/coredump_filter', '0')
  } catch {
    // A kernel built without core dumps, or /proc hidden: nothing to turn off here.
  }
}

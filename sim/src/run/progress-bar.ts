const WIDTH = 30
/** How many lines tell a log of the whole run. */
const LOG_LINES = 20

/**
 * A line that stays at the bottom while lines are written above it; where no person looks, a line at each twentieth, so that
 * a run that is stopped has still told how far it came.
 */
export const progressBar = (total: number) => {
  const shown = process.stderr.isTTY === true
  let line = ''
  const clear = (): void => {
    if (shown) process.stderr.write('\r\x1b[K')
  }
  const log = (done: number, failed: number): void => {
    const twentieth = (seeds: number): number => Math.floor((seeds / total) * LOG_LINES)
    if (twentieth(done) > twentieth(done - 1))
      process.stderr.write(`${done}/${total} seeds, ${failed} failed\n`)
  }
  return {
    at: (done: number, failed: number): void => {
      if (!shown) {
        log(done, failed)
        return
      }
      const filled = Math.round((done / total) * WIDTH)
      line = `[${'█'.repeat(filled)}${'·'.repeat(WIDTH - filled)}] ${done}/${total} seeds, ${failed} failed`
      process.stderr.write(`\r${line}`)
    },
    above: (text: string): void => {
      clear()
      console.log(text)
      if (shown) process.stderr.write(line)
    },
    end: clear,
  }
}

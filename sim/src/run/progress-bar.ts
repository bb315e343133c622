const WIDTH = 30

/** A line that stays at the bottom while lines are written above it; nothing of it where no person looks. */
export const progressBar = (total: number) => {
  const shown = process.stderr.isTTY === true
  let line = ''
  const clear = (): void => {
    if (shown) process.stderr.write('\r\x1b[K')
  }
  return {
    at: (done: number, failed: number): void => {
      if (!shown) return
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

/** One line for the person waiting. Always on stderr: stdout belongs to what a command answers. */
export function progress(line: string): void {
  process.stderr.write(`${line}\n`)
}

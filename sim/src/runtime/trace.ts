import { createHash } from 'node:crypto'

const clockOf = (ms: number): string => (ms / 1000).toFixed(3).padStart(9)

/** What happened, a line each; its hash also covers every frame and disk write, so that two runs are the same or differ visibly. */
export class Trace {
  readonly lines: string[] = []
  readonly #hash = createHash('sha256')
  readonly #now: () => number
  readonly #onLine: (line: string) => void

  constructor(now: () => number, onLine: (line: string) => void = () => undefined) {
    this.#now = now
    this.#onLine = onLine
  }

  note(who: string, what: string): void {
    const line = `${clockOf(this.#now())}  ${who.padEnd(9)} ${what}`
    this.lines.push(line)
    this.#hash.update(`${line}\n`)
    this.#onLine(line)
  }

  /** Goes into the hash only. */
  bytes(label: string, bytes: Uint8Array): void {
    this.#hash.update(`${label} ${this.#now()} ${bytes.length} `).update(bytes)
  }

  /** The hash of everything so far. */
  digest(): string {
    return this.#hash.copy().digest('hex')
  }
}

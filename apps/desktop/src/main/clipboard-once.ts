import { createHash } from 'node:crypto'
import { clipboard } from 'electron'

const digest = (text: string): string => createHash('sha256').update(text).digest('hex')

/** One value on the clipboard for a while. Main remembers its digest, not the value, to clear only what it put there. */
export class ClipboardOnce {
  #digest: string | null = null
  #timer: NodeJS.Timeout | undefined

  put(text: string, clearAfterMs: number): void {
    clipboard.writeText(text)
    this.#digest = digest(text)
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.clear(), clearAfterMs)
  }

  async clear(): Promise<void> {
    clearTimeout(this.#timer)
    const ours = this.#digest
    this.#digest = null
    // A promise in current Electron, a string before it.
    if (ours !== null && digest(await clipboard.readText()) === ours) clipboard.clear()
  }
}

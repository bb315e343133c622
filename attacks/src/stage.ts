import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Planted, Wire } from './wire.ts'

/** What one performance of an attack stands on: a folder, the wire's recording, planted secrets, and everything it opened. */
export class Stage {
  readonly folder: string
  readonly wire = new Wire()
  readonly planted: Planted[] = []
  readonly #closing: (() => Promise<unknown> | unknown)[] = []

  private constructor(folder: string) {
    this.folder = folder
  }

  static async set(): Promise<Stage> {
    return new Stage(await mkdtemp(join(tmpdir(), 'countersign-attack-')))
  }

  /** Bytes that must not be in anything a client says; kept as a copy. */
  plant(name: string, bytes: Uint8Array): void {
    this.planted.push({ name, bytes: Uint8Array.from(bytes) })
  }

  /** A recognisable value, planted. `lead`: as a provider's keys begin. */
  canary(name: string, lead = 'sk-proj-'): string {
    const text = `${lead}canary-${randomUUID().replaceAll('-', '')}`
    this.plant(name, new TextEncoder().encode(text))
    return text
  }

  /** Done at the end, the last first. */
  later(close: () => Promise<unknown> | unknown): void {
    this.#closing.push(close)
  }

  async subfolder(name: string): Promise<string> {
    const path = join(this.folder, name)
    await mkdir(path, { recursive: true, mode: 0o700 })
    return path
  }

  async clear(): Promise<void> {
    for (const close of this.#closing.splice(0).reverse()) await close()
    await rm(this.folder, { recursive: true, force: true })
  }
}

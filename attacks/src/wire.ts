/** Something that must never be in what a client says. */
export interface Planted {
  readonly name: string
  readonly bytes: Uint8Array
}

const WRITTEN_AS = [
  ['bytes', (bytes: Uint8Array) => Buffer.from(bytes)],
  ['hexadecimal', (bytes: Uint8Array) => Buffer.from(Buffer.from(bytes).toString('hex'))],
  ['base64', (bytes: Uint8Array) => Buffer.from(Buffer.from(bytes).toString('base64').replace(/=+$/, ''))],
  ['base64url', (bytes: Uint8Array) => Buffer.from(Buffer.from(bytes).toString('base64url'))],
] as const

/** Everything clients said to anybody during an attack, as it was on the wire. */
export class Wire {
  readonly #frames: Uint8Array[] = []

  said(frame: Uint8Array): void {
    this.#frames.push(Uint8Array.from(frame))
  }

  get frames(): number {
    return this.#frames.length
  }

  get bytes(): number {
    return this.#frames.reduce((sum, frame) => sum + frame.length, 0)
  }

  /** Whether a frame holds this text or these bytes, in any usual spelling. */
  holds(what: string | Uint8Array): boolean {
    const bytes = typeof what === 'string' ? new TextEncoder().encode(what) : what
    return WRITTEN_AS.some(([, write]) => {
      const needle = write(bytes)
      return this.#frames.some((frame) =>
        Buffer.from(frame.buffer, frame.byteOffset, frame.length).includes(needle),
      )
    })
  }

  /** Names of what was planted and got out. */
  leaks(planted: readonly Planted[]): string[] {
    return planted.filter(({ bytes }) => this.holds(bytes)).map(({ name }) => name)
  }
}

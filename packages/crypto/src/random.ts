import { randomFillSync } from 'node:crypto'

/** Fresh bytes from the operating system's generator. */
export const randomBytes = (length: number): Uint8Array => randomFillSync(new Uint8Array(length))

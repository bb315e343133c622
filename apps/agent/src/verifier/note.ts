import { FormatError } from './format-error.ts'
import { same, sha256 } from './hashes.ts'
import { ed25519 } from './signatures.ts'

const HOST = 'countersign.invalid'
const DEVICE = /^countersign\.invalid\/([0-9a-f]{32})\/device\/([0-9a-f]{32})$/
const ORIGIN = /^countersign\.invalid\/([0-9a-f]{32})\/(ledger|[ca]\/[0-9a-f]{32})$/
const COSIGNATURE = 0x04

interface Line {
  readonly device: string
  readonly keyId: Uint8Array
  readonly time: bigint
  readonly signature: Uint8Array
}

/** A checkpoint with the cosignatures of devices, not verified yet. */
export interface Checkpoint {
  readonly team: string
  readonly stream: string
  readonly size: number
  readonly root: Uint8Array
  readonly text: string
  readonly lines: readonly Line[]
}

/** Standard base64 with padding, in the one way to write it. */
const fromBase64 = (text: string): Uint8Array => {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.toString('base64') !== text) throw new FormatError('not base64')
  return Uint8Array.from(bytes)
}

const lineOf = (team: string, line: string): Line => {
  const [dash, name = '', encoded, ...rest] = line.split(' ')
  const [, ofTeam, device] = DEVICE.exec(name) ?? []
  if (dash !== '—' || encoded === undefined || rest.length > 0 || device === undefined || ofTeam !== team) {
    throw new FormatError('not the cosignature of a device of this team')
  }
  const blob = fromBase64(encoded)
  if (blob.length !== 4 + 8 + 64) throw new FormatError('not a cosignature')
  const time = Buffer.from(blob).readBigUInt64BE(4)
  return { device, keyId: blob.subarray(0, 4), time, signature: blob.subarray(12) }
}

/** Parses a signed note (c2sp.org/signed-note) whose text is a checkpoint (c2sp.org/tlog-checkpoint). */
export const parseCheckpoint = (note: string): Checkpoint => {
  const cut = note.lastIndexOf('\n\n')
  if (cut < 0 || !note.endsWith('\n')) throw new FormatError('not a signed note')
  const text = note.slice(0, cut + 1)
  const [origin = '', size = '', root = '', end, ...more] = text.split('\n')
  const [, team, stream] = ORIGIN.exec(origin) ?? []
  if (team === undefined || stream === undefined) throw new FormatError('not the origin of a stream')
  if (!/^(?:0|[1-9][0-9]{0,15})$/.test(size)) throw new FormatError('not a tree size')
  if (end !== '' || more.length > 0) throw new FormatError('a checkpoint with more than three lines')
  const rootBytes = fromBase64(root)
  if (rootBytes.length !== 32) throw new FormatError('not a root hash')
  const lines = note.slice(cut + 2, -1).split('\n')
  return {
    team,
    stream,
    size: Number(size),
    root: rootBytes,
    text,
    lines: lines.map((line) => lineOf(team, line)),
  }
}

/** Whether a line is the device's cosignature of this text (c2sp.org/tlog-cosignature, Ed25519). */
export const cosigned = ({ team, text }: Checkpoint, line: Line, publicKey: Uint8Array): boolean => {
  const name = `${HOST}/${team}/device/${line.device}`
  const encoder = new TextEncoder()
  const id = sha256(encoder.encode(`${name}\n`), Uint8Array.of(COSIGNATURE), publicKey).subarray(0, 4)
  const message = encoder.encode(`cosignature/v1\ntime ${line.time}\n${text}`)
  return same(id, line.keyId) && ed25519(publicKey, message, line.signature)
}

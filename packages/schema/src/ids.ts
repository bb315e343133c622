import { z } from 'zod'
import { toHex } from './hex.ts'

/** Every id is 16 random bytes, written as 32 lower-case hexadecimal digits; it says nothing about what it names. */
export const idSchema = z.string().regex(/^[0-9a-f]{32}$/, 'an id is 32 lower-case hexadecimal digits')

export type TeamId = string
export type MemberId = string
export type DeviceId = string
export type VaultId = string
/** An environment of one vault; it is also the id of that pair's compartment. */
export type EnvironmentId = string
export type ItemId = string
export type EntryId = string
/** A request's id is also the id of the grant and the binding that come of it. */
export type RequestId = string

/** A fresh random id. */
export const newId = (): string => toHex(crypto.getRandomValues(new Uint8Array(16)))

/** Names of streams: `ledger`, `c/<environment>` (a compartment), `a/<device>` (an audit stream). */
export const streamSchema = z.string().regex(/^(?:ledger|[ca]\/[0-9a-f]{32})$/, 'unknown stream name')
export type StreamName = string
export const LEDGER: StreamName = 'ledger'
export const compartmentStream = (environment: EnvironmentId): StreamName => `c/${environment}`
export const auditStream = (device: DeviceId): StreamName => `a/${device}`

/** What kind of stream a name names, and the environment or device in it. */
export const parseStream = (
  stream: StreamName,
):
  | { kind: 'ledger' }
  | { kind: 'compartment'; environment: EnvironmentId }
  | { kind: 'audit'; device: DeviceId } => {
  if (stream === LEDGER) return { kind: 'ledger' }
  const id = stream.slice(2)
  return stream.startsWith('c/') ? { kind: 'compartment', environment: id } : { kind: 'audit', device: id }
}

import { equalBytes, hashOf } from '@countersign/crypto/hash'
import type { Secret } from '@countersign/crypto/secret'
import { encodeCanonical } from '@countersign/schema/canonical'

/** Which generation of which key: also what an opener rebuilds contexts from. */
export interface KeyPlace {
  readonly type: 'team-key' | 'meta-key' | 'value-key'
  readonly team: string
  readonly environment?: string
  readonly epoch: number
}

/** hashOf('key-commitment', canonical { type, team, environment?, epoch, key }): what every recipient of a wrap checks (P4). */
export const keyCommitment = (place: KeyPlace, key: Secret): Uint8Array =>
  hashOf('key-commitment', encodeCanonical({ ...place, key: key.expose() }))

export const matchesCommitment = (place: KeyPlace, key: Secret, commitment: Uint8Array): boolean =>
  key.length === 32 && equalBytes(keyCommitment(place, key), commitment)

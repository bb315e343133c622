import { equalBytes } from '@countersign/crypto/hash'
import { randomBytes } from '@countersign/crypto/random'
import { type CborValue, decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import type { SignedWrap } from '@countersign/schema/wire'
import {
  WRAP_FETCH_PATH,
  WRAP_OPTIONS_PATH,
  wrapFetchRequestSchema,
  wrapOptionsRequestSchema,
} from '@countersign/schema/wrap-http'

interface Answer {
  readonly status: number
  readonly body: Uint8Array
}

const answer = (status: number, value: CborValue): Answer => ({ status, body: encodeCanonical(value) })
const RECOVERY = new TextEncoder().encode('recovery')

/** Gives out wrapped roots as the real server does, without checking any proof. */
export const answerWraps = (
  path: string,
  body: Uint8Array,
  server: Uint8Array,
  wraps: readonly SignedWrap[],
): Answer => {
  if (path.endsWith(WRAP_OPTIONS_PATH)) {
    const { member } = wrapOptionsRequestSchema.parse(decodeCanonical(body))
    const credentials = wraps
      .filter(({ record }) => record.member === member && record.locatorKey === null)
      .map(({ record }) => ({ credentialId: record.credential, salt: record.salt }))
    return answer(200, { server, nonce: randomBytes(48), credentials })
  }
  if (path.endsWith(WRAP_FETCH_PATH)) {
    const { member, proof } = wrapFetchRequestSchema.parse(decodeCanonical(body))
    const credential = proof.type === 'assertion' ? proof.assertion.credentialId : RECOVERY
    const wrap = wraps.find(
      ({ record }) => record.member === member && equalBytes(record.credential, credential),
    )
    if (wrap !== undefined) return answer(200, { wrap: wrap as CborValue })
  }
  return answer(403, { code: 'wrap.refused', message: 'no such wrap' })
}

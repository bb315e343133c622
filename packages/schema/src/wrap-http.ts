import { z } from 'zod'
import { bytesSchema, hashSchema, signatureSchema } from './bytes.ts'
import { idSchema } from './ids.ts'
import { assertionSchema } from './membership.ts'
import { signedWrapSchema } from './wire.ts'

/*
 * Download of a member's own wrapped root key by a device the team does not know yet: two POST requests to the sync server, bodies
 * in canonical CBOR (WRAP_CONTENT_TYPE). `challenge` is never sent: both sides compute webauthnChallenge('fetch-wrap',
 * { team, member, server, nonce }) (P9).
 */
export const WRAP_CONTENT_TYPE = 'application/cbor'
export const WRAP_OPTIONS_PATH = '/v1/wraps/options'
export const WRAP_FETCH_PATH = '/v1/wraps/fetch'

const wrapNonce = bytesSchema(48)

export const wrapOptionsRequestSchema = z.strictObject({ team: idSchema, member: idSchema })
export type WrapOptionsRequest = z.infer<typeof wrapOptionsRequestSchema>

/** The member's credentials that have a wrap, with the salt of each one's PRF. An unknown member gets an answer of the same shape. */
export const wrapOptionsSchema = z.strictObject({
  server: hashSchema,
  /** Good for one fetch within two minutes. */
  nonce: wrapNonce,
  credentials: z.array(z.strictObject({ credentialId: bytesSchema(1, 1023), salt: bytesSchema(32) })).max(40),
})
export type WrapOptions = z.infer<typeof wrapOptionsSchema>

/**
 * `assertion`: by one of the member's credentials, over the challenge. `recovery`: by the key derived from the recovery code, Ed25519 over
 * canonical { team, member, server, nonce }, purpose `fetch-wrap`.
 */
export const wrapFetchRequestSchema = z.strictObject({
  team: idSchema,
  member: idSchema,
  nonce: wrapNonce,
  proof: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('assertion'), assertion: assertionSchema }),
    z.strictObject({ type: z.literal('recovery'), signature: signatureSchema }),
  ]),
})
export type WrapFetchRequest = z.infer<typeof wrapFetchRequestSchema>

export const wrapFetchedSchema = z.strictObject({ wrap: signedWrapSchema })

/** Status 403 for every proof that is not accepted, whatever the reason; 429, 413, 400, 503 as usual. */
export const wrapProblemSchema = z.strictObject({ code: z.string().max(60), message: z.string().max(500) })

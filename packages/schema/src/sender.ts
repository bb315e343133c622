import { z } from 'zod'

/**
 * Keys of a program whose binding is sender-constrained, as JSON Web Keys (RFC 7517, RFC 8037): one signs the proofs it sends with every
 * request (RFC 9449), to the other its answers are sealed (RFC 7516). Public parts only; a program keeps the private ones.
 */
const coordinate = z
  .string()
  .regex(/^[A-Za-z0-9_-]{43}$/)
  .describe('32 bytes, base64url')
/** A program that sends its private key by mistake is told so; other members, such as `kid`, are passed over. */
const noPrivateKey = z.never().optional()

const p256 = { kty: z.literal('EC'), crv: z.literal('P-256'), x: coordinate, y: coordinate, d: noPrivateKey }

export const proofKeySchema = z.union([
  z.object(p256),
  z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: coordinate, d: noPrivateKey }),
])
export type ProofKey = z.infer<typeof proofKeySchema>

export const sealKeySchema = z.union([
  z.object(p256),
  z.object({ kty: z.literal('OKP'), crv: z.literal('X25519'), x: coordinate, d: noPrivateKey }),
])
export type SealKey = z.infer<typeof sealKeySchema>

export const senderKeysSchema = z.strictObject({
  proof: proofKeySchema.describe('Public key the proofs are signed with: ES256 or Ed25519.'),
  seal: sealKeySchema.describe('Public key the answers are sealed to, by ECDH-ES.'),
})
export type SenderKeys = z.infer<typeof senderKeysSchema>

const answerKey = { kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: coordinate }
export const answerKeySchema = z.strictObject(answerKey)
export type AnswerKey = z.infer<typeof answerKeySchema>

/** What an installation keeps of such a binding: the program's keys, and the pair that signs its answers. */
export const boundSenderSchema = z.strictObject({
  ...senderKeysSchema.shape,
  answer: z.strictObject({ ...answerKey, d: coordinate }),
})
export type BoundSender = z.infer<typeof boundSenderSchema>

import { verifyAssertion } from '@countersign/crypto/assertion'
import { parseAttestedCredential, parseAuthenticatorData } from '@countersign/crypto/authenticator-data'
import { checkClientData } from '@countersign/crypto/client-data'
import { parseCoseKey } from '@countersign/crypto/cose-key'
import { SoftwareAuthenticator } from '@countersign/crypto/software-authenticator'
import { RP_ID, RP_ORIGIN } from '@countersign/crypto/verify'
import { CanonicalError, decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import type { FuzzedParser } from '../parser.ts'
import { utf8 } from '../parser.ts'

const CHALLENGE = new Uint8Array(32).fill(7)
const JSON_WORDS = [
  '"type":',
  '"challenge":',
  '"origin":',
  '"crossOrigin":false',
  '"topOrigin":',
  'webauthn.get',
  '\\u0000',
  '{',
  '}',
  ',',
  'null',
  RP_ORIGIN,
]

const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined
const bytesOf = (value: unknown, name: string): Uint8Array => {
  const found = member(value, name)
  return found instanceof Uint8Array ? found : new Uint8Array(0)
}

/** The parsers of what a security key and a browser say. */
export const webauthnParsers = async (): Promise<FuzzedParser[]> => {
  const authenticator = new SoftwareAuthenticator()
  const at = { rpId: RP_ID, origin: RP_ORIGIN, challenge: CHALLENGE }
  const created = authenticator.create({ ...at, userId: new Uint8Array(16) })
  if ('code' in created) throw new Error(created.code)
  const got = authenticator.get({ ...at, allowCredentials: [created.credentialId] })
  if ('code' in got) throw new Error(got.code)
  const { clientDataJSON, authenticatorData, signature } = got.assertion
  const attestation = decodeCanonical(created.attestationObject)
  const authData = bytesOf(attestation, 'authData')
  const extensions = encodeCanonical({ 'hmac-secret': true })
  const eddsa = Uint8Array.from([
    0xa4,
    1,
    1,
    3,
    0x27,
    0x20,
    6,
    0x21,
    0x58,
    0x20,
    ...new Uint8Array(32).fill(9),
  ])
  return [
    {
      name: 'client-data',
      from: 'a browser, or whoever writes an approval',
      seeds: [
        clientDataJSON,
        utf8(`{"type":"webauthn.get","challenge":"","origin":"${RP_ORIGIN}","crossOrigin":true}`),
      ],
      dictionary: JSON_WORDS.map(utf8),
      parse: (input) =>
        checkClientData(input, { type: 'webauthn.get', challenge: CHALLENGE, origins: [RP_ORIGIN] }) ??
        'accepted',
    },
    {
      name: 'authenticator-data',
      from: 'a security key, or whoever writes an approval',
      seeds: [authenticatorData, authData],
      dictionary: [extensions, eddsa, created.publicKey],
      parse: (input) => {
        const data = parseAuthenticatorData(input)
        const attested = parseAttestedCredential(input)
        if ((attested === undefined) !== (data?.attested === undefined))
          throw new Error('two readers disagree')
        if (data === undefined) return 'malformed'
        return attested === undefined ? 'accepted' : 'accepted, with a credential'
      },
    },
    {
      name: 'cose-key',
      from: 'a security key at enrolment',
      seeds: [created.publicKey, eddsa],
      parse: (input) => {
        const key = parseCoseKey(input)
        return 'code' in key ? key.code : 'accepted'
      },
    },
    {
      name: 'assertion',
      from: 'whoever writes an approval',
      seeds: [encodeCanonical({ c: clientDataJSON, a: authenticatorData, s: signature })],
      dictionary: JSON_WORDS.map(utf8),
      parse: (input) => {
        let parts: unknown
        try {
          parts = decodeCanonical(input)
        } catch (error) {
          if (error instanceof CanonicalError) return 'canonical.refused'
          throw error
        }
        const assertion = {
          credentialId: created.credentialId,
          clientDataJSON: bytesOf(parts, 'c'),
          authenticatorData: bytesOf(parts, 'a'),
          signature: bytesOf(parts, 's'),
        }
        const verdict = verifyAssertion({
          assertion,
          publicKey: created.publicKey,
          challenge: CHALLENGE,
          rpId: RP_ID,
          origins: [RP_ORIGIN],
        })
        if (!verdict.ok) return verdict.code
        const genuine =
          Buffer.compare(assertion.clientDataJSON, clientDataJSON) === 0 &&
          Buffer.compare(assertion.authenticatorData, authenticatorData) === 0
        if (!genuine) throw new Error('accepted a signature over something else')
        return 'accepted'
      },
    },
  ]
}

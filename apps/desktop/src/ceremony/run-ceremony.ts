import type { CeremonyCreate, CeremonyFailure, CeremonyGet, FromCeremony } from '../shared/ceremony-wire.ts'

// Chromium rounds the timeout; an answer this close to it is the timeout.
const TIMEOUT_SLACK_MS = 300
const toBase64Url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')

/** A copy in a buffer of its own, which is what WebAuthn's types want and what nobody else can change meanwhile. */
const copy = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes)

const bytes = (source: BufferSource): Uint8Array =>
  source instanceof ArrayBuffer
    ? new Uint8Array(source)
    : new Uint8Array(source.buffer, source.byteOffset, source.byteLength)

const prfOf = (credential: PublicKeyCredential): { enabled: boolean; output: Uint8Array | null } => {
  const prf = credential.getClientExtensionResults().prf
  const first = prf?.results?.first
  return { enabled: prf?.enabled === true, output: first === undefined ? null : bytes(first) }
}

const create = async (request: CeremonyCreate, signal: AbortSignal): Promise<FromCeremony> => {
  const credential = await navigator.credentials.create({
    signal,
    publicKey: {
      rp: { id: request.rpId, name: request.rpName },
      user: { id: copy(request.userId), name: request.userName, displayName: request.userName },
      challenge: copy(request.challenge),
      pubKeyCredParams: [
        { type: 'public-key', alg: -7 },
        { type: 'public-key', alg: -8 },
      ],
      authenticatorSelection: { userVerification: 'required', residentKey: 'discouraged' },
      attestation: 'direct',
      excludeCredentials: request.exclude.map((id) => ({ type: 'public-key', id: copy(id) })),
      timeout: request.timeoutMs,
      extensions: { prf: { eval: { first: copy(request.prfSalt) } } },
    },
  })
  if (!(credential instanceof PublicKeyCredential)) return failed('failed', 'no credential')
  const { response } = credential
  if (!(response instanceof AuthenticatorAttestationResponse)) return failed('failed', 'no attestation')
  const prf = prfOf(credential)
  return {
    type: 'created',
    credentialId: bytes(credential.rawId),
    attestationObject: bytes(response.attestationObject),
    clientDataJSON: bytes(response.clientDataJSON),
    transports: response.getTransports(),
    prfEnabled: prf.enabled,
    prf: prf.output,
  }
}

/** One salt per credential; none at all when no credential has one. */
const evalByCredential = ({
  allow,
}: CeremonyGet): Record<string, { first: Uint8Array<ArrayBuffer> }> | null => {
  const salts = allow.flatMap(({ credentialId, prfSalt }) =>
    prfSalt === null ? [] : [[toBase64Url(credentialId), { first: copy(prfSalt) }] as const],
  )
  return salts.length === 0 ? null : Object.fromEntries(salts)
}

const get = async (request: CeremonyGet, signal: AbortSignal): Promise<FromCeremony> => {
  const salts = evalByCredential(request)
  const credential = await navigator.credentials.get({
    signal,
    publicKey: {
      rpId: request.rpId,
      challenge: copy(request.challenge),
      allowCredentials: request.allow.map(({ credentialId }) => ({
        type: 'public-key',
        id: copy(credentialId),
      })),
      userVerification: 'required',
      timeout: request.timeoutMs,
      ...(salts === null ? {} : { extensions: { prf: { evalByCredential: salts } } }),
    },
  })
  if (!(credential instanceof PublicKeyCredential)) return failed('failed', 'no credential')
  const { response } = credential
  if (!(response instanceof AuthenticatorAssertionResponse)) return failed('failed', 'no assertion')
  return {
    type: 'got',
    credentialId: bytes(credential.rawId),
    authenticatorData: bytes(response.authenticatorData),
    clientDataJSON: bytes(response.clientDataJSON),
    signature: bytes(response.signature),
    // Unasked for, it is not passed on.
    prf: salts === null ? null : prfOf(credential).output,
  }
}

const failed = (code: CeremonyFailure, detail: string): FromCeremony => ({ type: 'failed', code, detail })

const FAILURES: Readonly<Record<string, CeremonyFailure>> = {
  InvalidStateError: 'already_enrolled',
  ConstraintError: 'not_supported',
  NotSupportedError: 'not_supported',
  NotAllowedError: 'not_allowed',
}

/** Runs one ceremony. Never rejects: every way it can end is a value. */
export const runCeremony = async (
  request: CeremonyCreate | CeremonyGet,
  signal: AbortSignal,
): Promise<FromCeremony> => {
  const started = performance.now()
  try {
    return await (request.type === 'create' ? create(request, signal) : get(request, signal))
  } catch (error) {
    const name = error instanceof Error ? error.name : 'unknown'
    if (signal.aborted) return failed('cancelled', name)
    if (name === 'NotAllowedError' && performance.now() - started >= request.timeoutMs - TIMEOUT_SLACK_MS)
      return failed('timeout', name)
    return failed(FAILURES[name] ?? 'failed', name)
  }
}

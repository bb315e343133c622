import { createHmac } from 'node:crypto'
import { RP_ID, RP_ORIGIN } from '@countersign/crypto/verify'
import { toHex } from '@countersign/schema/hex'
import type { SignedWrap } from '@countersign/schema/wire'
import type { WrapFetchRequest, WrapOptions, WrapOptionsRequest } from '@countersign/schema/wrap-http'
import { verifyAuthenticationResponse } from '@simplewebauthn/server'
import type { TeamState } from '../../core/team-state.ts'
import { fetchChallenge, pinnedKey, recoveryWrap, wrapChoices } from '../../core/wrap-fetch.ts'
import type { NodeContext } from '../../node-context.ts'
import { issueNonce, nonceExpiry } from './wrap-nonce.ts'

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

/** The same for the same question, and nobody's: an unknown member looks like one with a security key. */
const decoy = (secret: Uint8Array, { team, member }: WrapOptionsRequest): WrapOptions['credentials'] => {
  const bytes = (what: string, length: number) =>
    new Uint8Array(
      createHmac('sha512', secret)
        .update(`countersign/v1/decoy/${what}/${team}/${member}`)
        .digest()
        .subarray(0, length),
    )
  return [{ credentialId: bytes('credential', 64), salt: bytes('salt', 32) }]
}

/** Answers POST /v1/wraps/options. Throws StoreError. */
export const wrapOptions = async (node: NodeContext, request: WrapOptionsRequest): Promise<WrapOptions> => {
  const { store, hub } = node
  const team = await hub.team(request.team)
  const wraps = await store.records.listWraps(request.team, request.member)
  const choices = wrapChoices(team, request.member, wraps)
  return {
    server: store.serverId,
    nonce: issueNonce(store.nodeSecret, node.now()),
    credentials: choices.length > 0 ? choices : decoy(store.nodeSecret, request),
  }
}

/** Answers POST /v1/wraps/fetch; null for every proof that is not accepted, whatever the reason. Throws StoreError. */
export const fetchWrap = async (node: NodeContext, request: WrapFetchRequest): Promise<SignedWrap | null> => {
  const { store, hub } = node
  const now = node.now()
  const expiresAt = nonceExpiry(store.nodeSecret, request.nonce, now)
  const team = await hub.team(request.team)
  if (expiresAt === null || team === undefined) return null
  const wraps = await store.records.listWraps(request.team, request.member)
  const wrap =
    request.proof.type === 'recovery'
      ? recoveryWrap(team, request, store.serverId, wraps)
      : await assertedWrap(team, request, store.serverId, wraps)
  if (wrap === null) return null
  // Only a proof that holds writes anything, so that strangers cannot make the store grow.
  return (await store.records.useNonce(request.nonce, expiresAt, now)) ? wrap : null
}

const assertedWrap = async (
  team: TeamState,
  request: WrapFetchRequest,
  server: Uint8Array,
  wraps: readonly SignedWrap[],
): Promise<SignedWrap | null> => {
  if (request.proof.type !== 'assertion') return null
  const { assertion } = request.proof
  const publicKey = pinnedKey(team, request.member, assertion.credentialId)
  const wrap = wraps.find(({ record }) => toHex(record.credential) === toHex(assertion.credentialId))
  if (publicKey === null || wrap === undefined) return null
  const id = base64url(assertion.credentialId)
  try {
    const { verified } = await verifyAuthenticationResponse({
      response: {
        id,
        rawId: id,
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          authenticatorData: base64url(assertion.authenticatorData),
          clientDataJSON: base64url(assertion.clientDataJSON),
          signature: base64url(assertion.signature),
        },
      },
      expectedChallenge: base64url(
        fetchChallenge({ team: request.team, member: request.member, server, nonce: request.nonce }),
      ),
      expectedOrigin: RP_ORIGIN,
      expectedRPID: RP_ID,
      requireUserVerification: true,
      // The signature counter is recorded by nobody and judged by nobody (P15).
      credential: { id, publicKey: new Uint8Array(publicKey), counter: 0 },
    })
    return verified ? wrap : null
  } catch {
    // The library throws for each thing that does not fit; a stranger learns one answer.
    return null
  }
}

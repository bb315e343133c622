import {
  type BindingCreated,
  bindingPollSchema,
  credentialListSchema,
  credentialSchema,
  resolvedSchema,
} from '@countersign/schema/local-api'
import { expect, onTestFinished, test } from 'vitest'
import { type ProofClaims, SenderProgram } from '../test/sender-program.ts'
import { type Answer, problemIn, type ServedVault, serveVault } from '../test/served-vault.ts'

const CREDENTIAL = '/v1/credentials/acme/production/openai'
const VALUE = 'sk-proj-canary-0001'

/** A program whose token works only with proofs of its key, on a real server over a real connection. */
const bound = async () => {
  const served = await serveVault()
  onTestFinished(() => served.close())
  const program = await SenderProgram.make()
  const created = await served.bind({ senderKeys: program.keys })
  served.vault.decide(created.id, 'granted')
  const claim = caller(served, program, created, created.claim)
  const poll = await claim.opened(`/v1/bindings/${created.id}?wait=1`)
  const { token = '' } = bindingPollSchema.parse(JSON.parse(poll))
  return { served, program, created, token, ...caller(served, program, created, token) }
}

interface Change {
  readonly method?: string
  readonly body?: unknown
  readonly claims?: Partial<ProofClaims>
  readonly headers?: Record<string, string>
  /** Signed by another key. */
  readonly by?: SenderProgram
}

const caller = (served: ServedVault, program: SenderProgram, created: BindingCreated, token: string) => {
  let nonce: string | undefined
  const send = async (path: string, change: Change = {}): Promise<{ answer: Answer; jti: string }> => {
    const { method = 'GET', body, by = program } = change
    const url = `${served.api.url}${path.split('?')[0]}`
    const claims = { ...program.claims(method, url, token, nonce), ...change.claims }
    const headers = { Authorization: `DPoP ${token}`, DPoP: await by.proof(claims), ...change.headers }
    const answer = await served.call(path, { method, headers, body })
    const given = answer.headers['dpop-nonce']
    if (typeof given === 'string') nonce = given
    return { answer, jti: claims.jti }
  }
  /** As programs do it: the first refusal brings the nonce. */
  const proven = async (path: string, change: Change = {}): Promise<{ answer: Answer; jti: string }> => {
    const first = await send(path, change)
    return first.answer.status === 401 && problemIn(first.answer).code === 'proof.nonce'
      ? await send(path, change)
      : first
  }
  const opened = async (path: string, change: Change = {}): Promise<string> => {
    const { answer, jti } = await proven(path, change)
    expect([path, answer.status, answer.headers['content-type']]).toEqual([path, 200, 'application/jose'])
    expect(answer.text).not.toContain(VALUE)
    if (created.answerKey === undefined) throw new Error('no answer key came')
    return program.open(answer.text, created.answerKey, jti)
  }
  return { send, proven, opened }
}

test('P23 a program with keys polls, lists, reads, resolves and gives back; every answer is sealed to it', async () => {
  const { created, opened } = await bound()
  expect(created.nextStep).toContain('DPoP')
  expect(credentialListSchema.parse(JSON.parse(await opened('/v1/credentials'))).credentials).toHaveLength(1)
  for (const path of [CREDENTIAL, CREDENTIAL, `${CREDENTIAL}?version=1`, `${CREDENTIAL}/api_key`])
    expect(credentialSchema.parse(JSON.parse(await opened(path))).value).toBe(VALUE)
  const references = ['cs://acme/production/openai', 'cs://acme/production/azure']
  const resolved = await opened('/v1/resolve', { method: 'POST', body: { references } })
  expect(resolvedSchema.parse(JSON.parse(resolved)).results).toMatchObject([
    { ok: true, credential: { value: VALUE } },
    { ok: false, problem: { code: 'scope.refused' } },
  ])
  expect(JSON.parse(await opened('/v1/bindings/self', { method: 'DELETE' }))).toMatchObject({
    status: 'given_back',
  })
})

test('P23 a nonce is given, a proof without one is sent back and is no alarm', async () => {
  const { served, send } = await bound()
  const { answer } = await send(CREDENTIAL)
  expect([answer.status, problemIn(answer).code]).toEqual([401, 'proof.nonce'])
  expect(answer.headers['www-authenticate']).toContain('use_dpop_nonce')
  expect(served.vault.alerts).toEqual([])
})

test('P23 the token alone is worth nothing, as Bearer or without a proof', async () => {
  const { served, token } = await bound()
  for (const headers of [{ Authorization: `Bearer ${token}` }, { Authorization: `DPoP ${token}` }]) {
    for (const path of [CREDENTIAL, '/v1/credentials', '/v1/events']) {
      const answer = await served.call(path, { headers })
      expect([answer.status, problemIn(answer).code]).toEqual([401, 'proof.missing'])
    }
    const gone = await served.call('/v1/bindings/self', { method: 'DELETE', headers })
    expect(problemIn(gone).code).toBe('proof.missing')
  }
})

test('P23 a proof by another key, of another request, or sent twice is refused, and a person is told', async () => {
  const { served, send, proven } = await bound()
  await proven(CREDENTIAL)
  const other = await SenderProgram.make()
  const refused = async (change: Change): Promise<string> => {
    const { answer } = await send(CREDENTIAL, change)
    expect(answer.status).toBe(401)
    expect(answer.headers['www-authenticate']).toContain('invalid_dpop_proof')
    return problemIn(answer).code
  }
  expect(await refused({ by: other })).toBe('proof.invalid')
  expect(await refused({ claims: { htm: 'POST' } })).toBe('proof.invalid')
  expect(await refused({ claims: { htu: `${served.api.url}/v1/credentials` } })).toBe('proof.invalid')
  expect(await refused({ claims: { ath: 'x' } })).toBe('proof.invalid')
  expect((await send(CREDENTIAL, { claims: { jti: 'this-very-request' } })).answer.status).toBe(200)
  expect(await refused({ claims: { jti: 'this-very-request' } })).toBe('proof.invalid')
  expect(served.vault.alerts.map(({ code }) => code)).toEqual(Array(5).fill('proof.invalid'))
})

test('P23 the claim of such a request fetches nothing without a proof', async () => {
  const served = await serveVault()
  onTestFinished(() => served.close())
  const program = await SenderProgram.make()
  const created = await served.bind({ senderKeys: program.keys })
  served.vault.decide(created.id, 'granted')
  const path = `/v1/bindings/${created.id}`
  const answer = await served.call(path, { token: created.claim })
  expect([answer.status, problemIn(answer).code]).toEqual([401, 'proof.missing'])
  const thief = caller(served, await SenderProgram.make(), created, created.claim)
  expect(problemIn((await thief.proven(path)).answer).code).toBe('proof.invalid')
  expect(
    bindingPollSchema.parse(JSON.parse(await caller(served, program, created, created.claim).opened(path)))
      .token,
  ).toMatch(/^cs_app_/)
})

test('P23 a program that expects sealed answers is not served plain ones by mistake', async () => {
  const served = await serveVault()
  onTestFinished(() => served.close())
  const { token } = await served.granted()
  const program = await SenderProgram.make()
  const proof = await program.proof(program.claims('GET', `${served.api.url}${CREDENTIAL}`, token))
  const answer = await served.call(CREDENTIAL, { headers: { Authorization: `DPoP ${token}`, DPoP: proof } })
  expect([answer.status, problemIn(answer).code]).toEqual([401, 'proof.unexpected'])
})

test('P23 keys that are none are refused when binding: another curve, a private key, no point of the curve', async () => {
  const served = await serveVault()
  onTestFinished(() => served.close())
  const { keys } = await SenderProgram.make()
  const { proof, seal } = keys
  for (const senderKeys of [
    { proof },
    { proof, seal: { ...seal, crv: 'P-384' } },
    { proof: { ...proof, d: proof.x }, seal },
    { proof: { ...proof, y: proof.x }, seal },
    // A point of small order: it can be imported, and nothing can be sealed to it.
    { proof, seal: { ...seal, x: 'A'.repeat(43) } },
  ]) {
    const body = {
      application: 'x',
      vault: 'acme',
      environment: 'production',
      items: ['openai'],
      reason: 'x',
    }
    const answer = await served.call('/v1/bindings', {
      method: 'POST',
      body: { ...body, lease: { durationMs: 60_000 }, senderKeys },
    })
    expect([answer.status, problemIn(answer).code]).toEqual([400, 'body.invalid'])
  }
  expect(served.vault.bindings).toEqual([])
})

test('P23 a program with keys gets the value, signed, where others get 304', async () => {
  const { proven } = await bound()
  const { answer } = await proven(CREDENTIAL)
  const etag = String(answer.headers.etag)
  const again = await proven(CREDENTIAL, { headers: { 'If-None-Match': etag } })
  expect([again.answer.status, again.answer.headers['content-type']]).toEqual([200, 'application/jose'])
})

test('P2 P23 what was given back while proofs were checked is not written again', async () => {
  const { served, created, send, proven } = await bound()
  await proven(CREDENTIAL)
  const reads = Array.from({ length: 6 }, () => send(CREDENTIAL))
  const gone = send('/v1/bindings/self', { method: 'DELETE' })
  const after = await Promise.all([...reads, gone])
  for (const { answer } of after) expect([200, 401, 403]).toContain(answer.status)
  expect(served.vault.tokens.has(created.id)).toBe(false)
})

test('P2 a revocation, or a lock, wins over an answer that is being sealed', async () => {
  for (const end of ['revoke', 'lock'] as const) {
    const { served, created, send, proven } = await bound()
    await proven(CREDENTIAL)
    const body = { references: ['cs://acme/production/openai'] }
    const { records } = served.vault
    const push = records.push.bind(records)
    // The turn after the record: the answer is made, and being sealed on other threads.
    records.push = (...added) => {
      setImmediate(() => (end === 'revoke' ? served.vault.decide(created.id, 'revoked') : served.api.lock()))
      return push(...added)
    }
    const asked = send('/v1/resolve', { method: 'POST', body })
    const { answer } = await asked
    expect([end, answer.status]).toEqual([end, end === 'revoke' ? 403 : 423])
  }
})

test('P23 listening to events takes a proof too', async () => {
  const { served, program, token, send } = await bound()
  const nonce = (await send('/v1/credentials')).answer.headers['dpop-nonce']
  const url = `${served.api.url}/v1/events`
  const proof = await program.proof(program.claims('GET', url, token, String(nonce)))
  const ending = new AbortController()
  const listening = await fetch(url, {
    headers: { Authorization: `DPoP ${token}`, DPoP: proof },
    signal: ending.signal,
  })
  expect([listening.status, listening.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
  ending.abort()
})

test('P22 P23 what was read under a lease with uses is counted once a request, sealed or not', async () => {
  const served = await serveVault()
  onTestFinished(() => served.close())
  const program = await SenderProgram.make()
  const created = await served.bind({ senderKeys: program.keys, lease: { durationMs: 3_600_000, uses: 2 } })
  served.vault.decide(created.id, 'granted')
  const poll = await caller(served, program, created, created.claim).opened(`/v1/bindings/${created.id}`)
  const { token = '' } = bindingPollSchema.parse(JSON.parse(poll))
  const reads = caller(served, program, created, token)
  for (const left of [1, 0])
    expect(credentialSchema.parse(JSON.parse(await reads.opened(CREDENTIAL))).lease.usesLeft).toBe(left)
  expect(problemIn((await reads.proven(CREDENTIAL)).answer).code).toBe('lease.used_up')
})

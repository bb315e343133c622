import {
  bindingCreatedSchema,
  bindingPollSchema,
  credentialListSchema,
  credentialSchema,
  resolvedSchema,
} from '@countersign/schema/local-api'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ASK, parsed, problemIn, type ServedVault, serveVault } from './test/served-vault.ts'

let served: ServedVault
beforeAll(async () => {
  served = await serveVault()
})
afterAll(() => served.close())

const CREDENTIAL = '/v1/credentials/acme/production/openai'

test('P22 asking, approval and the token: the claim fetches it, the token reads the value', async () => {
  const { id, claim, code } = await served.bind()
  expect(code).toBe('042137')
  const before = parsed(await served.call(`/v1/bindings/${id}`, { token: claim }), bindingPollSchema)
  expect(before).toMatchObject({ state: 'pending', missingApprovals: 2 })
  expect(before.token).toBeUndefined()
  const waiting = served.call(`/v1/bindings/${id}?wait=30`, { token: claim })
  setTimeout(() => served.vault.decide(id, 'granted'), 50)
  const after = parsed(await waiting, bindingPollSchema)
  expect(after.terms).toMatchObject({ vault: 'acme', environment: 'production', narrowed: false })
  const read = await served.call(CREDENTIAL, { token: after.token ?? '' })
  expect(parsed(read, credentialSchema)).toMatchObject({
    reference: 'cs://acme/production/openai',
    version: 1,
    value: 'sk-proj-canary-0001',
    fields: { api_key: 'sk-proj-canary-0001' },
  })
  expect(read.headers['countersign-mode']).toBe('normal')
})

test('P22 a claim may be exchanged again until the first use, each time voiding the token before; then it is spent', async () => {
  const { id, token, claim } = await served.granted()
  const again = parsed(await served.call(`/v1/bindings/${id}`, { token: claim }), bindingPollSchema)
  expect(problemIn(await served.call(CREDENTIAL, { token })).code).toBe('token.unknown')
  expect((await served.call(CREDENTIAL, { token: again.token ?? '' })).status).toBe(200)
  const spent = await served.call(`/v1/bindings/${id}`, { token: claim })
  expect(spent.status).toBe(409)
  expect(problemIn(spent).code).toBe('claim.used')
  expect(served.vault.alerts).toContainEqual(expect.objectContaining({ code: 'claim.used', binding: id }))
  expect(served.vault.records.some((each) => each.action === 'claim.reused' && each.binding === id)).toBe(
    true,
  )
  expect((await served.call(CREDENTIAL, { token: again.token ?? '' })).status).toBe(200)
})

test('P22 two exchanges at the same time leave one working token', async () => {
  const { id, claim } = await served.bind()
  served.vault.decide(id, 'granted')
  const polls = await Promise.all([1, 2, 3].map(() => served.call(`/v1/bindings/${id}`, { token: claim })))
  const tokens = polls.map((each) => parsed(each, bindingPollSchema).token ?? '')
  expect(new Set(tokens).size).toBe(3)
  const statuses = []
  for (const token of tokens) statuses.push((await served.call('/v1/credentials', { token })).status)
  expect(statuses.sort()).toEqual([200, 401, 401])
})

test('P22 another claim, a token, or nothing in place of the claim is refused', async () => {
  const mine = await served.bind({ application: 'mine' })
  const other = await served.bind({ application: 'other' })
  for (const token of [other.claim, (await served.granted()).token]) {
    expect(problemIn(await served.call(`/v1/bindings/${mine.id}`, { token })).code).toBe('claim.wrong')
  }
  expect((await served.call(`/v1/bindings/${mine.id}`)).status).toBe(401)
  const unknown = `/v1/bindings/${'0'.repeat(32)}`
  expect(problemIn(await served.call(unknown, { token: mine.claim })).code).toBe('claim.wrong')
})

test.each([
  ['denied', 'denied', /Denied by Ada: “not in March”/],
  ['cancelled', 'cancelled', /Cancelled by Ada/],
  ['expired', 'denied', /Nobody decided in time/],
] as const)('P2 a request that was %s says so, by whom, and what next', async (state, decision, text) => {
  const { id, claim } = await served.bind({ application: `asks-${state}` })
  const decisions = [{ decision, by: 'Ada', at: 5, reason: 'not in March' }]
  served.vault.decide(id, state, { decisions: state === 'expired' ? [] : decisions })
  const answer = parsed(await served.call(`/v1/bindings/${id}?wait=1`, { token: claim }), bindingPollSchema)
  expect(answer.state).toBe(state)
  expect(answer.nextStep).toMatch(text)
  expect(answer.token).toBeUndefined()
})

test('P2 narrowed terms are told, and hold', async () => {
  const { id, claim } = await served.bind({ application: 'narrowed', items: ['openai', 'azure'] })
  const asked = served.vault.bindings.find((each) => each.id === id)?.terms
  if (asked === undefined) throw new Error('no request was made')
  const terms = { ...asked, items: asked.items.slice(0, 1), lease: { ...asked.lease, uses: 2 } }
  served.vault.decide(id, 'granted', { terms, narrowed: true })
  const { terms: got, token = '' } = parsed(
    await served.call(`/v1/bindings/${id}`, { token: claim }),
    bindingPollSchema,
  )
  expect(got).toMatchObject({ items: ['cs://acme/production/openai'], narrowed: true, lease: { uses: 2 } })
  expect(problemIn(await served.call('/v1/credentials/acme/production/azure', { token })).code).toBe(
    'scope.refused',
  )
  const first = parsed(await served.call(CREDENTIAL, { token }), credentialSchema)
  expect(first.lease.usesLeft).toBe(1)
  expect((await served.call(CREDENTIAL, { token })).status).toBe(200)
  expect(problemIn(await served.call(CREDENTIAL, { token })).code).toBe('lease.used_up')
})

test('P2 a request whose key no holder released yet waits, and reading says 425', async () => {
  const { id, claim } = await served.bind({ application: 'waits' })
  served.vault.decide(id, 'awaiting_release')
  const answer = parsed(await served.call(`/v1/bindings/${id}`, { token: claim }), bindingPollSchema)
  expect(answer).toMatchObject({ state: 'awaiting_release' })
  const { token } = await served.granted({ application: 'reads' })
  served.vault.refuseOpen = { ok: false, code: 'release.awaited' }
  const read = await served.call(CREDENTIAL, { token })
  served.vault.refuseOpen = null
  expect(read.status).toBe(425)
  expect(read.headers['retry-after']).toBe('5')
})

test('P2 giving back ends token and claim at once; a waiting request is withdrawn with its claim', async () => {
  const { id, token, claim } = await served.granted({ application: 'gives back' })
  const gone = await served.call('/v1/bindings/self', { method: 'DELETE', token })
  expect(JSON.parse(gone.text)).toEqual({ id, status: 'given_back' })
  expect((await served.call(CREDENTIAL, { token })).status).toBe(401)
  expect((await served.call(`/v1/bindings/${id}`, { token: claim })).status).toBe(401)
  const waiting = await served.bind({ application: 'withdraws' })
  expect((await served.call('/v1/bindings/self', { method: 'DELETE', token: waiting.claim })).status).toBe(
    200,
  )
  expect(served.vault.bindings.find((each) => each.id === waiting.id)?.state).toBe('cancelled')
})

test('P2 a revocation refuses the very next read', async () => {
  const { id, token } = await served.granted({ application: 'revoked' })
  expect((await served.call(CREDENTIAL, { token })).status).toBe(200)
  served.vault.decide(id, 'revoked')
  const refused = await served.call(CREDENTIAL, { token })
  expect(refused.status).toBe(403)
  expect(problemIn(refused)).toMatchObject({
    code: 'binding.revoked',
    requestUrl: `${served.api.url}/v1/bindings`,
  })
})

test('P2 the list names what may be read, and no value', async () => {
  const { token } = await served.granted({ application: 'lists', items: ['openai', 'azure'] })
  const answer = await served.call('/v1/credentials', { token })
  expect(
    parsed(answer, credentialListSchema).credentials.map((each) => [each.reference, each.fields]),
  ).toEqual([
    ['cs://acme/production/openai', ['api_key']],
    ['cs://acme/production/azure', ['endpoint', 'api_key']],
  ])
  expect(answer.text).not.toContain('canary')
})

test('P2 many references are resolved at once, each with its own outcome', async () => {
  const { token } = await served.granted({ application: 'resolves', items: ['openai', 'azure'] })
  const references = [
    'cs://acme/production/openai',
    'cs://acme/production/azure/endpoint',
    'cs://acme/production/none',
    'cs://acme/development/openai',
    'cs:/acme',
  ]
  const answer = await served.call('/v1/resolve', { method: 'POST', token, body: { references } })
  const { results } = parsed(answer, resolvedSchema)
  expect(results.map((each) => (each.ok ? each.credential.value : each.problem.code))).toEqual([
    'sk-proj-canary-0001',
    'https://x.example',
    'credential.unknown',
    'scope.refused',
    'reference.malformed',
  ])
})

test('P2 either names or a provider are asked for, and the answer says what that is', async () => {
  const ask = async (which: object) => {
    const { items: _items, ...rest } = ASK
    return served.call('/v1/bindings', { method: 'POST', body: { ...rest, ...which } })
  }
  const asked = parsed(await ask({ provider: 'azure-openai' }), bindingCreatedSchema)
  expect(asked.items).toEqual(['cs://acme/production/azure'])
  for (const which of [{}, { items: ['openai'], provider: 'openai' }, { items: [] }]) {
    const refused = await ask(which)
    expect([refused.status, problemIn(refused).code]).toEqual([400, 'body.invalid'])
    expect(JSON.stringify(problemIn(refused).errors)).toContain('items')
  }
})

test('P2 what the source refuses is answered with its code, and what a request lacks is named', async () => {
  served.vault.refuseAsk = { ok: false, code: 'lease.too_long', detail: 'At most one day.' }
  const tooLong = await served.call('/v1/bindings', {
    method: 'POST',
    body: { ...ASK, application: 'refused' },
  })
  served.vault.refuseAsk = null
  expect(problemIn(tooLong)).toMatchObject({
    code: 'lease.too_long',
    detail: 'At most one day.',
    status: 403,
  })
  const invalid = await served.call('/v1/bindings', {
    method: 'POST',
    body: { ...ASK, application: 'refused', reason: '', extra: 1 },
  })
  expect(problemIn(invalid).errors?.map((each) => each.path)).toEqual(expect.arrayContaining(['/reason']))
  expect(invalid.status).toBe(400)
})

test('P2 a program that keeps asking is held off, and the app is told', async () => {
  const statuses: number[] = []
  for (let i = 0; i < 8; i++) {
    const answer = await served.call('/v1/bindings', {
      method: 'POST',
      body: { ...ASK, application: 'storm', reason: `try ${i}` },
    })
    statuses.push(answer.status)
    if (answer.status === 429) expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
  }
  expect(statuses).toEqual([202, 202, 202, 202, 202, 429, 429, 429])
  expect(served.vault.alerts).toContainEqual(expect.objectContaining({ code: 'request.storm' }))
})

test('P2 a program that gives itself other names is held off all the same', async () => {
  const own = await serveVault()
  try {
    const statuses: number[] = []
    for (let i = 0; i < 20; i++) {
      const body = { ...ASK, application: `name ${i}` }
      statuses.push((await own.call('/v1/bindings', { method: 'POST', body })).status)
    }
    expect(statuses).toEqual([...Array(15).fill(202), ...Array(5).fill(429)])
    // Taking requests back does not make room for more than thirty a minute.
    let made = 15
    for (; made < 60; made++) {
      for (const { id } of own.vault.bindings) own.vault.decide(id, 'cancelled')
      const body = { ...ASK, application: `again ${made}` }
      if ((await own.call('/v1/bindings', { method: 'POST', body })).status !== 202) break
    }
    expect(made).toBe(30)
  } finally {
    await own.close()
  }
})

test('P2 the very same request of a process that waits is not made twice, also at the same moment', async () => {
  const own = await serveVault()
  try {
    const ask = () => own.call('/v1/bindings', { method: 'POST', body: ASK })
    const statuses = (await Promise.all([ask(), ask(), ask()])).map(({ status }) => status)
    expect(statuses.sort()).toEqual([202, 409, 409])
    expect(problemIn(await ask()).code).toBe('binding.already_asked')
    expect(own.vault.bindings).toHaveLength(1)
    // Decided, it may be asked again.
    for (const { id } of own.vault.bindings) own.vault.decide(id, 'denied')
    expect((await ask()).status).toBe(202)
  } finally {
    await own.close()
  }
})

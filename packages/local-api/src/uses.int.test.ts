import { credentialSchema, resolvedSchema } from '@countersign/schema/local-api'
import { expect, onTestFinished, test } from 'vitest'
import { until } from './test/event-stream.ts'
import { holdBody } from './test/held-body.ts'
import { type Answer, parsed, problemIn, type ServedVault, serveVault } from './test/served-vault.ts'

const CREDENTIAL = '/v1/credentials/acme/production/openai'
const REFERENCE = 'cs://acme/production/openai'
const VALUE = 'sk-proj-canary-0001'

const fresh = async (): Promise<ServedVault> => {
  const served = await serveVault()
  onTestFinished(() => served.close())
  return served
}

const limited = (served: ServedVault, uses: number) =>
  served.granted({ lease: { durationMs: 3_600_000, uses } })

const resolve = (served: ServedVault, token: string, references: readonly string[]): Promise<Answer> =>
  served.call('/v1/resolve', { method: 'POST', token, body: { references } })

const valuesIn = (answers: readonly Answer[]): number =>
  answers.reduce((sum, { text }) => sum + text.split(`"value":"${VALUE}"`).length - 1, 0)

const code = (answer: Answer): string => problemIn(answer).code

const usesOf = (served: ServedVault, id: string): number | undefined => served.vault.tokens.get(id)?.uses

for (const [uses, socket] of [
  [2, false],
  [1, true],
] as const) {
  test(`P22 no more values leave than a lease has uses, however many reads wait at once: ${uses} over ${socket ? 'the socket' : 'TCP'}`, async () => {
    const served = await fresh()
    const { id, token } = await limited(served, uses)
    const { open } = served.vault.holds
    open.hold()
    const asked = Array.from({ length: 20 }, () => served.call(CREDENTIAL, { token, socket }))
    await until(() => open.waiting === 20)
    open.letGo()
    const answers = await Promise.all(asked)
    expect(valuesIn(answers)).toBe(uses)
    const refused = answers.filter(({ status }) => status !== 200)
    expect(new Set(refused.map(code))).toEqual(new Set(['lease.used_up']))
    expect(usesOf(served, id)).toBe(uses)
  })
}

test('P22 lists of references that wait at once are served as long as the uses last, each as a whole', async () => {
  const served = await fresh()
  const { id, token } = await limited(served, 100)
  const { open } = served.vault.holds
  open.hold()
  const list = Array.from({ length: 60 }, () => REFERENCE)
  const asked = [1, 2, 3].map(() => resolve(served, token, list))
  await until(() => open.waiting === 180)
  open.letGo()
  const answers = await Promise.all(asked)
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 403, 403])
  expect([valuesIn(answers), usesOf(served, id)]).toEqual([60, 60])
  const last = await resolve(served, token, list.slice(0, 41))
  expect([code(last), problemIn(last).detail]).toEqual([
    'lease.used_up',
    'The lease has 40 uses left; 41 were asked for.',
  ])
  expect(valuesIn([await resolve(served, token, list.slice(0, 40))])).toBe(40)
  expect(code(await served.call(CREDENTIAL, { token }))).toBe('lease.used_up')
})

test('P22 what is refused takes no use: another scope, no such credential, an unchanged one', async () => {
  const served = await fresh()
  const { token } = await limited(served, 2)
  const { results } = parsed(
    await resolve(served, token, ['cs://acme/production/azure', 'cs://acme/production/none', 'x', REFERENCE]),
    resolvedSchema,
  )
  expect(results.map(({ ok }) => ok)).toEqual([false, false, false, true])
  expect((await served.call('/v1/credentials/acme/production/azure', { token })).status).toBe(403)
  const read = await served.call(CREDENTIAL, { token })
  expect(parsed(read, credentialSchema).lease.usesLeft).toBe(0)
})

test('P22 P18 a read that the disk refuses gives its use back, and its claim stays spent', async () => {
  const served = await fresh()
  const { id, token, claim } = await limited(served, 2)
  served.vault.fillDisk()
  for (let i = 0; i < 3; i++) {
    expect(code(await served.call(CREDENTIAL, { token }))).toBe('audit.failed')
    expect(code(await resolve(served, token, [REFERENCE, REFERENCE]))).toBe('audit.failed')
  }
  served.vault.freeDisk()
  expect(code(await served.call(`/v1/bindings/${id}`, { token: claim }))).toBe('claim.used')
  expect(valuesIn([await resolve(served, token, [REFERENCE, REFERENCE])])).toBe(2)
  expect(code(await served.call(CREDENTIAL, { token }))).toBe('lease.used_up')
  expect(usesOf(served, id)).toBe(2)
})

test('P22 uses that are given back while others are taken leave as many as values left', async () => {
  const served = await fresh()
  const { id, token } = await limited(served, 3)
  const { audit } = served.vault.holds
  audit.hold()
  const first = served.call(CREDENTIAL, { token })
  await until(() => audit.waiting === 1 && usesOf(served, id) === 1)
  const [binding] = served.vault.bindings
  if (binding === undefined) throw new Error('one was granted')
  // Narrowed away under the first read, and widened again before the others.
  served.vault.decide(id, 'granted', { terms: { ...binding.terms, items: [] } })
  audit.letGo()
  expect(code(await first)).toBe('scope.refused')
  served.vault.decide(id, 'granted', { terms: binding.terms })
  const answers = await Promise.all(Array.from({ length: 10 }, () => served.call(CREDENTIAL, { token })))
  expect(valuesIn(answers)).toBe(3)
  await until(() => usesOf(served, id) === 3)
})

test('P13 P22 what a session still writes when it ends is there for the next, and covers nothing that one counts', async () => {
  const served = await fresh()
  const { id, token } = await limited(served, 2)
  const { tokens } = served.vault.holds
  tokens.hold()
  const late = served.call(CREDENTIAL, { token })
  await until(() => tokens.waiting === 1)
  served.api.lock()
  const unlocked = served.api.useSource(served.vault.unlocked())
  tokens.letGo()
  await unlocked
  expect(code(await late)).toBe('locked')
  // Its count was on its way already: too many, never too few.
  expect(valuesIn([await served.call(CREDENTIAL, { token })])).toBe(1)
  expect(usesOf(served, id)).toBe(2)
  expect(code(await served.call(CREDENTIAL, { token }))).toBe('lease.used_up')
})

test('P22 a claim shown while a read is under way voids its token: nothing leaves by it, and nothing is forgotten', async () => {
  const served = await fresh()
  const { id, token, claim } = await limited(served, 1)
  const { open, tokens } = served.vault.holds
  open.hold()
  const late = served.call(CREDENTIAL, { token })
  await until(() => open.waiting === 1)
  tokens.hold()
  const polled = served.call(`/v1/bindings/${id}`, { token: claim })
  await until(() => tokens.waiting === 1)
  open.letGo()
  expect([(await late).status, code(await late)]).toEqual([401, 'token.unknown'])
  tokens.letGo()
  const next = JSON.parse((await polled).text).token
  expect(served.vault.tokens.get(id)).toMatchObject({ used: false, uses: 0 })
  expect(valuesIn([await served.call(CREDENTIAL, { token: next })])).toBe(1)
  expect(served.vault.tokens.get(id)).toMatchObject({ used: true, uses: 1 })
  expect(code(await served.call(CREDENTIAL, { token: next }))).toBe('lease.used_up')
  expect(code(await served.call(`/v1/bindings/${id}`, { token: claim }))).toBe('claim.used')
})

test('P22 a read that came first spends the claim before it is on disk', async () => {
  const served = await fresh()
  const { id, token, claim } = await limited(served, 1)
  const { tokens } = served.vault.holds
  tokens.hold()
  const read = served.call(CREDENTIAL, { token })
  await until(() => tokens.waiting === 1)
  const polled = served.call(`/v1/bindings/${id}`, { token: claim })
  tokens.letGo()
  expect(valuesIn([await read])).toBe(1)
  expect(code(await polled)).toBe('claim.used')
  expect(served.vault.alerts).toContainEqual(expect.objectContaining({ code: 'claim.used', binding: id }))
  expect(served.vault.tokens.get(id)).toMatchObject({ used: true, uses: 1 })
})

test('P22 a first use after an exchange is on disk, however the one before it was written', async () => {
  const served = await fresh()
  const { id, token, claim } = await served.granted()
  const late = await holdBody(served, token, [REFERENCE])
  const { tokens } = served.vault.holds
  tokens.hold()
  const polled = served.call(`/v1/bindings/${id}`, { token: claim })
  await until(() => tokens.waiting === 1)
  const refused = late.finish()
  tokens.letGo()
  expect(await refused).toContain('token.unknown')
  await served.call(CREDENTIAL, { token: JSON.parse((await polled).text).token })
  expect(served.vault.tokens.get(id)?.used).toBe(true)
})

test('P2 P22 nothing leaves by a token that was given back, also where the ledger does not know of it yet', async () => {
  for (const way of ['read', 'resolve', 'list'] as const) {
    const served = await fresh()
    const { id, token } = await served.granted()
    const { audit } = served.vault.holds
    audit.hold()
    const late = {
      read: () => served.call(CREDENTIAL, { token }),
      resolve: () => resolve(served, token, [REFERENCE]),
      list: () => served.call('/v1/credentials', { token }),
    }[way]()
    await until(() => audit.waiting === 1)
    const givenBack = served.call('/v1/bindings/self', { method: 'DELETE', token })
    await until(() => served.vault.bindings[0]?.state === 'revoked')
    served.vault.decide(id, 'granted')
    audit.letGo()
    expect([way, code(await late)]).toEqual([way, 'token.unknown'])
    expect((await givenBack).status).toBe(200)
    expect(served.vault.tokens.has(id)).toBe(false)
  }
})

import { join } from 'node:path'
import { startInstallation } from '@countersign/desktop/headless/installation'
import { SenderProgram } from '@countersign/local-api/test/sender-program'
import { bindingPollSchema } from '@countersign/schema/local-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LocalApiClient } from './local-api-client.ts'
import { approve, environmentId, inviteAndJoin } from './people.ts'
import { TwoInstallations } from './two-installations.ts'
import { until } from './until.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
/** As short as a policy may be: a person is waited for in this test. */
const DEADLINE = 60_000
/** More than the half minute between two signs of life of the server. */
const OFFLINE = 45_000
const UNWITNESSED = 40_000

/** What a program at the local API is told by a real team: how its request ended, and why it is not served any more. */
describe('a program that waits or reads', () => {
  let two: TwoInstallations
  let api: LocalApiClient
  let unanswered: { id: string; claim: string }
  let shortLived: Awaited<ReturnType<LocalApiClient['events']>>
  const production = { reference: 'cs://llm/production/openai', token: '' }
  const staging = { reference: 'cs://llm/staging/openai', token: '' }

  const ask = async (environment: string, reason: string, durationMs = HOUR) => {
    const asked = await until(
      async () => {
        const answer = await api.bind({
          application: 'A program',
          vault: 'llm',
          environment,
          items: ['openai'],
          lease: { durationMs },
          reason,
          tokenFor: 'any-program',
        })
        if (!answer.ok && answer.status !== 404) throw new Error(`${answer.code} ${answer.detail}`)
        return answer.ok ? answer.value : null
      },
      { what: 'the name reaches the developer' },
    )
    return asked
  }
  const ended = ({ id, claim }: { id: string; claim: string }, state: string) =>
    until(
      async () => {
        const poll = await api.poll(id, claim, 10)
        if (!poll.ok) throw new Error(`${poll.code} ${poll.detail}`)
        return poll.value.state === state ? poll.value : null
      },
      { what: `the poll says ${state}`, timeoutMs: 120_000 },
    )
  const arrived = (request: string) =>
    until(async () => (await two.ada.call('request.get', { request })).ok, { what: 'the request arrives' })
  const reads = (bound: typeof production) =>
    until(async () => (await api.read(bound.reference, bound.token)).ok, {
      what: `${bound.reference} is served`,
      timeoutMs: 60_000,
    })
  const refusal = (bound: typeof production) =>
    until(
      async () => {
        const answer = await api.read(bound.reference, bound.token)
        return answer.ok ? null : answer
      },
      { what: `${bound.reference} is refused`, timeoutMs: 120_000 },
    )

  beforeAll(async () => {
    two = await TwoInstallations.start('dana', ['staging', 'production'])
    const { ada, other: dana, vault } = two
    await inviteAndJoin(ada, dana, {
      name: 'Dana',
      device: "Dana's laptop",
      roles: ['developer'],
      access: [
        { environment: environmentId(vault, 'staging'), level: 'hold', approve: false },
        { environment: environmentId(vault, 'production'), level: 'request', approve: false },
      ],
    })
    const { me } = await ada.must('status.get', {})
    await ada.must('member.access', {
      member: me?.member ?? '',
      access: [{ environment: environmentId(vault, 'production'), level: 'hold', approve: true }],
    })
    const policy = { selfApproval: false, deadlineMs: DEADLINE, maxLeaseMs: 30 * DAY }
    await ada.must('policy.set', {
      environment: environmentId(vault, 'production'),
      policy: {
        ...policy,
        rule: { op: 'quorum', k: 1, of: { kind: 'approvers' } },
        maxOfflineMs: OFFLINE,
        maxUnwitnessedMs: 3 * DAY,
      },
    })
    await ada.must('policy.set', {
      environment: environmentId(vault, 'staging'),
      policy: { ...policy, rule: { op: 'none' }, maxOfflineMs: 3 * DAY, maxUnwitnessedMs: UNWITNESSED },
    })
    for (const name of ['staging', 'production'])
      await ada.must('item.create', {
        environment: environmentId(vault, name),
        name: 'openai',
        provider: 'openai',
        value: { api_key: `sk-proj-made-up-for-${name}` },
        note: '',
        models: [],
      })
    const { localApi } = await dana.must('status.get', {})
    api = new LocalApiClient(localApi?.url ?? '')
  }, 240_000)
  afterAll(async () => {
    await two?.stop()
  })

  it('P2 granted: who approved and released, the terms as asked, and the token', async () => {
    unanswered = await ask('production', 'nobody will decide')
    const asked = await ask('production', 'nightly evals')
    await approve(two.ada, asked.id)
    const poll = await ended(asked, 'granted')
    expect(poll.by.map(({ decision, by }) => `${decision} ${by}`)).toEqual(['approved Ada', 'released Ada'])
    expect(poll.terms).toMatchObject({
      vault: 'llm',
      environment: 'production',
      items: [production.reference],
      narrowed: false,
      lease: { durationMs: HOUR },
    })
    production.token = poll.token ?? ''
    await reads(production)
  })

  it('an audit that is open here hears of reads on another computer, which change nothing else', async () => {
    const told: string[][] = []
    const stop = two.ada.onEvent((event) => {
      if (event.type === 'changed') told.push([...event.areas])
    })
    const read = await api.read(production.reference, production.token)
    expect(read.ok).toBe(true)
    await until(async () => told.some((areas) => areas.join() === 'audit'), {
      what: 'Ada’s windows are told of the journal',
    })
    stop()
  })

  it('P2 denied: by whom and why, what was asked, no token, and whom to talk to', async () => {
    const asked = await ask('production', 'please')
    await arrived(asked.id)
    await two.ada.must('request.deny', { request: asked.id, reason: 'use staging' })
    const poll = await ended(asked, 'denied')
    expect(poll.by).toMatchObject([{ decision: 'denied', by: 'Ada', reason: 'use staging' }])
    expect(poll.terms).toMatchObject({ environment: 'production', narrowed: false })
    expect(poll.nextStep).toBe('Denied by Ada: “use staging”. Talk to them before asking again.')
    expect(poll.token).toBeUndefined()
  })

  it('P2 withdrawn: by the requester in their own app, and that it may be asked again', async () => {
    const asked = await ask('production', 'second thoughts')
    await two.other.must('request.cancel', { request: asked.id, reason: 'not needed' })
    const poll = await ended(asked, 'cancelled')
    expect(poll.by).toMatchObject([{ decision: 'cancelled', by: 'Dana', reason: 'not needed' }])
    expect(poll.terms).toMatchObject({ items: [production.reference] })
    expect(poll.nextStep).toBe('Cancelled by Dana: “not needed”. Ask again if it is still needed.')
    expect(poll.token).toBeUndefined()
  })

  it('P2 whoever listens hears of a new version and of the end of the grant, and nothing of other bindings', async () => {
    const asked = await ask('production', 'listens')
    await approve(two.ada, asked.id)
    const { token = '' } = await ended(asked, 'granted')
    const listening = await api.events(token)
    const staged = await ask('staging', 'ends soon', 60_000)
    shortLived = await api.events((await ended(staged, 'granted')).token ?? '')
    const rows = await two.ada.must('items.list', {})
    const item = rows.find(({ environmentName }) => environmentName === 'production')?.item ?? ''
    const value = { api_key: 'sk-proj-made-up-and-rotated' }
    await two.ada.must('item.update', { item, base: 1, value })
    await until(async () => listening.heard.length > 1, { what: 'the program hears of the new version' })
    expect(await api.read(production.reference, token)).toMatchObject({ value: { version: 2 } })
    await two.ada.must('binding.revoke', { binding: asked.id, reason: 'no longer needed' })
    await listening.ended
    expect(listening.heard).toEqual([
      { type: 'mode', mode: 'normal' },
      { type: 'rotated', reference: production.reference, version: 2 },
      { type: 'revoked', binding: asked.id, state: 'revoked' },
    ])
    expect(await api.read(production.reference, token)).toMatchObject({
      status: 403,
      code: 'binding.revoked',
    })
    expect(shortLived.heard).toEqual([{ type: 'mode', mode: 'normal' }])
  })

  it('P2 asking by provider is asking for what there is of it now, each named to who approves', async () => {
    const ask = { application: 'By provider', vault: 'llm', environment: 'production', reason: 'all of it' }
    const asked = await api.bind({ ...ask, provider: 'openai', lease: { durationMs: HOUR } })
    if (!asked.ok) throw new Error(asked.code)
    expect(asked.value.items).toEqual([production.reference])
    await arrived(asked.value.id)
    const { terms } = await two.ada.must('request.get', { request: asked.value.id })
    expect(terms?.items.map(({ name }) => name)).toEqual(['openai'])
    const none = await api.bind({ ...ask, provider: 'cohere', lease: { durationMs: HOUR } })
    expect(none).toMatchObject({ ok: false, status: 404, code: 'target.unknown' })
    await two.other.must('request.cancel', { request: asked.value.id, reason: '' })
  })

  it('P17 without the server, or without anybody who saw the same, serving ends at the signed limit and names who could refresh it', async () => {
    const asked = await ask('staging', 'staging evals')
    staging.token = (await ended(asked, 'granted')).token ?? ''
    await reads(staging)
    await two.ada.stop()
    await two.server.stop()
    const [lonely, offline] = await Promise.all([refusal(staging), refusal(production)])
    expect(lonely).toMatchObject({ status: 503, code: 'freshness.expired' })
    expect(lonely.detail).toContain('Ada')
    expect(offline).toMatchObject({ status: 503, code: 'freshness.expired' })
    expect(offline.detail).toContain('the sync server')
    expect(await api.health()).toMatchObject({ value: { mode: 'lease-only' } })

    await two.server.start()
    await reads(production)
    two.ada = await startInstallation(join(two.folder, 'ada'))
    await two.ada.must('vault.unlock', {})
    await reads(staging)
  }, 240_000)

  it('P2 expired: nobody decided, nothing was given, and the approvers are to be told', async () => {
    const poll = await ended(unanswered, 'expired')
    expect(poll.by).toEqual([])
    expect(poll.terms).toMatchObject({ items: [production.reference], narrowed: false })
    expect(poll.nextStep).toBe('Nobody decided in time. Ask again, and tell the approvers.')
    expect(poll.token).toBeUndefined()
    // Nor does an approval that comes after it.
    const { requestHash } = await two.ada.must('request.get', { request: unanswered.id })
    const late = await two.ada.callSigning(unanswered.id, 'signing.approve', {
      request: unanswered.id,
      requestHash,
      terms: null,
    })
    expect(late.ok).toBe(false)
  }, 180_000)

  it('P2 P26 whoever listens heard each mode, that the end comes near, and the end', async () => {
    await shortLived.ended
    const modes = shortLived.heard.flatMap((event) => (event.type === 'mode' ? [event.mode] : []))
    expect(modes).toEqual(expect.arrayContaining(['normal', 'cached', 'lease-only']))
    expect(shortLived.heard.map(({ type }) => type)).toContain('expiring')
    expect(shortLived.heard.at(-1)).toMatchObject({ type: 'revoked', state: 'grant_expired' })
  })

  it('P13 whoever listens or polls hears of a lock before the process that held the keys is gone', async () => {
    const pending = await ask('production', 'asked before the lock')
    const listening = await api.events(staging.token)
    const poll = api.poll(pending.id, pending.claim, 30)
    const waits = async () =>
      (await (await fetch(new URL('/metrics', api.url))).text()).includes('open_polls 1')
    await until(waits, { what: 'the poll waits' })
    const keyed = two.other.pid
    await two.other.lock('idle')
    await listening.ended
    expect(listening.heard.at(-1)).toEqual({ type: 'locked' })
    expect(await poll).toMatchObject({ ok: false, status: 423, code: 'locked' })
    expect(two.other.pid).not.toBe(keyed)
    const again = await until(async () => api.read(staging.reference, staging.token).catch(() => null), {
      what: 'the keyless process answers',
    })
    expect(again).toMatchObject({ ok: false, status: 423, code: 'locked' })
  })

  it('P23 a program with keys of its own is known again after a lock, its token is worth nothing without them', async () => {
    await two.other.must('vault.unlock', {})
    await reads(staging)
    const program = await SenderProgram.make()
    const asked = await api.bind({
      application: 'With keys',
      vault: 'llm',
      environment: 'staging',
      items: ['openai'],
      lease: { durationMs: HOUR },
      reason: 'nobody else may use its token',
      senderKeys: program.keys,
    })
    if (!asked.ok) throw new Error(asked.code)
    const { id, claim, answerKey } = asked.value
    if (answerKey === undefined) throw new Error('no answer key came')
    /** What the program reads in the answer, or the code of the refusal. */
    const get = async (path: string, token: string, nonce?: string): Promise<string> => {
      const claims = program.claims('GET', `${api.url}${path}`, token, nonce)
      const headers = {
        authorization: `DPoP ${token}`,
        dpop: await program.proof(claims),
        connection: 'close',
      }
      const answer = await fetch(new URL(path, api.url), { headers })
      const given = answer.headers.get('dpop-nonce')
      if (answer.ok) return program.open(await answer.text(), answerKey, claims.jti)
      return given === null || nonce !== undefined ? answer.text() : get(path, token, given)
    }
    const path = '/v1/credentials/llm/staging/openai'
    const { token = '' } = await until(
      async () => {
        const poll = bindingPollSchema.parse(JSON.parse(await get(`/v1/bindings/${id}`, claim)))
        return poll.state === 'granted' ? poll : null
      },
      { what: 'the grant' },
    )
    expect(JSON.parse(await get(path, token))).toMatchObject({ value: 'sk-proj-made-up-for-staging' })
    await two.other.lock()
    await two.other.must('vault.unlock', {})
    expect(JSON.parse(await get(path, token))).toMatchObject({ value: 'sk-proj-made-up-for-staging' })
    expect(await api.read(staging.reference, token)).toMatchObject({ status: 401, code: 'proof.missing' })
  })

  it('P13 a core that does not hear of the lock is killed all the same', async () => {
    const { pid } = two.other
    if (pid === undefined) throw new Error('no core runs')
    process.kill(pid, 'SIGSTOP')
    await two.other.lock()
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
    expect((await two.other.must('status.get', {})).phase).toBe('locked')
  })
})

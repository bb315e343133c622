import { LocalApiClient } from '@countersign/tools/try-out/local-api-client'
import { environmentId, inviteAndJoin } from '@countersign/tools/try-out/people'
import { TwoInstallations } from '@countersign/tools/try-out/two-installations'
import { until } from '@countersign/tools/try-out/until'
import { type Row, report } from './report.ts'

// How long until somebody else sees it, over a real server and two real cores, each in a process of its own: a program's request in an
// approver's app, a revocation at the program's next read, a rotation at the program. From the first byte of the asking call to the
// answer that shows it, asked for without a pause; against the second that each may take. The greatest of all runs is the last figure.

const RUNS = 12
const LIMIT_MS = 1000
const HOUR = 3_600_000
const DAY = 24 * HOUR

const two = await TwoInstallations.start('dana', ['staging', 'production'])
const { ada, other: dana, vault } = two
const staging = environmentId(vault, 'staging')
const production = environmentId(vault, 'production')
await inviteAndJoin(ada, dana, {
  name: 'Dana',
  device: 'laptop',
  roles: ['developer'],
  access: [
    { environment: staging, level: 'hold', approve: false },
    { environment: production, level: 'request', approve: false },
  ],
})
const { me } = await ada.must('status.get', {})
await ada.must('member.access', {
  member: me?.member ?? '',
  access: [{ environment: production, level: 'hold', approve: true }],
})
const limits = {
  selfApproval: false,
  deadlineMs: DAY,
  maxLeaseMs: DAY,
  maxOfflineMs: DAY,
  maxUnwitnessedMs: DAY,
}
await ada.must('policy.set', {
  environment: production,
  policy: { ...limits, rule: { op: 'quorum', k: 1, of: { kind: 'approvers' } } },
})
await ada.must('policy.set', { environment: staging, policy: { ...limits, rule: { op: 'none' } } })
const items: Record<string, string> = {}
for (const name of ['staging', 'production']) {
  const made = await ada.must('item.create', {
    environment: environmentId(vault, name),
    name: 'openai',
    provider: 'openai',
    value: { api_key: `sk-proj-made-up-for-${name}` },
    note: '',
    models: [],
  })
  items[name] = made.row.item
}
const { localApi } = await dana.must('status.get', {})
const api = new LocalApiClient(localApi?.url ?? '')

const ask = async (environment: string, application: string) => {
  const asked = await api.bind({
    application,
    vault: 'llm',
    environment,
    items: ['openai'],
    lease: { durationMs: HOUR },
    reason: 'bench',
    tokenFor: 'any-program',
  })
  if (!asked.ok) throw new Error(`${asked.code} ${asked.detail}`)
  return asked.value
}
const timed = async (
  act: () => Promise<unknown>,
  seen: () => Promise<boolean>,
  what: string,
): Promise<number> => {
  const startedAt = performance.now()
  // What shows it may be seen before the call that made it is answered.
  const acting = act()
  await until(seen, { what, everyMs: 0 })
  const ms = performance.now() - startedAt
  await acting
  return ms
}

await until(
  async () =>
    (
      await api.bind({
        application: 'first',
        vault: 'llm',
        environment: 'production',
        items: ['openai'],
        lease: { durationMs: HOUR },
        reason: 'names arrive',
      })
    ).ok,
  { what: 'names arrive' },
)

const requests: number[] = []
const revocations: number[] = []
const rotations: number[] = []
for (let run = 0; run < RUNS; run++) {
  const waiting = (await ada.must('requests.list', { limit: 100 })).rows.length
  let id = ''
  requests.push(
    await timed(
      async () => {
        id = (await ask('production', `asks ${run}`)).id
      },
      async () => (await ada.must('requests.list', { limit: 100 })).rows.length > waiting,
      'the request is in the approver’s app',
    ),
  )
  await dana.must('request.cancel', { request: id, reason: '' })

  const bound = await ask('staging', `reads ${run}`)
  const token = await until(
    async () => {
      const poll = await api.poll(bound.id, bound.claim, 5)
      return poll.ok ? (poll.value.token ?? null) : null
    },
    { what: 'the token' },
  )
  const read = () => api.read('cs://llm/staging/openai', token)
  const before = await until(
    async () => {
      const answer = await read()
      return answer.ok ? answer.value.version : null
    },
    { what: 'the value' },
  )
  rotations.push(
    await timed(
      () =>
        ada.must('item.update', {
          item: items.staging ?? '',
          base: before,
          value: { api_key: `sk-proj-rotated-${run}` },
        }),
      async () => {
        const answer = await read()
        return answer.ok && answer.value.version > before
      },
      'the program reads the new version',
    ),
  )
  revocations.push(
    await timed(
      () => ada.must('binding.revoke', { binding: bound.id, reason: 'bench' }),
      async () => !(await read()).ok,
      'the next read is refused',
    ),
  )
}
await two.stop()

const row = (what: string, ours: readonly number[]): Row => ({
  what,
  ours,
  theirs: ours.map(() => LIMIT_MS),
  unit: 'ms',
  target: { max: 1 },
})
report('push, one server, two installations', [
  row('a program asks → in the approver’s app', requests),
  row('rotated → the program reads it', rotations),
  row('revoked → the next read is refused', revocations),
])
for (const [what, times] of Object.entries({ requests, rotations, revocations }))
  console.log(`  ${what}: at most ${Math.max(...times).toFixed(0)} ms of ${LIMIT_MS}`)

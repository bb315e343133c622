import { AuditTimeline } from '@countersign/client/audit/audit-timeline'
import { createItem, deleteItem, updateItem } from '@countersign/client/items/item-actions'
import type { ItemRecord } from '@countersign/client/items/item-index'
import { removeMember } from '@countersign/client/members/remove-member'
import type { Outcome } from '@countersign/client/refusal'
import { changeTeam } from '@countersign/client/requests/change-actions'
import {
  approveRequest,
  cancelRequest,
  denyRequest,
  revokeGrant,
  withdrawApproval,
} from '@countersign/client/requests/request-actions'
import type { UnlockedSession } from '@countersign/client/session/unlocked-session'
import { rekeyEnvironment } from '@countersign/client/vaults/vault-actions'
import { accessOf, holds } from '@countersign/ledger/projection-lookup'
import type { Level } from '@countersign/schema/policy'
import { newFile } from '../run/new-file.ts'
import { PEOPLE, type World } from '../run/world.ts'
import type { SeededRandom } from '../runtime/seeded-random.ts'
import { inviteAndJoin } from '../team/invite-and-join.ts'
import type { Machine } from '../team/machine.ts'

export type Action = (world: World, random: SeededRandom) => void

const said = (outcome: Outcome<unknown>): string => (outcome.ok ? 'ok' : outcome.code)

/** Does something in the session of one of these people, if they are there. */
const inSession =
  (
    what: string,
    names: readonly string[],
    work: (world: World, session: UnlockedSession, random: SeededRandom, machine: Machine) => Promise<string>,
  ): Action =>
  (world, random) => {
    const machine = world.machine(random.pick(names) ?? 'ada')
    const { session } = machine
    if (session === null) world.trace.note(machine.name, `${what}: locked`)
    else machine.act(what, () => work(world, session, random, machine))
  }

const environmentFor = (world: World, session: UnlockedSession, random: SeededRandom): string => {
  const both = [world.facts.production, world.facts.production, world.facts.development]
  const held = both.filter((each) => holds(session.ledger.projection, each, session.member))
  return random.pick(held) ?? world.facts.production
}

const itemIn = (
  session: UnlockedSession,
  environment: string,
  random: SeededRandom,
): ItemRecord | undefined => random.pick([...(session.index(environment)?.list() ?? [])])

const HOLDERS = ['ada', 'abel', 'dana']
const APPROVERS = ['ada', 'abel']
const openRequest = (session: UnlockedSession, random: SeededRandom): string =>
  random.pick([...session.ledger.open]) ?? ''

const ask: Action = (world, random) => {
  const machine = world.machine(random.chance(0.8) ? 'dana' : (random.pick(APPROVERS) ?? 'ada'))
  const { session, programs } = machine
  if (session === null || programs === null) return world.trace.note(machine.name, 'ask: locked')
  const item = itemIn(session, world.facts.production, random)?.meta.name ?? 'openai'
  const lease = {
    durationMs: random.pick([60_000, 120_000, 3_600_000]) ?? 60_000,
    uses: random.chance(0.2) ? random.int(1, 6) : null,
    untilLock: random.chance(0.15),
  }
  machine.act(`ask ${item}`, async () => {
    const answer = await programs.ask({
      application: `program ${random.int(0, 1000)}`,
      vault: 'llm',
      environment: 'production',
      items: [item],
      lease,
      reason: 'simulated',
      tokenFor: 'any-program',
    })
    if (answer.status !== 202) return String(answer.body.code)
    const { id, claim } = answer.body
    const program = {
      machine: machine.name,
      id: String(id),
      claim: String(claim),
      item,
      token: null,
      busyIn: null,
      said: '',
    }
    world.programs.push(program)
    return `ok ${program.id.slice(0, 6)}`
  })
}

const invite: Action = (world, random) => {
  const name = `new${world.machines.size - PEOPLE.length + 1}`
  const inviter = world.machine('ada')
  if (inviter.session === null || world.machines.size > PEOPLE.length) {
    return world.trace.note('ada', 'invite: locked or done before')
  }
  const newcomer = world.addMachine(newFile(name))
  newcomer.wantsUnlocked = true
  const level = random.pick(['request', 'hold', 'view'] as const) ?? 'view'
  const access = [{ environment: world.facts.development, level, approve: false }]
  inviteAndJoin(world, inviter, newcomer, { roles: ['developer'], access }).then(
    (outcome) => {
      world.trace.note(name, `invite: ${outcome}`)
      world.facts.members[name] = newcomer.file.membership?.member ?? ''
      newcomer.boot()
    },
    (error: unknown) =>
      world.trace.note(name, `invite: ${error instanceof Error ? error.message : 'failed'}`),
  )
}

const table = {
  create: {
    weight: 5,
    run: inSession('create', HOLDERS, async (world, session, random) => {
      const environment = environmentFor(world, session, random)
      const name = `item${random.int(0, 8)}`
      const value = { api_key: world.newValue(environment, name) }
      const item = { environment, name, provider: 'openai', note: '', models: [], value }
      return `${name} ${said(await createItem(session, item))}`
    }),
  },
  rotate: {
    weight: 10,
    run: inSession('rotate', HOLDERS, async (world, session, random) => {
      const environment = environmentFor(world, session, random)
      const record = itemIn(session, environment, random)
      if (record === undefined) return 'nothing there'
      const { item, current, meta } = record
      const value = { api_key: world.newValue(environment, meta.name) }
      return `${meta.name} on ${current.version}: ${said(await updateItem(session, { item, base: current.version, value }))}`
    }),
  },
  remove: {
    weight: 1,
    run: inSession('delete', HOLDERS, async (world, session, random) => {
      const record = itemIn(session, environmentFor(world, session, random), random)
      if (record === undefined) return 'nothing there'
      return said(await deleteItem(session, record.item, record.current.version))
    }),
  },
  ask: { weight: 9, run: ask },
  approve: {
    weight: 22,
    run: inSession('approve', APPROVERS, async (world, session, random, machine) => {
      const request = openRequest(session, random)
      const record = session.ledger.requests.get(request)
      if (record === undefined) return 'nothing open'
      world.oracle.touches.add(`${request} ${session.member}`)
      const { requestHash } = record
      const approval = { request, requestHash, terms: null, purpose: 'Approve' }
      return `${request.slice(0, 6)} ${said(await approveRequest(session, machine.authenticator(), approval))}`
    }),
  },
  deny: {
    weight: 1,
    run: inSession('deny', APPROVERS, async (_world, session, random) =>
      said(await denyRequest(session, openRequest(session, random), 'no')),
    ),
  },
  withdraw: {
    weight: 1,
    run: inSession('withdraw', APPROVERS, async (_world, session, random) =>
      said(await withdrawApproval(session, openRequest(session, random))),
    ),
  },
  cancel: {
    weight: 1,
    run: inSession('cancel', ['dana'], async (_world, session, random) =>
      said(await cancelRequest(session, openRequest(session, random), 'no longer')),
    ),
  },
  revoke: {
    weight: 4,
    run: inSession('revoke', ['ada', 'abel', 'dana'], async (_world, session, random) => {
      const request = random.pick([...session.ledger.grants])
      if (request === undefined) return 'no grant'
      return `${request.slice(0, 6)} ${said(await revokeGrant(session, request, 'over'))}`
    }),
  },
  rekey: {
    weight: 2,
    run: inSession('rekey', HOLDERS, async (world, session, random) =>
      said(await rekeyEnvironment(session, environmentFor(world, session, random), false)),
    ),
  },
  policy: {
    weight: 2,
    run: inSession('policy', ['ada'], async (world, session, random) => {
      const environment = world.facts.production
      const now = session.ledger.policies.get(environment)
      if (now === undefined) return 'no policy'
      const policy = { ...now.policy, deadlineMs: 3_600_000 + random.int(0, 1000) }
      const change = { type: 'policy.set' as const, environment, version: now.version + 1, policy }
      const changed = await changeTeam(session, change, 'another deadline')
      return changed.ok ? (changed.value.applied ? 'applied' : 'asked') : changed.code
    }),
  },
  access: {
    weight: 1,
    run: inSession('access', ['ada'], async (world, session, random) => {
      const member = world.facts.members.dana ?? ''
      const environment = world.facts.development
      const { level } = accessOf(session.ledger.projection, environment, member)
      const next: Level = level === 'hold' ? (random.pick<Level>(['view', 'none']) ?? 'none') : 'hold'
      const access = [{ environment, level: next, approve: false }]
      const changed = await changeTeam(session, { type: 'member.access', member, access }, 'access')
      return `${next} ${changed.ok ? (changed.value.applied ? 'applied' : 'asked') : changed.code}`
    }),
  },
  audit: {
    weight: 2,
    run: inSession('audit', ['otto', 'ada'], async (_world, session) => {
      const events = await AuditTimeline.of(session).read()
      return `${events.length} events`
    }),
  },
  dismiss: {
    weight: 0.6,
    run: inSession('remove', ['ada'], async (world, session, random) => {
      const name = random.pick(['dana', 'otto', 'abel', 'dana']) ?? 'dana'
      return `${name} ${said(await removeMember(session, world.facts.members[name] ?? '', 'left'))}`
    }),
  },
  invite: { weight: 1, run: invite },
  lock: {
    weight: 3,
    run: (world: World, random: SeededRandom): void => {
      const machine = world.machine(random.pick(PEOPLE) ?? 'ada')
      world.trace.note(machine.name, 'lock')
      machine.wantsUnlocked = false
      machine.stop('program')
      machine.boot()
    },
  },
  unlock: {
    weight: 6,
    run: (world: World): void => {
      for (const machine of world.machines.values()) {
        machine.wantsUnlocked = true
        if (!machine.running) machine.boot()
        else if (machine.session === null) machine.act('unlock', () => machine.unlock().then(() => 'asked'))
      }
    },
  },
  quit: {
    weight: 1,
    run: (world: World, random: SeededRandom): void => {
      const machine = world.machine(random.pick(PEOPLE) ?? 'ada')
      world.trace.note(machine.name, 'quit')
      machine.quit()
    },
  },
} as const satisfies Record<string, { weight: number; run: Action }>

export type ActionName = keyof typeof table
/** What people do, and how often. */
export const ACTIONS: Readonly<Record<ActionName, { readonly weight: number; readonly run: Action }>> = table

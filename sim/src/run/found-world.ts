import { createItem } from '@countersign/client/items/item-actions'
import { Enrolment } from '@countersign/client/keys/enrolment'
import type { Outcome } from '@countersign/client/refusal'
import { changeTeam } from '@countersign/client/requests/change-actions'
import type { UnlockedSession } from '@countersign/client/session/unlocked-session'
import { foundTeam, genesisOf, type TeamToFound } from '@countersign/client/team/found-team'
import { closeBootstrap, createVault } from '@countersign/client/vaults/vault-actions'
import { memberKeys } from '@countersign/crypto/derive'
import { randomBytes } from '@countersign/crypto/random'
import { Secret } from '@countersign/crypto/secret'
import { teamIdOf } from '@countersign/ledger/plain-membership'
import { SimProcess } from '../runtime/sim-process.ts'
import { SETUP_TOKEN } from '../server/sim-server.ts'
import { inviteAndJoin } from '../team/invite-and-join.ts'
import type { Machine } from '../team/machine.ts'
import { MemoryKeys } from '../team/memory-keys.ts'
import { newFile } from './new-file.ts'
import { PEOPLE, type World } from './world.ts'

/** Kinds of teams that runs start from. */
export interface Founding {
  readonly quorum: number
  readonly closed: boolean
  readonly maxOfflineMs: number
  readonly maxUnwitnessedMs: number
}
const HOUR = 3_600_000
export const FOUNDINGS: readonly Founding[] = [
  { quorum: 2, closed: true, maxOfflineMs: 90_000, maxUnwitnessedMs: 150_000 },
  { quorum: 1, closed: true, maxOfflineMs: 72 * HOUR, maxUnwitnessedMs: 45_000 },
  { quorum: 1, closed: false, maxOfflineMs: 60_000, maxUnwitnessedMs: 72 * HOUR },
]

const must = <T>(outcome: Outcome<T>): T => {
  if (!outcome.ok) throw new Error(`${outcome.code}: ${outcome.message}`)
  return outcome.value
}

const sessionOf = (machine: Machine): UnlockedSession => {
  if (machine.session === null) throw new Error(`${machine.name} is locked`)
  return machine.session
}

const foundBy = async (world: World, machine: Machine): Promise<void> => {
  const process = new SimProcess('founder')
  const founding = process.run(async () => {
    const keys = new MemoryKeys()
    const nonce = randomBytes(32)
    const enrolment = new Enrolment(keys, (root) => teamIdOf(nonce, memberKeys(root).sign.publicKey))
    must(await enrolment.enrol('First key'))
    must(await enrolment.enrol('Second key'))
    const plan: TeamToFound = {
      enrolment,
      nonce,
      device: { device: machine.file.device, deviceSecret: Secret.take(machine.file.deviceSecret.slice()) },
      name: machine.name,
      deviceName: 'Laptop',
      teamName: 'Simulated',
      server: 'http://sim.invalid',
      setupToken: SETUP_TOKEN,
      connect: world.network.connector(machine.name),
      now: machine.now(),
    }
    const membership = must(await foundTeam(plan, genesisOf(plan)))
    machine.file.membership = membership
    machine.file.keys = keys.serialize()
  })
  await world.drive(founding, 'the team is founded')
}

/** A team of four on a healthy network: Ada and Abel hold and approve production, Dana may request it, Otto audits. */
export const foundWorld = async (world: World, founding: Founding): Promise<void> => {
  world.enter()
  await world.drive(world.server.start(), 'the server starts')
  const [ada, ...others] = PEOPLE.map((name) => world.addMachine(newFile(name)))
  if (ada === undefined) throw new Error('a team has a founder')
  await foundBy(world, ada)
  world.facts.team = ada.file.membership?.team ?? ''
  const unlock = async (machine: Machine): Promise<void> => {
    machine.wantsUnlocked = true
    machine.boot()
    await world.until(() => machine.session !== null, `${machine.name} unlocks`)
  }
  await unlock(ada)
  const inAda = <T>(work: (session: UnlockedSession) => Promise<Outcome<T>>, what: string): Promise<T> => {
    const { process } = ada
    if (process === null) throw new Error('ada is off')
    return world
      .drive(
        process.run(() => work(sessionOf(ada))),
        what,
      )
      .then(must)
  }
  const { vault } = await inAda(
    (session) => createVault(session, 'llm', ['development', 'production']),
    'the vault',
  )
  const { names } = sessionOf(ada).ledger
  const environment = (name: string): string =>
    [...names.environments].find(([, each]) => each === name)?.[0] ?? ''
  const development = environment('development')
  const production = environment('production')
  Object.assign(world.facts, { vault, development, production, quorum: founding.quorum })
  const access = {
    abel: [{ environment: production, level: 'hold' as const, approve: true }],
    dana: [
      { environment: development, level: 'hold' as const, approve: false },
      { environment: production, level: 'request' as const, approve: false },
    ],
    otto: [],
  }
  const roles = { abel: [], dana: ['developer' as const], otto: ['auditor' as const] }
  for (const machine of others) {
    const name = machine.name as keyof typeof access
    await world.drive(
      inviteAndJoin(world, ada, machine, { roles: roles[name], access: access[name] }),
      `${name} joins`,
    )
    await unlock(machine)
  }
  const policy = {
    rule: { op: 'quorum' as const, k: founding.quorum, of: { kind: 'approvers' as const } },
    selfApproval: false,
    deadlineMs: 24 * HOUR,
    maxLeaseMs: 24 * HOUR,
    maxOfflineMs: founding.maxOfflineMs,
    maxUnwitnessedMs: founding.maxUnwitnessedMs,
  }
  await inAda(
    (session) => changeTeam(session, { type: 'policy.set', environment: production, version: 1, policy }, ''),
    'the policy',
  )
  if (founding.closed) await inAda(closeBootstrap, 'bootstrap closes')
  for (const [place, name] of [
    [production, 'openai'],
    [production, 'groq'],
    [development, 'mistral'],
  ] as const) {
    const value = { api_key: world.newValue(place, name) }
    const item = { environment: place, name, provider: 'openai', note: '', models: [], value }
    await inAda((session) => createItem(session, item), name)
  }
  for (const machine of world.machines.values()) {
    world.facts.members[machine.name] = machine.file.membership?.member ?? ''
  }
  await world.scheduler.runUntil(world.scheduler.now + 5000)
}

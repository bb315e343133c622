import { randomBytes } from '@countersign/crypto/random'
import { teamIdOf } from '@countersign/ledger/plain-membership'
import { systemClock } from '../src/replica/clock.ts'
import { Replica, type ReplicaOptions, type ReplicaTiming } from '../src/replica/replica.ts'
import type { ReplicaStatus } from '../src/replica/replica-status.ts'
import type { LocalStore } from '../src/store/local-store.ts'
import { buildGenesis } from '../src/team/genesis.ts'
import { createTeam } from '../src/transport/create-team.ts'
import { wsConnector } from '../src/transport/ws-connector.ts'
import { memoryStore } from './memory-store.ts'
import { Person } from './people.ts'
import type { ServerProcess } from './server-process.ts'

export interface ServerPin {
  readonly url: string
  readonly id: Uint8Array
}

export interface Team {
  readonly id: string
  readonly genesisHash: Uint8Array
  readonly founder: Person
  readonly server: ServerPin
}

/** A team with its founder on a real server. */
export const foundTeam = async (server: ServerProcess): Promise<Team> => {
  const founder = new Person()
  const nonce = randomBytes(32)
  const id = teamIdOf(nonce, founder.keys.sign.publicKey)
  const genesis = buildGenesis(id, nonce, 'Team', founder.newMember(id), Date.now())
  const { url, setupToken } = server
  const created = await createTeam({
    connect: wsConnector,
    url,
    setupToken,
    team: id,
    genesis: genesis.entry,
  })
  if (!created.ok) throw new Error(created.code)
  return { id, genesisHash: genesis.hash, founder, server: { url, id: created.server } }
}

/** Short waits, so that tests of breaks and silence do not take long. */
export const QUICK: Partial<ReplicaTiming> = {
  firstRetryMs: 20,
  longestRetryMs: 200,
  refusedRetryMs: 300,
  patienceMs: 4000,
  seenAfterMs: 20,
}

export const openReplica = (
  team: Team,
  person: Person,
  options: Partial<ReplicaOptions> & { store?: LocalStore } = {},
): Promise<Replica> =>
  Replica.open({
    store: memoryStore(),
    identity: person.identity(team, team.server),
    connect: wsConnector,
    clock: systemClock,
    log: () => {},
    timing: QUICK,
    ...options,
  })

/** Waits until `test` holds, looking whenever the replica says something and a little besides. */
export const until = async (replica: Replica, test: (status: ReplicaStatus) => boolean): Promise<void> => {
  const deadline = performance.now() + 10_000
  while (!test(replica.status())) {
    if (performance.now() > deadline) throw new Error(`still ${JSON.stringify(replica.status().connection)}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

export const live = (replica: Replica): Promise<void> =>
  until(replica, ({ connection }) => connection === 'live')

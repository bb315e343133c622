import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cryptoReady } from '@countersign/crypto/ready'
import { newId } from '@countersign/schema/ids'
import { afterEach, beforeAll, beforeEach } from 'vitest'
import type { AppendResult } from '../src/replica/appender.ts'
import type { Draft } from '../src/replica/draft.ts'
import type { Replica } from '../src/replica/replica.ts'
import { environmentDraft, type Person, secondDevice, vaultDraft } from './people.ts'
import { ServerProcess } from './server-process.ts'
import { foundTeam, openReplica, type Team } from './team.ts'

/** For each test a real server with a fresh team, and everything opened closed again. */
export class ReplicaFixture {
  server!: ServerProcess
  team!: Team
  readonly #open: Replica[] = []
  readonly #folders: string[] = []

  constructor() {
    beforeAll(() => cryptoReady())
    beforeEach(async () => {
      this.server = await ServerProcess.start()
      this.team = await foundTeam(this.server)
    })
    afterEach(async () => {
      for (const replica of this.#open.splice(0)) await replica.stop()
      await this.server.remove()
      for (const each of this.#folders.splice(0)) await rm(each, { recursive: true, force: true })
    })
  }

  async replicaOf(person: Person, options: Parameters<typeof openReplica>[2] = {}): Promise<Replica> {
    const replica = await openReplica(this.team, person, options)
    this.#open.push(replica)
    return replica
  }

  async folder(): Promise<string> {
    const made = await mkdtemp(join(tmpdir(), 'countersign-replica-'))
    this.#folders.push(made)
    return made
  }

  /** A folder as a crash at this moment would leave it. */
  async copyOf(location: string): Promise<string> {
    const to = await this.folder()
    await cp(location, to, { recursive: true })
    return to
  }

  append(replica: Replica, ...drafts: Draft[]): Promise<AppendResult> {
    return replica.append(() => drafts, this.team.founder.signer)
  }

  /** A replica of the founder, and one of a second installation of theirs that follows it. */
  async two(options: Parameters<typeof openReplica>[2] = {}): Promise<[Replica, Replica, Person]> {
    const first = await this.replicaOf(this.team.founder)
    const { device, draft } = secondDevice(this.team.id, this.team.founder)
    await this.append(first, draft)
    const second = await this.replicaOf(device, options)
    return [first, second, device]
  }

  async makeEnvironment(replica: Replica): Promise<string> {
    const vault = vaultDraft()
    const environment = newId()
    const { member } = this.team.founder
    await this.append(replica, vault, environmentDraft(String(vault.plain.vault), environment, [member]))
    return environment
  }
}

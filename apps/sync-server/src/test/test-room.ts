import { newId } from '@countersign/schema/ids'
import type { Cursor, ServerMessage } from '@countersign/schema/wire'
import { TestClient } from './test-client.ts'
import { TestMember } from './test-member.ts'
import { foundTeam, startTestServer, type TestServer } from './test-server.ts'
import type { TestTeam } from './test-team.ts'

export interface TeamInRoom {
  readonly team: TestTeam
  readonly environment: string
  /** The founder, logged in. */
  readonly admin: TestClient
}

/** One server for a file's tests, and every connection that was made to it. */
export class TestRoom {
  readonly server: TestServer
  readonly #clients: TestClient[] = []

  private constructor(server: TestServer) {
    this.server = server
  }

  static async open(): Promise<TestRoom> {
    return new TestRoom(await startTestServer())
  }

  async login(team: TestTeam, member: TestMember, cursors: Cursor[] = []): Promise<TestClient> {
    const client = await TestClient.login(this.server.url, team, member, cursors)
    this.#clients.push(client)
    return client
  }

  async connect(): Promise<TestClient> {
    const client = await TestClient.open(this.server.url)
    this.#clients.push(client)
    return client
  }

  /** A team under a token of its own: tokens are single use. */
  async newTeam(): Promise<TeamInRoom> {
    const team = await foundTeam(this.server.url, this.server.freshToken())
    const environment = newId()
    const admin = await this.login(team, team.founder)
    await appended(admin, team.environment(environment, [team.founder]))
    return { team, environment, admin }
  }

  async addMember(
    { team, admin, environment }: TeamInRoom,
    level: 'view' | 'request' | 'hold' | 'none',
  ): Promise<TestMember> {
    const member = new TestMember([])
    await appended(admin, team.add(member, level === 'none' ? [] : [{ environment, level }]))
    return member
  }

  /** Drops every connection made so far. */
  hangUp(): void {
    for (const client of this.#clients.splice(0)) client.ws.terminate()
  }

  dispose(): Promise<void> {
    this.hangUp()
    return this.server.dispose()
  }
}

const appended = async (client: TestClient, part: Parameters<TestClient['append']>[0]): Promise<void> => {
  const answer = await client.append(part)
  if (answer.type !== 'appended') throw new Error(`not appended: ${JSON.stringify(answer)}`)
}

export const isEntriesOf = (stream: string) => (message: ServerMessage) =>
  message.type === 'entries' && message.stream === stream

/** Numbers of a stream's entries that a client was given. */
export const seqsOf = (client: TestClient, stream: string): number[] =>
  client.received.flatMap((m) =>
    m.type === 'entries' && m.stream === stream ? m.entries.map((_, i) => m.from + i) : [],
  )

/** Everything that was on its way has arrived. */
export const settle = (client: TestClient) => client.request((ref) => ({ type: 'ping', ref }))

export const refusedWith = (code: string) => ({ type: 'refused', code })

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { openSqliteStore } from '../adapters/store-sqlite/sqlite-store.ts'
import { tokenHash } from '../core/create-team.ts'
import { type RunningServer, type StartOptions, startServer } from '../server.ts'
import { TestClient } from './test-client.ts'
import { TestTeam } from './test-team.ts'

export const SETUP_TOKEN = 'a set-up token for tests'

export interface TestServer extends RunningServer {
  readonly dataFile: string
  /** A set-up token that was not given out before. */
  freshToken(): string
  /** Stops and removes everything. */
  dispose(): Promise<void>
}

const TOKENS = 60

/** As restarts with one COUNTERSIGN_SETUP_TOKEN after the other would have done. */
const admitTokens = async (file: string): Promise<void> => {
  const store = openSqliteStore({ file, maxBytes: null })
  for (let i = 0; i < TOKENS; i++) await store.teams.admitToken(tokenHash(`${SETUP_TOKEN} ${i}`))
  await store.close()
}

/** A real server in this process on a free port, with its data in a folder of its own. */
export const startTestServer = async (options: Partial<StartOptions> = {}): Promise<TestServer> => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-server-'))
  const dataFile = options.dataFile ?? join(folder, 'server.db')
  if (options.dataFile === undefined) await admitTokens(dataFile)
  const server = await startServer({
    host: '127.0.0.1',
    port: 0,
    dataFile,
    maxDataBytes: null,
    setupToken: SETUP_TOKEN,
    logLevel: 'silent',
    printSetupToken: false,
    log: pino({ level: 'silent' }),
    ...options,
  })
  let given = 0
  const freshToken = () => `${SETUP_TOKEN} ${given++}`
  const dispose = async () => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  return { ...server, dataFile, freshToken, dispose }
}

/** A team on the server, made by its founder over the wire. */
export const foundTeam = async (url: string, setupToken = SETUP_TOKEN): Promise<TestTeam> => {
  const team = new TestTeam()
  const client = await TestClient.open(url)
  const answer = await client.create(team, setupToken)
  if (answer.type !== 'created') throw new Error(`not created: ${JSON.stringify(answer)}`)
  await client.close()
  return team
}

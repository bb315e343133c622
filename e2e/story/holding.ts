import { join } from 'node:path'
import { type Installation, startInstallation } from '@countersign/desktop/headless/installation'
import { enrolTwoKeys, environmentId } from '@countersign/tools/try-out/people'
import { SyncServerProcess } from '@countersign/tools/try-out/sync-server-process'
import { until } from '@countersign/tools/try-out/until'
import { Person } from './person.ts'

/** A team whose admin has no windows, and one member in real ones who holds a credential that the admin added: `openai`. */
export interface Holding {
  readonly server: SyncServerProcess
  readonly admin: Installation
  readonly dana: Person
  close(): Promise<void>
}

export interface HoldingOptions {
  value: string
  roles: ('developer' | 'auditor')[]
  /** Switches of Dana's Electron. */
  switches?: string[]
}

export const startHolding = async (
  folder: string,
  { value, roles, switches = [] }: HoldingOptions,
): Promise<Holding> => {
  const server = new SyncServerProcess({ dataFile: join(folder, 'countersign.db') })
  await server.start()
  const admin = await startInstallation(join(folder, 'admin'))
  await enrolTwoKeys(admin)
  await admin.must('team.create', {
    server: server.url,
    setupToken: server.setupToken,
    team: 'Acme',
    name: 'Ada',
    device: 'laptop',
  })
  const vault = await admin.must('vault.create', { name: 'llm', environments: ['production'] })
  const production = environmentId(vault, 'production')
  const { invite, link } = await admin.must('invite.create', {
    name: 'Dana',
    roles,
    access: [{ environment: production, level: 'hold', approve: true }],
    expiresInMs: 86_400_000,
  })
  const dana = await Person.start('Dana', 'software', join(folder, 'dana'), switches)
  await dana.join(link ?? '')
  const code = await dana.shortCode()
  await until(
    async () => (await admin.must('invites.list', {})).find((each) => each.invite === invite)?.code === code,
    { what: 'the inviter sees the same code' },
  )
  await admin.must('invite.confirm', { invite, same: true })
  await dana.codesAreTheSame()
  await dana.isIn()
  await admin.must('item.create', {
    environment: production,
    name: 'openai',
    provider: 'openai',
    value: { api_key: value },
    note: '',
    models: [],
  })
  return {
    server,
    admin,
    dana,
    async close() {
      await dana.close()
      await admin.stop()
      await server.stop()
    },
  }
}

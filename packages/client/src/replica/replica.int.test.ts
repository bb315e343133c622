import { cryptoReady } from '@countersign/crypto/ready'
import { compartmentStream, LEDGER, newId } from '@countersign/schema/ids'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'

import { environmentDraft, itemDraft, secondDevice, vaultDraft } from '../../test/people.ts'
import { ServerProcess } from '../../test/server-process.ts'
import { foundTeam, live, openReplica, type Team } from '../../test/team.ts'
import type { Replica } from './replica.ts'

let server: ServerProcess
let team: Team
const open: Replica[] = []
const replicaOf = async (...args: Parameters<typeof openReplica>): Promise<Replica> => {
  const replica = await openReplica(...args)
  open.push(replica)
  return replica
}

beforeAll(() => cryptoReady())
beforeEach(async () => {
  server = await ServerProcess.start()
  team = await foundTeam(server)
})
afterEach(async () => {
  for (const replica of open.splice(0)) await replica.stop()
  await server.remove()
})

describe('Replica against the real server', () => {
  it('P5 appends over several streams in one batch and another device gets all of it', async () => {
    const replica = await replicaOf(team, team.founder)
    const { device, draft } = secondDevice(team.id, team.founder)
    const vault = vaultDraft()
    const environment = newId()
    const appended = await replica.append(
      () => [draft, vault, environmentDraft(String(vault.plain.vault), environment, [team.founder.member])],
      team.founder.signer,
    )
    expect(appended).toMatchObject({ ok: true })
    const items = await replica.append(
      () => [vaultDraft(), itemDraft(environment), itemDraft(environment)],
      team.founder.signer,
    )
    expect(items).toMatchObject({ ok: true })

    const other = await replicaOf(team, device)
    await live(other)
    expect(other.head(LEDGER)).toEqual(replica.head(LEDGER))
    expect(other.head(compartmentStream(environment))?.seq).toBe(1)
    expect(other.projection.devices.has(device.device)).toBe(true)
  })
})

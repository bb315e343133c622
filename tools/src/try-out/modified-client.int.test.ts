import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SoftwareKeys } from '@countersign/client/authenticator/software'
import { approveRequest, askForBinding } from '@countersign/client/requests/request-actions'
import type { DeviceSession } from '@countersign/client/session/device-session'
import type { UnlockedSession } from '@countersign/client/session/unlocked-session'
import { ledgerDraft } from '@countersign/client/team/author'
import { open } from '@countersign/crypto/aead'
import { sealTo } from '@countersign/crypto/kem'
import { parseCompartmentContent } from '@countersign/ledger/compartment-content'
import type { ItemPut } from '@countersign/schema/item'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type OpenProfile, openProfile } from './open-profile.ts'
import { environmentId } from './people.ts'
import { TryOutTeam } from './team.ts'
import { until } from './until.ts'

/**
 * The developer's own installation, opened by a program that has every key the developer has and none of the checks: what is not
 * refused here by mathematics is refused by everybody else's clients.
 */
describe('a modified client of somebody who may only request', () => {
  let folder: string
  let team: TryOutTeam
  let keys: SoftwareKeys
  let opened: OpenProfile
  let device: DeviceSession
  let session: UnlockedSession
  let production: string
  let development: string
  let vault: string
  let item: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-modified-'))
    team = await TryOutTeam.start(folder, () => undefined)
    const made = await team.found()
    vault = made.vault
    production = environmentId(made, 'production')
    development = environmentId(made, 'development')
    const detail = await team.addProductionKey(made, 'sk-proj-never-read-by-the-modified-client')
    item = detail.row.item
    const { profileDir } = team.people.developer
    await until(async () => (await team.people.developer.must('items.list', {})).length === 1, {
      what: 'the name reaches the developer',
    })
    await team.people.developer.stop()
    opened = await openProfile(profileDir)
    ;({ keys, device, session } = opened)
  })
  afterAll(async () => {
    await opened?.close()
    await team?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const productionPut = async (): Promise<ItemPut> => {
    for await (const entry of device.replica.entries(`c/${production}`)) {
      const content = parseCompartmentContent(entry.entry.envelope)
      if (content?.type === 'item.put' && content.plain.item === item) return content.plain
    }
    throw new Error('the sealed item is not on this disk')
  }

  it('P2 it has the names’ key and not the values’ key of production, in any epoch', () => {
    const epochs = session.ledger.projection.environments.get(production)?.epochs ?? []
    expect(epochs.length).toBeGreaterThan(0)
    for (const { epoch } of epochs) {
      expect(session.ring.metaKey(production, epoch)).not.toBeNull()
      expect(session.ring.valueKey(production, epoch)).toBeNull()
    }
    expect(session.ring.valueKey(development, 0)).not.toBeNull()
  })

  it('P2 no key it has opens the sealed item key or the value', async () => {
    const put = await productionPut()
    const own = [
      session.ring.metaKey(production, 0),
      session.ring.metaKey(development, 0),
      session.ring.valueKey(development, 0),
      session.ring.teamKey(0),
    ].filter((key) => key !== null)
    expect(own).toHaveLength(4)
    const place = { team: session.team, environment: production, item, version: put.version }
    for (const key of own) {
      expect(() => open(key, { type: 'item-key', ...place, epoch: put.epoch }, put.itemKey)).toThrow()
      expect(() => open(key, { type: 'item-value', ...place }, put.value)).toThrow()
    }
  })

  it('P2 P3 a grant it writes for itself, without quorum, counts for nobody', async () => {
    const asked = await askForBinding(session, {
      terms: {
        vault,
        environment: production,
        items: [item],
        models: [],
        mode: 'reveal',
        lease: { durationMs: 3_600_000, uses: null, untilLock: false, untilProcessEnds: false },
      },
      application: 'modified client',
      caller: {
        executable: null,
        executableHash: null,
        pid: null,
        parents: [],
        workingDirectory: null,
        container: null,
        user: 'somebody',
        via: 'tcp',
      },
      reason: 'no quorum',
    })
    if (!asked.ok) throw new Error(asked.code)
    const { request } = asked.value
    const record = session.ledger.requests.get(request)
    if (record?.body.kind !== 'binding') throw new Error('no such request')
    const { terms } = record.body
    const releaseContext = {
      type: 'release',
      team: session.team,
      environment: production,
      item,
      version: 1,
      request,
      device: device.device,
    }
    const blob = sealTo(session.deviceKem.publicKey, releaseContext, new Uint8Array(32).fill(1))
    const forged = await session.append((author) => [
      ledgerDraft(
        author,
        'grant.issue',
        { request, releases: [{ request, item, version: 1, device: device.device, blob }] },
        { terms, expiresAt: session.now() + 3_600_000 },
      ),
    ])
    expect(forged).toMatchObject({ ok: false, code: 'author.not_holder' })

    const own = await approveRequest(session, keys, {
      request,
      requestHash: record.requestHash,
      terms: null,
      purpose: 'approve my own',
    })
    expect(own).toMatchObject({ ok: false, code: 'approval.self' })

    const seen = await until(
      async () => {
        const found = await team.people.admin.call('request.get', { request })
        return found.ok ? found.value : null
      },
      { what: 'the admin sees the request' },
    )
    expect(seen.row.state).toBe('pending')
    expect(seen.row.approvals).toEqual([])
  })

  it('P3 it cannot give itself production', async () => {
    const raised = await session.append((author) => [
      ledgerDraft(
        author,
        'member.access',
        {
          authority: null,
          member: session.member,
          access: [{ environment: production, level: 'hold', approve: true, wrap: null }],
          epochs: [],
          cuts: [],
        },
        {},
      ),
    ])
    expect(raised.ok).toBe(false)
    const dana = (await team.people.admin.must('members.list', {})).find(
      (each) => each.member === session.member,
    )
    expect(dana?.access.find((each) => each.environment === production)).toMatchObject({
      level: 'request',
      approve: false,
    })
  })
})

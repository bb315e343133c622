import { recoveryLocatorKey, recoveryWrapKey } from '@countersign/crypto/derive'
import { newRecoveryCode } from '@countersign/crypto/recovery-code'
import type { SignedWrap } from '@countersign/schema/wire'
import { describe, expect, it } from 'vitest'
import { ReplicaFixture } from '../../test/replica-fixture.ts'
import { live, until } from '../../test/team.ts'
import { fetchWrapByRecoveryCode, wrapOptions } from '../transport/wraps.ts'
import { wayInOfRecovery, wrapsToUpload } from './ways-in.ts'
import { WrapDuty } from './wrap-duty.ts'

const at = new ReplicaFixture()

/** The founder's way in by recovery code, as it waits to be uploaded. */
const recoveryWay = () => {
  const { team } = at
  const { member, root } = team.founder
  const { code } = newRecoveryCode()
  const locator = recoveryLocatorKey(code)
  const place = {
    team: team.id,
    member,
    root,
    genesisHash: team.genesisHash,
    head: { seq: 0, hash: team.genesisHash },
  }
  const way = wayInOfRecovery(place, { kek: recoveryWrapKey(code), locatorKey: locator.publicKey })
  const [wrap] = wrapsToUpload({
    team: team.id,
    member,
    signKey: Uint8Array.from(team.founder.keys.sign.publicKey),
    genesisHash: Uint8Array.from(team.genesisHash),
    server: { url: team.server.url, id: Uint8Array.from(team.server.id) },
    waysIn: [way],
    floors: [],
    unconfirmedSince: null,
    sheetKept: false,
  })
  return { wrap: wrap!, locator }
}

const keeping = (...wraps: SignedWrap[]) => {
  const pending = new Set(wraps)
  return { pending: () => [...pending], stored: (wrap: SignedWrap) => void pending.delete(wrap) }
}

describe('ways in that the server has to be given', () => {
  it('P11 wait while the server is away, land when it is back, and open the way for a new computer', async () => {
    const { wrap, locator } = recoveryWay()
    const replica = await at.replicaOf(at.team.founder)
    await live(replica)
    await at.server.stop()
    await until(replica, ({ connection }) => connection !== 'live')
    const kept = keeping(wrap)
    const duty = new WrapDuty({ replica, device: at.team.founder.device, ...kept, retryMs: 20 })
    await duty.run()
    expect(kept.pending()).toHaveLength(1)
    await at.server.start()
    await until(replica, () => kept.pending().length === 0)
    duty.stop()
    const { url } = at.team.server
    const place = { url, server: null, team: at.team.id, member: at.team.founder.member }
    const options = await wrapOptions(place)
    if (!options.ok) throw new Error(options.code)
    const fetched = await fetchWrapByRecoveryCode(place, options.value, locator)
    expect(fetched).toMatchObject({ ok: true, value: { record: { blob: wrap.record.blob } } })
  })

  it('P11 what the server refuses stays, is offered again, and holds up nothing else', async () => {
    const { wrap } = recoveryWay()
    const forged = { ...wrap, signature: new Uint8Array(64) }
    const replica = await at.replicaOf(at.team.founder)
    await live(replica)
    let offers = 0
    const kept = keeping(forged, wrap)
    const pending = () => {
      const now = kept.pending()
      if (now.includes(forged)) offers += 1
      return now
    }
    const duty = new WrapDuty({
      replica,
      device: at.team.founder.device,
      stored: kept.stored,
      pending,
      retryMs: 20,
    })
    await until(replica, () => kept.pending().length === 1 && offers > 8)
    duty.stop()
    expect(kept.pending()).toEqual([forged])
  })

  it('P11 a device that the team does not know offers nothing', async () => {
    const { wrap } = recoveryWay()
    const replica = await at.replicaOf(at.team.founder)
    await live(replica)
    const kept = keeping(wrap)
    const duty = new WrapDuty({ replica, device: 'f'.repeat(32), ...kept, retryMs: 20 })
    await duty.run()
    duty.stop()
    expect(kept.pending()).toHaveLength(1)
  })
})

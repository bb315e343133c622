import { kemKeypair } from '@countersign/crypto/kem'
import { cryptoReady } from '@countersign/crypto/ready'
import { Secret } from '@countersign/crypto/secret'
import type { PlainContent } from '@countersign/ledger/plain-content'
import { emptyProjection, type Projection } from '@countersign/ledger/projection-record'
import { newId } from '@countersign/schema/ids'
import type { CompartmentEpoch } from '@countersign/schema/membership'
import { beforeAll, describe, expect, it } from 'vitest'
import { newCompartmentEpoch } from './epochs.ts'
import { KeyRing } from './key-ring.ts'

beforeAll(cryptoReady)

const team = newId()
const environment = newId()
const member = newId()
const kem = () => kemKeypair(Secret.random())
const mine = { member, keys: () => kem() }

const epochEntry = (epoch: CompartmentEpoch): PlainContent => ({
  type: 'epoch.start',
  plain: { teamKeyEpoch: 0, epoch, cut: { environment, head: null } },
})

/** A projection with these epochs, whose last one stands in the ledger at `epochs.length`. */
const projectionOf = (epochs: readonly CompartmentEpoch[]): Projection => {
  const projection = emptyProjection()
  projection.members.set(member, {
    member,
    signKey: new Uint8Array(32),
    kemKey: new Uint8Array(1216),
    roles: [],
    recovery: false,
    addedAt: 0,
    removedAt: null,
    teamKeyAt: 0,
    auditKeyAt: null,
  })
  projection.teamKeys.push({ epoch: 0, startedAt: 0, commitment: new Uint8Array(32), previous: null })
  projection.environments.set(environment, {
    environment,
    vault: newId(),
    epochs: epochs.map((each, i) => ({
      epoch: each.epoch,
      startedAt: i + 1,
      metaCommitment: each.metaCommitment,
      valueCommitment: each.valueCommitment,
      previousMeta: each.previousMeta,
      previousValue: each.previousValue,
    })),
    cuts: [],
    rekeyDue: false,
    access: new Map(),
    wrapsAt: new Map([[member, epochs.length]]),
  })
  return projection
}

const ringOf = (
  keys: ReturnType<typeof kem>,
  epochs: readonly CompartmentEpoch[],
  last?: CompartmentEpoch,
) => {
  const ring = new KeyRing(team, member, keys)
  const shown = last ?? epochs.at(-1)
  ring.update(projectionOf(epochs), (seq) =>
    seq === epochs.length && shown !== undefined ? epochEntry(shown) : undefined,
  )
  return ring
}

describe('key ring', () => {
  const make = (holds: boolean) => {
    const keys = mine.keys()
    const to = [{ member, kemKey: keys.publicKey, holds }]
    const first = newCompartmentEpoch(team, environment, 0, to, null)
    const second = newCompartmentEpoch(team, environment, 1, to, first.keys)
    return { keys, first, second }
  }

  it('P4 the wrap of the current epoch opens it, and the link opens the one before', () => {
    const { keys, first, second } = make(true)
    const ring = ringOf(keys, [first.record, second.record])
    expect(ring.valueKey(environment, 1)?.expose()).toEqual(second.keys.value.expose())
    expect(ring.valueKey(environment, 0)?.expose()).toEqual(first.keys.value.expose())
    expect(ring.metaKey(environment, 0)?.expose()).toEqual(first.keys.meta.expose())
    expect(ring.problems).toEqual([])
  })

  it('P2 whoever does not hold gets names’ keys only, in every epoch', () => {
    const { keys, first, second } = make(false)
    const ring = ringOf(keys, [first.record, second.record])
    expect(ring.metaKey(environment, 1)).not.toBeNull()
    expect(ring.metaKey(environment, 0)).not.toBeNull()
    expect(ring.valueKey(environment, 1)).toBeNull()
    expect(ring.valueKey(environment, 0)).toBeNull()
  })

  it('P4 a wrap that holds another key than was committed to is not used: epoch.bad_wrap', () => {
    const { keys, first, second } = make(true)
    const other = newCompartmentEpoch(
      team,
      environment,
      1,
      [{ member, kemKey: keys.publicKey, holds: true }],
      first.keys,
    )
    const swapped = { ...second.record, wraps: other.record.wraps }
    const ring = ringOf(keys, [first.record, second.record], swapped)
    expect(ring.valueKey(environment, 1)).toBeNull()
    expect(ring.problems).toMatchObject([{ code: 'epoch.bad_wrap', key: 'value-key', environment, epoch: 1 }])
  })

  it('P4 a link that holds another key than was committed to is not used: epoch.bad_chain', () => {
    const { keys, first } = make(true)
    const unrelated = { meta: Secret.random(), value: Secret.random() }
    const to = [{ member, kemKey: keys.publicKey, holds: true }]
    const second = newCompartmentEpoch(team, environment, 1, to, unrelated)
    const ring = ringOf(keys, [first.record, second.record])
    expect(ring.metaKey(environment, 1)).not.toBeNull()
    expect(ring.metaKey(environment, 0)).toBeNull()
    expect(ring.problems).toMatchObject([{ code: 'epoch.bad_chain', key: 'meta-key', epoch: 0 }])
  })

  it('P4 another member’s keys open nothing', () => {
    const { first, second } = make(true)
    const ring = ringOf(kem(), [first.record, second.record])
    expect(ring.metaKey(environment, 1)).toBeNull()
    expect(ring.valueKey(environment, 0)).toBeNull()
  })
})

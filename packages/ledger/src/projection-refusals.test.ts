import { randomBytes } from '@countersign/crypto/random'
import { cryptoReady } from '@countersign/crypto/ready'
import { decodeEntry, type Envelope } from '@countersign/schema/entry'
import { auditStream, compartmentStream, LEDGER, newId } from '@countersign/schema/ids'
import { beforeAll, describe, expect, it } from 'vitest'
import { company } from '../test/company.ts'
import { outcomeOf } from '../test/ledger-author.ts'
import { Person } from '../test/person.ts'
import { TestTeam } from '../test/team.ts'
import { emptyProjection, mayAppend, project, verifyEntryAuthor } from './projection.ts'
import { reduceLedger } from './reduce.ts'
import { emptyState } from './state.ts'

beforeAll(cryptoReady)

const firstOf = (team: TestTeam) => {
  const [first] = team.entries
  if (first?.content?.type !== 'team.create') throw new Error('a genesis was written')
  return { ...first, content: first.content }
}

describe('what is refused without opening anything', () => {
  it('L10 L11 a ledger begins with the entry that makes its team, signed by the member and device it carries', () => {
    const team = new TestTeam()
    const { envelope, hash, bytes } = firstOf(team)
    const close = { ...envelope, type: 'bootstrap.close', plain: { teamKeyEpoch: 0 } }
    expect(outcomeOf(project(emptyProjection(), { envelope: close, hash }))).toBe('chain.genesis')
    const content = { type: 'bootstrap.close' as const, plain: { teamKeyEpoch: 0 }, body: {} }
    expect(outcomeOf(reduceLedger(emptyState(), { envelope: close, content, hash }))).toBe('chain.genesis')
    expect(outcomeOf(reduceLedger(emptyState(), { envelope, content: null, hash }))).toBe('chain.genesis')
    const entry = decodeEntry(bytes)
    const other = new Person('Eve')
    for (const names of [{ member: other.member }, { device: other.device.device }]) {
      const forged = { ...entry, envelope: { ...envelope, ...names } }
      expect(verifyEntryAuthor(emptyProjection(), forged)).toEqual({ ok: false, code: 'chain.author' })
    }
    expect(mayAppend(emptyProjection(), envelope.device, { ...entry, envelope: close })).toEqual({
      ok: false,
      code: 'chain.genesis',
    })
    expect(mayAppend(emptyProjection(), envelope.device, entry)).toEqual({ ok: true })
  })

  it('L3 what its author did sign, with a device that is not theirs, is not the server’s doing', async () => {
    const { team, ada, ben } = await company()
    const signed = (device: Person['device']) => {
      const plain = { teamKeyEpoch: 0, vault: newId() }
      const { bytes } = team.write(ada, 'vault.create', plain, { name: `v${team.clock}` }, { device })
      return verifyEntryAuthor(team.state.projection, decodeEntry(bytes))
    }
    expect(signed(ben.device)).toEqual({ ok: false, code: 'author.device' })
    expect(signed(ada.newDevice())).toEqual({ ok: false, code: 'author.unknown' })
    expect(signed(ada.device)).toEqual({ ok: true })
  })

  it('L9 L72 an entry that is not of its type stands and changes nothing, as a policy of no environment does', async () => {
    const { team, ada } = await company()
    const projection = structuredClone(team.state.projection)
    const take = (changes: Partial<Envelope>) => {
      const written = team.write(ada, 'vault.create', { teamKeyEpoch: 0, vault: newId() }, { name: 'x' })
      const { head } = projection
      if (head === null) throw new Error('the team has an entry')
      const place = { seq: head.seq + 1, prev: head.hash, ledger: head }
      const envelope = { ...written.envelope, ...place, ...changes }
      return outcomeOf(project(projection, { envelope, hash: randomBytes(32) }))
    }
    const before = { ...structuredClone(projection), head: null }
    expect(take({ type: 'vault.rename' })).toBe('entry.malformed')
    expect(take({ plain: { teamKeyEpoch: 0 } })).toBe('entry.malformed')
    const plain = { teamKeyEpoch: 0, authority: null, environment: newId(), version: 1 }
    expect(take({ type: 'policy.set', plain })).toBe('environment.unknown')
    expect({ ...projection, head: null }).toEqual(before)
    expect(take({})).toBe('accepted')
  })

  it('L72 a connected device appends to its own team, as itself, what can be read and stands a chance', async () => {
    const { team, ada, ben, dev, production, development, item } = await company()
    const { bytes } = team.write(ada, 'vault.create', { teamKeyEpoch: 0, vault: newId() }, { name: 'x' })
    const entry = decodeEntry(bytes)
    const append = (changes: Partial<Envelope>, device = ada.device.device) => {
      const envelope = { ...entry.envelope, plain: { teamKeyEpoch: 0, vault: newId() }, ...changes }
      const verdict = mayAppend(team.state.projection, device, { ...entry, envelope })
      return verdict.ok ? 'ok' : verdict.code
    }
    expect(append({ team: newId() })).toBe('chain.team')
    expect(append({ plain: {} })).toBe('entry.malformed')
    expect(append({}, ben.device.device)).toBe('author.device')
    expect(append({ member: dev.member, device: dev.device.device }, dev.device.device)).toBe(
      'author.not_admin',
    )
    expect(append({})).toBe('ok')
    const own = auditStream(ada.device.device)
    expect(append({ stream: own })).toBe('ok')
    expect(append({ stream: auditStream(ben.device.device) })).toBe('author.not_self')
    expect(append({ stream: own, member: ben.member })).toBe('author.device')
    expect(append({ stream: own, device: ben.device.device })).toBe('author.device')
    expect(append({ stream: own }, newId())).toBe('author.inactive')
    const plain = { item, base: 0, version: 1, epoch: 0 }
    expect(append({ stream: compartmentStream(newId()), plain })).toBe('environment.unknown')
    expect(append({ stream: compartmentStream(production.environment), plain })).toBe('ok')
    const byBen = { member: ben.member, device: ben.device.device, plain }
    const elsewhere = { ...byBen, stream: compartmentStream(development.environment) }
    expect(append(elsewhere, ben.device.device)).toBe('author.not_holder')
    expect(append({ stream: LEDGER, type: 'team.create' })).toBe('entry.malformed')
  })
})

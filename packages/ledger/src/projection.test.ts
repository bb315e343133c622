import { randomBytes } from '@countersign/crypto/random'
import { cryptoReady } from '@countersign/crypto/ready'
import { sign } from '@countersign/crypto/sign'
import { decodeEntry, type Envelope, encodeEntry, encodeEnvelope } from '@countersign/schema/entry'
import { auditStream, compartmentStream, LEDGER, newId } from '@countersign/schema/ids'
import { beforeAll, describe, expect, it } from 'vitest'
import { company } from '../test/company.ts'
import { Person } from '../test/person.ts'
import { TestTeam } from '../test/team.ts'
import { entryHash } from './entry-hash.ts'
import { emptyProjection, mayAppend, mayRead, project, verifyEntryAuthor } from './projection.ts'

beforeAll(cryptoReady)

const outcome = (verdict: { accepted: true } | { accepted: false; code: string }): string =>
  verdict.accepted ? 'accepted' : verdict.code

describe('the plain projection', () => {
  it('L72 replays what the reducer accepted to the same members, devices, keys and environments', async () => {
    const { team, ada, dev, production } = await company()
    team.must(team.remove(ada, dev, [production.environment]))
    const projection = emptyProjection()
    for (const { bytes, envelope, hash } of team.entries) {
      expect(verifyEntryAuthor(projection, decodeEntry(bytes))).toEqual({ ok: true })
      project(projection, { envelope, hash })
    }
    expect(projection).toEqual(team.state.projection)
  })

  it('L2 L5 a gap, another order, another team and another stream break the chain and change nothing', () => {
    const team = new TestTeam()
    team.vault('one')
    const projection = emptyProjection()
    const [first, second] = team.entries
    if (first === undefined || second === undefined) throw new Error('two entries were written')
    const take = (envelope: Envelope) => outcome(project(projection, { envelope, hash: randomBytes(32) }))
    expect(take(second.envelope)).toBe('chain.seq')
    expect(take({ ...first.envelope, prev: randomBytes(32) })).toBe('chain.prev')
    expect(projection).toEqual(emptyProjection())
    expect(outcome(project(projection, first))).toBe('accepted')
    expect(take(first.envelope)).toBe('chain.seq')
    expect(take({ ...second.envelope, team: newId() })).toBe('chain.team')
    expect(take({ ...second.envelope, stream: auditStream(newId()) })).toBe('chain.stream')
    expect(take({ ...second.envelope, prev: randomBytes(32) })).toBe('chain.prev')
    expect(take({ ...second.envelope, ledger: { seq: 0, hash: randomBytes(32) } })).toBe('chain.prev')
    expect(outcome(project(projection, second))).toBe('accepted')
  })

  it('L3 a signature that was found good by another key than the author’s is verified all the same', () => {
    const team = new TestTeam()
    const [first] = team.entries
    if (first === undefined) throw new Error('an entry was written')
    const entry = decodeEntry(first.bytes)
    const forged = { ...entry, signature: Uint8Array.from(entry.signature, (byte) => byte ^ 1) }
    const refused = { ok: false, code: 'chain.signature' }
    expect(verifyEntryAuthor(emptyProjection(), forged)).toEqual(refused)
    expect(verifyEntryAuthor(emptyProjection(), forged, randomBytes(32))).toEqual(refused)
    expect(verifyEntryAuthor(emptyProjection(), forged, new Uint8Array(0))).toEqual(refused)
    expect(verifyEntryAuthor(emptyProjection(), entry, randomBytes(32))).toEqual({ ok: true })
  })

  it('L1 the hash covers the signature, so another signature under the same envelope is another entry', () => {
    const team = new TestTeam()
    const { bytes } = team.entries[0] ?? team.write(team.founder, 'bootstrap.close', { teamKeyEpoch: 0 }, {})
    const { envelopeBytes, signature } = decodeEntry(bytes)
    const other = Uint8Array.from(signature, (byte) => byte ^ 1)
    expect(entryHash(encodeEntry(envelopeBytes, other))).not.toEqual(entryHash(bytes))
  })

  it('L10 a first entry cannot be transplanted under another team id', () => {
    const team = new TestTeam()
    const [first] = team.entries
    if (first === undefined) throw new Error('an entry was written')
    const stranger = new TestTeam()
    const verdict = project(emptyProjection(), {
      envelope: { ...first.envelope, team: stranger.id },
      hash: randomBytes(32),
    })
    expect(outcome(verdict)).toBe('chain.genesis')
  })

  it('L3 a member cannot write in another member’s name, nor with a device that is not theirs', async () => {
    const { team, ada, dev } = await company()
    const vault = { teamKeyEpoch: team.teamKeyEpoch, vault: newId() }
    const forged = team.write(
      dev,
      'vault.create',
      vault,
      { name: 'forged' },
      {
        alter: (envelope) => ({ ...envelope, member: ada.member, device: ada.device.device }),
      },
    )
    expect(forged.outcome).toBe('chain.signature')
    const borrowed = team.write(ada, 'vault.create', vault, { name: 'borrowed' }, { device: dev.device })
    expect(borrowed.outcome).toBe('author.device')
    const stranger = team.write(new Person('Eve'), 'vault.create', vault, { name: 'strange' })
    expect(stranger.outcome).toBe('chain.author')
  })

  it('L3 an entry that its author has not signed never stands in the stream, whomever it names', async () => {
    const { team, ada, dev } = await company()
    const { state } = team
    const vault = { teamKeyEpoch: team.teamKeyEpoch, vault: newId() }
    const written = team.write(ada, 'vault.create', vault, { name: 'mine' })
    const { signature } = decodeEntry(written.bytes)
    const renamed = (names: Partial<Envelope>) => {
      const bytes = encodeEnvelope({ ...written.envelope, ...names })
      return verifyEntryAuthor(state.projection, decodeEntry(encodeEntry(bytes, signature)))
    }
    expect(renamed({})).toEqual({ ok: true })
    expect(renamed({ device: newId() })).toEqual({ ok: false, code: 'chain.signature' })
    expect(renamed({ device: dev.device.device })).toEqual({ ok: false, code: 'chain.signature' })
    expect(renamed({ member: newId() })).toEqual({ ok: false, code: 'chain.author' })
    expect(renamed({ member: newId(), device: newId() })).toEqual({ ok: false, code: 'chain.author' })
    // A device the team does not know, named by the member who signed that: it stands, and counts for nothing.
    const own = team.write(
      ada,
      'vault.create',
      { ...vault, vault: newId() },
      { name: 'other' },
      {
        device: ada.newDevice(),
      },
    )
    expect(own.outcome).toBe('author.unknown')
  })

  it('P14 a device key signs audit entries and nothing else; a member key signs no audit entry', async () => {
    const { team, dev } = await company()
    const signedWith = (stream: string, key: Person['sign']) => {
      const envelope: Envelope = {
        v: 1,
        team: team.id,
        stream,
        seq: 0,
        prev: new Uint8Array(32),
        ledger: team.head,
        id: newId(),
        member: dev.member,
        device: dev.device.device,
        type: 'audit.records',
        time: team.clock,
        plain: {},
        body: null,
      }
      const bytes = encodeEnvelope(envelope)
      return verifyEntryAuthor(
        team.state.projection,
        decodeEntry(encodeEntry(bytes, sign(key.secretKey, 'entry', bytes))),
      )
    }
    expect(signedWith(auditStream(dev.device.device), dev.device.sign)).toEqual({ ok: true })
    expect(signedWith(auditStream(newId()), dev.device.sign)).toEqual({ ok: false, code: 'chain.author' })
    expect(signedWith(auditStream(dev.device.device), dev.sign)).toEqual({
      ok: false,
      code: 'chain.signature',
    })
    expect(signedWith(LEDGER, dev.device.sign)).toEqual({ ok: false, code: 'chain.signature' })
    expect(signedWith(compartmentStream(newId()), dev.device.sign)).toEqual({
      ok: false,
      code: 'chain.signature',
    })
  })

  it('L72 a device reads the ledger, what its member may see, its own audit stream, and nothing once removed', async () => {
    const { team, ada, cyd, dev, auditor, production, development } = await company()
    const reads = (person: Person, stream: string) =>
      mayRead(team.state.projection, person.device.device, stream)
    expect(reads(dev, LEDGER)).toBe(true)
    expect(reads(cyd, compartmentStream(production.environment))).toBe(true)
    expect(reads(cyd, compartmentStream(development.environment))).toBe(false)
    expect(reads(dev, compartmentStream(newId()))).toBe(false)
    expect(reads(dev, auditStream(dev.device.device))).toBe(true)
    expect(reads(dev, auditStream(ada.device.device))).toBe(false)
    expect(reads(ada, auditStream(dev.device.device))).toBe(false)
    expect(reads(auditor, auditStream(dev.device.device))).toBe(true)
    expect(mayRead(team.state.projection, newId(), LEDGER)).toBe(false)
    team.must(team.remove(ada, dev))
    expect(reads(dev, LEDGER)).toBe(false)
    expect(reads(dev, auditStream(dev.device.device))).toBe(false)
  })

  it('L72 only active holders append to a compartment, only with the device they are connected with', async () => {
    const { team, ada, ben, cyd, dev, production, item } = await company()
    const appends = (author: Person, connected: Person, person: Person = author) => {
      const bytes = team.itemEntry(
        author,
        production.environment,
        { item, base: 0, epoch: 0 },
        {
          device: person.device,
        },
      )
      const answer = mayAppend(team.state.projection, connected.device.device, decodeEntry(bytes))
      return answer.ok ? 'ok' : answer.code
    }
    expect(appends(ben, ben)).toBe('ok')
    expect(appends(ben, cyd)).toBe('author.device')
    expect(appends(cyd, cyd)).toBe('author.not_holder')
    expect(appends(dev, dev)).toBe('author.not_holder')
    team.must(team.remove(ada, ben))
    expect(appends(ben, ben)).toBe('author.inactive')
    expect(appends(ada, ada)).toBe('epoch.rekey_due')
  })
})

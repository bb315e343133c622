import { randomBytes } from '@countersign/crypto/random'
import { cryptoReady } from '@countersign/crypto/ready'
import { newId } from '@countersign/schema/ids'
import type { LedgerPlain } from '@countersign/schema/ledger-entries'
import { INITIAL_POLICY } from '@countersign/schema/policy'
import { beforeAll, describe, expect, it } from 'vitest'
import { company } from '../test/company.ts'
import { blob, wrapFor } from '../test/ledger-author.ts'
import { Person, touch } from '../test/person.ts'
import { TestTeam } from '../test/team.ts'
import { enrolmentFields } from './check-enrolment.ts'
import { reduceLedger } from './reduce.ts'
import { emptyState } from './state.ts'

beforeAll(cryptoReady)

const addWith = (
  team: TestTeam,
  person: Person,
  change: (plain: LedgerPlain<'member.add'>) => Partial<LedgerPlain<'member.add'>>,
): string => {
  const plain = team.addPlain(person, ['developer'])
  return team.write(team.founder, 'member.add', { ...plain, ...change(plain) }, team.names(person)).outcome
}

describe('members', () => {
  it('L11 the first member is an admin, and there is one first entry', () => {
    const founder = new Person('Ada')
    expect(() => new TestTeam(founder, ['developer'])).toThrow('team.no_admin')
    const team = new TestTeam()
    expect(team.write(team.founder, 'team.create', team.genesisPlain(), team.genesisBody()).outcome).toBe(
      'team.exists',
    )
  })

  it('L5 a refused first entry makes no team', () => {
    const team = new TestTeam()
    const [first] = team.entries
    if (first === undefined || first.content?.type !== 'team.create') throw new Error('a genesis was written')
    const state = emptyState()
    const plain = { ...first.content.plain, credentials: first.content.plain.credentials.slice(0, 1) }
    const verdict = reduceLedger(state, { ...first, content: { ...first.content, plain } })
    expect(verdict).toEqual({ accepted: false, code: 'member.one_way_in' })
    expect(state).toEqual(emptyState())
  })

  it('L4 L9 an id is used once, also by an entry that was refused', async () => {
    const { team, ada, dev } = await company()
    const id = newId()
    const plain = () => ({ teamKeyEpoch: team.teamKeyEpoch, vault: newId() })
    expect(team.write(dev, 'vault.create', plain(), { name: 'one' }, { id }).outcome).toBe('author.not_admin')
    expect(team.write(ada, 'vault.create', plain(), { name: 'two' }, { id }).outcome).toBe(
      'entry.duplicate_id',
    )
    expect(team.write(ada, 'vault.create', plain(), { name: 'two' }).outcome).toBe('accepted')
  })

  it('L9 an entry whose body does not open stands and changes nothing', async () => {
    const { team, ada } = await company()
    const vault = newId()
    const before = team.head.seq
    const draft = team.write(ada, 'vault.create', { teamKeyEpoch: team.teamKeyEpoch, vault }, { name: 'x' })
    const state = team.replay()
    expect(state.projection.vaults.has(vault)).toBe(true)
    const unopened = emptyState()
    for (const entry of team.entries) {
      reduceLedger(unopened, { ...entry, content: entry === draft ? null : entry.content })
    }
    expect(unopened.projection.vaults.has(vault)).toBe(false)
    expect(unopened.projection.head?.seq).toBe(before + 1)
  })

  it('L12 a newcomer needs two ways in, new keys and each role once', () => {
    const team = new TestTeam()
    const oneKey = new Person('Uno', 1)
    expect(addWith(team, oneKey, () => ({}))).toBe('member.one_way_in')
    expect(addWith(team, oneKey, () => ({ member: oneKey.memberKeys(['developer'], true) }))).toBe('accepted')
    const person = new Person('Ben')
    const twice = person.memberKeys(['developer', 'developer'])
    expect(addWith(team, person, () => ({ member: twice }))).toBe('roles.duplicate')
    const stolen = { ...person.memberKeys(['developer']), signKey: team.founder.sign.publicKey }
    expect(addWith(team, person, () => ({ member: stolen }))).toBe('member.exists')
    expect(addWith(team, person, () => ({ teamKey: wrapFor(team.founder.member) }))).toBe(
      'team_key.wrong_recipients',
    )
    expect(addWith(team, person, () => ({ auditKey: wrapFor(person.member) }))).toBe(
      'audit_key.wrong_recipients',
    )
    expect(addWith(team, person, () => ({}))).toBe('accepted')
    expect(addWith(team, person, () => ({}))).toBe('member.exists')
  })

  it('L13 a device is certified by its member’s own key and stands once', () => {
    const team = new TestTeam()
    const person = new Person('Ben')
    const other = new Person('Eve')
    const foreign = { ...person.deviceRecord(team.id), signature: other.deviceRecord(team.id).signature }
    expect(addWith(team, person, () => ({ device: foreign }))).toBe('device.certificate')
    const swapped = { ...person.deviceRecord(team.id), signKey: other.device.sign.publicKey }
    expect(addWith(team, person, () => ({ device: swapped }))).toBe('device.certificate')
    expect(addWith(team, person, () => ({}))).toBe('accepted')
    const again = { teamKeyEpoch: 0, device: person.deviceRecord(team.id) }
    expect(team.write(person, 'device.add', again, { name: 'again' }).outcome).toBe('device.exists')
  })

  it('L3 L13 a new device certifies itself with the member’s key, and only with it', () => {
    const team = new TestTeam()
    const { founder } = team
    const device = founder.newDevice()
    const plain = { teamKeyEpoch: 0, device: founder.deviceRecord(team.id, device) }
    expect(team.write(new Person('Eve'), 'device.add', plain, { name: 'phone' }, { device }).outcome).toBe(
      'chain.author',
    )
    expect(team.write(founder, 'device.add', plain, { name: 'phone' }, { device }).outcome).toBe('accepted')
    const vault = { teamKeyEpoch: 0, vault: newId() }
    expect(team.write(founder, 'vault.create', vault, { name: 'v' }, { device }).outcome).toBe('accepted')
    const removal = { teamKeyEpoch: 0, device: device.device }
    expect(team.write(founder, 'device.remove', removal, {}).outcome).toBe('accepted')
    expect(team.write(founder, 'device.remove', removal, {}).outcome).toBe('device.unknown')
    const late = { teamKeyEpoch: 0, vault: newId() }
    expect(team.write(founder, 'vault.create', late, { name: 'w' }, { device }).outcome).toBe('author.device')
  })

  it('P21 a credential proves itself over its own enrolment, in this team, for this member', () => {
    const team = new TestTeam()
    const person = new Person('Ben')
    const [first, second] = person.credentialRecords(team.id)
    const key = person.keys[0]
    if (first === undefined || second === undefined || key === undefined) throw new Error('two keys')
    const withFirst = (changed: Partial<typeof first>) =>
      addWith(team, person, () => ({ credentials: [{ ...first, ...changed }, second] }))
    const elsewhere = touch(key, 'enrol', enrolmentFields(newId(), person.member, key))
    expect(withFirst({ proof: elsewhere })).toBe('credential.proof')
    const forOther = touch(key, 'enrol', enrolmentFields(team.id, newId(), key))
    expect(withFirst({ proof: forOther })).toBe('credential.proof')
    const asUnlock = touch(key, 'unlock', enrolmentFields(team.id, person.member, key))
    expect(withFirst({ proof: asUnlock })).toBe('credential.proof')
    expect(withFirst({ publicKey: second.publicKey })).toBe('credential.exists')
    expect(withFirst({ credentialId: second.credentialId })).toBe('credential.exists')
    expect(withFirst({ backupEligible: true })).toBe('credential.flags')
    expect(addWith(team, person, () => ({}))).toBe('accepted')
    const stolen = { teamKeyEpoch: 0, authority: null, credential: first }
    expect(team.write(team.founder, 'credential.add', stolen, { label: 'mine' }).outcome).toBe(
      'credential.exists',
    )
  })

  it('L24 the last security key stays; another may be retired by its member or an admin', () => {
    const team = new TestTeam()
    const ben = team.add(new Person('Ben'), ['developer'])
    const cyd = team.add(new Person('Cyd'), ['developer'])
    const retire = (author: Person, key: { credentialId: Uint8Array } | undefined) =>
      team.write(
        author,
        'credential.retire',
        { teamKeyEpoch: 0, credentialId: key?.credentialId ?? randomBytes(16) },
        { reason: 'broken' },
      ).outcome
    expect(retire(cyd, ben.keys[0])).toBe('author.not_allowed')
    expect(retire(ben, ben.keys[0])).toBe('accepted')
    expect(retire(ben, ben.keys[0])).toBe('credential.unknown')
    expect(retire(team.founder, ben.keys[1])).toBe('credential.last')
    expect(retire(team.founder, cyd.keys[1])).toBe('accepted')
  })

  it('L15 L21 roles: only an admin, never the last one’s own, the audit key follows the auditors', () => {
    const team = new TestTeam()
    const { founder } = team
    const ben = team.add(new Person('Ben'), ['developer'])
    const set = (author: Person, person: Person, changes: Partial<LedgerPlain<'member.roles'>>) =>
      team.write(
        author,
        'member.roles',
        {
          teamKeyEpoch: 0,
          authority: null,
          member: person.member,
          roles: ['developer'],
          auditWrap: null,
          auditKey: null,
          ...changes,
        },
        {},
      ).outcome
    const auditKey = (recipients: Person[], epoch = 1) => ({
      epoch,
      publicKey: randomBytes(1216),
      wraps: recipients.map((each) => wrapFor(each.member)),
      previous: blob(),
    })
    expect(set(ben, ben, { roles: ['admin'] })).toBe('author.not_admin')
    expect(set(founder, founder, {})).toBe('roles.last_admin')
    expect(set(founder, ben, { roles: ['admin', 'admin'] })).toBe('roles.duplicate')
    expect(set(founder, ben, { roles: ['auditor'] })).toBe('audit_key.wrong_recipients')
    expect(set(founder, ben, { roles: ['auditor'], auditWrap: wrapFor(founder.member) })).toBe(
      'audit_key.wrong_recipients',
    )
    expect(
      set(founder, ben, { roles: ['auditor'], auditWrap: wrapFor(ben.member), auditKey: auditKey([ben]) }),
    ).toBe('audit_key.unneeded')
    expect(set(founder, ben, { roles: ['auditor'], auditWrap: wrapFor(ben.member) })).toBe('accepted')
    expect(set(founder, ben, {})).toBe('audit_key.missing')
    expect(set(founder, ben, { auditKey: auditKey([ben]) })).toBe('audit_key.wrong_recipients')
    expect(set(founder, ben, { auditKey: auditKey([founder]) })).toBe('audit_key.wrong_recipients')
    expect(set(founder, ben, { auditKey: auditKey([], 2) })).toBe('audit_key.number')
    expect(set(founder, ben, { auditKey: auditKey([]) })).toBe('accepted')
    expect(set(founder, ben, { roles: ['admin'] })).toBe('accepted')
    expect(set(ben, founder, {})).toBe('accepted')
    expect(set(founder, ben, {})).toBe('author.not_admin')
  })

  it('L18 an environment starts with epoch 0 and a holder; names are unique', () => {
    const team = new TestTeam()
    const { founder } = team
    const vault = team.vault('main')
    const create = (readers: [string, 'hold' | 'view'][], name = 'dev', epoch = 0, inVault = vault) =>
      team.write(
        founder,
        'environment.create',
        { teamKeyEpoch: 0, vault: inVault, epoch: team.epochFor(newId(), epoch, new Map(readers)) },
        { name, policy: INITIAL_POLICY },
      ).outcome
    expect(create([[founder.member, 'view']])).toBe('epoch.no_holder')
    expect(create([[newId(), 'hold']])).toBe('epoch.wrong_recipients')
    expect(create([[founder.member, 'hold']], 'dev', 1)).toBe('epoch.number')
    expect(create([[founder.member, 'hold']], 'dev', 0, newId())).toBe('vault.unknown')
    expect(create([[founder.member, 'hold']])).toBe('accepted')
    expect(create([[founder.member, 'hold']])).toBe('environment.name_taken')
    const again = { teamKeyEpoch: 0, vault: newId() }
    expect(team.write(founder, 'vault.create', again, { name: 'main' }).outcome).toBe('vault.name_taken')
    expect(team.write(founder, 'vault.create', { teamKeyEpoch: 0, vault }, { name: 'other' }).outcome).toBe(
      'vault.exists',
    )
  })
})

import { randomBytes } from '@countersign/crypto/random'
import { cryptoReady } from '@countersign/crypto/ready'
import { newId } from '@countersign/schema/ids'
import type { CredentialRecord } from '@countersign/schema/membership'
import { beforeAll, describe, expect, it } from 'vitest'
import { newSecurityKey, Person, touch } from '../test/person.ts'
import { TestTeam } from '../test/team.ts'
import { enrolmentFields } from './check-enrolment.ts'
import { credentialsOf } from './projection-lookup.ts'

beforeAll(cryptoReady)

const started = () => {
  const team = new TestTeam()
  const ben = team.add(new Person('Ben'), ['developer'])
  const add = (author: Person, credential: CredentialRecord) => {
    const plain = { teamKeyEpoch: 0, authority: null, credential }
    return team.write(author, 'credential.add', plain, { label: 'spare' }).outcome
  }
  const invite = (person: Person, credentials: CredentialRecord[]) => {
    const plain = { ...team.addPlain(person, ['developer']), credentials }
    return team.write(team.founder, 'member.add', plain, team.names(person)).outcome
  }
  return { team, ben, add, invite }
}

describe('enrolment', () => {
  it('L14 P21 a credential is new in the team, by its id and by its public key', () => {
    const { team, ben, add, invite } = started()
    const [known] = ben.credentialRecords(team.id)
    if (known === undefined) throw new Error('ben has a key')
    const fresh = team.founder.credentialRecord(team.id, team.founder.newKey())
    expect(add(ben, known)).toBe('credential.exists')
    expect(add(team.founder, known)).toBe('credential.exists')
    expect(add(team.founder, { ...fresh, credentialId: known.credentialId })).toBe('credential.exists')
    expect(add(team.founder, { ...fresh, publicKey: known.publicKey })).toBe('credential.exists')
    const cyd = new Person('Cyd')
    const [own, second] = cyd.credentialRecords(team.id)
    if (own === undefined || second === undefined) throw new Error('cyd has two keys')
    expect(invite(cyd, [own, known])).toBe('credential.exists')
    expect(invite(cyd, [own, own])).toBe('credential.exists')
    expect(add(team.founder, fresh)).toBe('accepted')
    expect(invite(cyd, [own, second])).toBe('accepted')
  })

  it('L14 P21 it signed its own enrolment, here, by this member, with user verification', () => {
    const { team, ben, add } = started()
    const key = ben.newKey()
    const record = ben.credentialRecord(team.id, key)
    const proved = (fields: Parameters<typeof touch>[2], purpose: 'enrol' | 'unlock' = 'enrol') =>
      add(ben, { ...record, proof: touch(key, purpose, fields) })
    const fields = enrolmentFields(team.id, ben.member, key)
    expect(proved({ ...fields, team: newId() })).toBe('credential.proof')
    expect(proved({ ...fields, member: team.founder.member })).toBe('credential.proof')
    expect(proved({ ...fields, publicKey: randomBytes(77) })).toBe('credential.proof')
    expect(proved(fields, 'unlock')).toBe('credential.proof')
    const [other] = ben.keys
    if (other === undefined) throw new Error('ben has a key')
    expect(add(ben, { ...record, proof: touch(other, 'enrol', fields) })).toBe('credential.proof')
    const untouched = newSecurityKey(ben.member, { userVerified: false })
    expect(add(ben, ben.credentialRecord(team.id, untouched))).toBe('credential.proof')
    expect(add(team.founder, record)).toBe('credential.proof')
    expect(add(ben, { ...record, proof: { ...record.proof, credentialId: randomBytes(32) } })).toBe(
      'credential.proof',
    )
    expect(add(ben, record)).toBe('accepted')
    expect(credentialsOf(team.state.projection, ben.member)).toHaveLength(3)
  })

  it('L14 P21 its flags are those it signed, and a synced one is refused', () => {
    const { team, ben, add, invite } = started()
    const hardware = ben.credentialRecord(team.id, ben.newKey())
    expect(add(ben, { ...hardware, backupEligible: true })).toBe('credential.flags')
    expect(add(ben, { ...hardware, backupState: true })).toBe('credential.flags')
    const synced = ben.credentialRecord(team.id, newSecurityKey(ben.member, { backupEligible: true }))
    expect(add(ben, synced)).toBe('credential.flags')
    expect(add(ben, { ...synced, backupEligible: true, backupState: true })).toBe(
      'credential.backup_eligible',
    )
    const cyd = new Person('Cyd')
    const [own] = cyd.credentialRecords(team.id)
    const passkey = newSecurityKey(cyd.member, { backupEligible: true })
    const record = { ...cyd.credentialRecord(team.id, passkey), backupEligible: true, backupState: true }
    if (own === undefined) throw new Error('cyd has a key')
    expect(invite(cyd, [own, record])).toBe('credential.backup_eligible')
    expect(add(ben, hardware)).toBe('accepted')
  })

  it('L12 a newcomer’s id and keys are new in the team, also those of members who left', () => {
    const { team, ben } = started()
    const { founder } = team
    team.must(team.remove(founder, ben))
    const add = (person: Person, changes: Partial<ReturnType<Person['memberKeys']>> = {}) => {
      const plain = team.addPlain(person, ['developer'])
      const changed = { ...plain, member: { ...plain.member, ...changes } }
      return team.write(founder, 'member.add', changed, team.names(person)).outcome
    }
    const again = new Person('Ben', 2, ben.member)
    expect(add(again)).toBe('member.exists')
    const cyd = new Person('Cyd')
    expect(add(cyd, { signKey: ben.sign.publicKey })).toBe('member.exists')
    expect(add(cyd, { kemKey: ben.kem.publicKey })).toBe('member.exists')
    expect(add(cyd)).toBe('accepted')
  })

  it('L13 a device’s id and keys are new in the team', () => {
    const { team, ben } = started()
    const device = ben.newDevice()
    const add = (as: typeof device) => {
      const plain = { teamKeyEpoch: 0, device: ben.deviceRecord(team.id, as) }
      return team.write(ben, 'device.add', plain, { name: 'phone' }).outcome
    }
    const { founder } = team
    expect(add({ ...device, device: founder.device.device })).toBe('device.exists')
    expect(add({ ...device, sign: founder.device.sign })).toBe('device.exists')
    expect(add({ ...device, kem: founder.device.kem })).toBe('device.exists')
    expect(add(device)).toBe('accepted')
    expect(add(device)).toBe('device.exists')
  })
})

// Test-only: members, environments, access and policies of a test team.
import { randomBytes } from '@countersign/crypto/random'
import {
  type EnvironmentId,
  type MemberId,
  newId,
  type RequestId,
  type VaultId,
} from '@countersign/schema/ids'
import type { LedgerPlain } from '@countersign/schema/ledger-entries'
import type { Access, CompartmentEpoch, CompartmentWrap } from '@countersign/schema/membership'
import { INITIAL_POLICY, type Level, type Policy, type Role } from '@countersign/schema/policy'
import { activeMembers, currentEpoch, membersWith, readersOf } from '../src/projection-lookup.ts'
import {
  blob,
  type EnvironmentFixture,
  FixtureError,
  LedgerAuthor,
  type Written,
  wrapFor,
} from './ledger-author.ts'
import type { Person } from './person.ts'

export class TeamMembers extends LedgerAuthor {
  vault(name = 'main'): VaultId {
    const vault = newId()
    this.must(this.write(this.founder, 'vault.create', { teamKeyEpoch: this.teamKeyEpoch, vault }, { name }))
    return vault
  }

  epochFor(
    environment: EnvironmentId,
    epoch: number,
    readers: ReadonlyMap<MemberId, Level>,
  ): CompartmentEpoch {
    const wraps: CompartmentWrap[] = [...readers].map(([member, level]) => ({
      member,
      meta: blob(),
      value: level === 'hold' ? blob() : null,
    }))
    const previous = epoch === 0 ? null : blob()
    return {
      environment,
      epoch,
      metaCommitment: randomBytes(32),
      valueCommitment: randomBytes(32),
      wraps,
      previousMeta: previous,
      previousValue: previous,
    }
  }

  /** The next epoch, for the current readers less `without`, or with other levels. */
  nextEpoch(environment: EnvironmentId, changes: ReadonlyMap<MemberId, Level> = new Map()): CompartmentEpoch {
    const record = this.state.projection.environments.get(environment)
    if (record === undefined) throw new FixtureError('no such environment')
    const readers = readersOf(record)
    for (const [member, level] of changes) {
      if (level === 'none') readers.delete(member)
      else readers.set(member, level)
    }
    return this.epochFor(environment, (currentEpoch(record)?.epoch ?? -1) + 1, readers)
  }

  environment(vault: VaultId, name: string, policy: Policy = INITIAL_POLICY): EnvironmentFixture {
    const environment = newId()
    const epoch = this.epochFor(environment, 0, new Map([[this.founder.member, 'hold']]))
    const plain = { teamKeyEpoch: this.teamKeyEpoch, vault, epoch }
    this.must(this.write(this.founder, 'environment.create', plain, { name, policy }))
    return { environment, vault }
  }

  accessTo(member: MemberId, environment: EnvironmentId, level: Level, approve = false): Access {
    const record = this.state.projection.environments.get(environment)
    const before = record === undefined ? 'none' : (readersOf(record).get(member) ?? 'none')
    const gains = (level !== 'none' && before === 'none') || (level === 'hold' && before !== 'hold')
    const wrap = gains ? { member, meta: blob(), value: level === 'hold' ? blob() : null } : null
    return { environment, level, approve, wrap }
  }

  addPlain(person: Person, roles: Role[], access: Access[] = []): LedgerPlain<'member.add'> {
    return {
      teamKeyEpoch: this.teamKeyEpoch,
      authority: null,
      member: person.memberKeys(roles),
      device: person.deviceRecord(this.id),
      credentials: person.credentialRecords(this.id),
      teamKey: wrapFor(person.member),
      auditKey: roles.includes('auditor') ? wrapFor(person.member) : null,
      access,
      transcript: randomBytes(32),
    }
  }

  add(person: Person, roles: Role[], access: Access[] = []): Person {
    this.must(
      this.write(this.founder, 'member.add', this.addPlain(person, roles, access), this.names(person)),
    )
    return person
  }

  removePlain(member: MemberId, rekey: readonly EnvironmentId[] = []): LedgerPlain<'member.remove'> {
    const { projection } = this.state
    const others = (each: { member: MemberId }) => each.member !== member
    const affected = [...projection.environments.values()].filter((each) => readersOf(each).has(member))
    const auditor = projection.members.get(member)?.roles.includes('auditor') === true
    return {
      teamKeyEpoch: this.teamKeyEpoch,
      member,
      teamKey: {
        epoch: this.teamKeyEpoch + 1,
        commitment: randomBytes(32),
        wraps: activeMembers(projection)
          .filter(others)
          .map((each) => wrapFor(each.member)),
        previous: blob(),
      },
      auditKey: auditor
        ? {
            epoch: projection.auditKeys.length,
            publicKey: randomBytes(1216),
            wraps: membersWith(projection, 'auditor')
              .filter(others)
              .map((each) => wrapFor(each.member)),
            previous: blob(),
          }
        : null,
      epochs: rekey.map((environment) => this.nextEpoch(environment, new Map([[member, 'none']]))),
      cuts: affected.map(({ environment }) => ({ environment, head: this.compartmentHead(environment) })),
    }
  }

  remove(author: Person, person: Person, rekey: readonly EnvironmentId[] = []): Written {
    return this.write(author, 'member.remove', this.removePlain(person.member, rekey), { reason: '' })
  }

  setPolicy(
    author: Person,
    environment: EnvironmentId,
    policy: Policy,
    authority: RequestId | null = null,
  ): Written {
    return this.write(author, 'policy.set', this.policyPlain(environment, authority), policy)
  }

  policyPlain(environment: EnvironmentId, authority: RequestId | null = null): LedgerPlain<'policy.set'> {
    const version = (this.state.policies.get(environment)?.version ?? 0) + 1
    return { teamKeyEpoch: this.teamKeyEpoch, authority, environment, version }
  }

  setAccess(
    author: Person,
    person: Person,
    access: Access[],
    changes: Partial<LedgerPlain<'member.access'>> = {},
  ): Written {
    return this.write(author, 'member.access', this.accessPlain(person, access, changes), {})
  }

  accessPlain(
    person: Person,
    access: Access[],
    changes: Partial<LedgerPlain<'member.access'>> = {},
  ): LedgerPlain<'member.access'> {
    const { member } = person
    return {
      teamKeyEpoch: this.teamKeyEpoch,
      authority: null,
      member,
      access,
      epochs: [],
      cuts: [],
      ...changes,
    }
  }
}

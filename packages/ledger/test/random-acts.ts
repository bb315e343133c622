// Test-only: whatever a member may try, by whoever and in whatever order; many are refused, which is as good an entry as any.
import { newId } from '@countersign/schema/ids'
import { INITIAL_POLICY, type Level, type Role } from '@countersign/schema/policy'
import type { ChangeContent } from '../src/change.ts'
import { credentialsOf } from '../src/projection-lookup.ts'
import type { Company } from './company.ts'
import { FixtureError, policyOf, quorumOf, type Written, wrapFor } from './ledger-author.ts'
import type { Pick } from './mangle.ts'
import { Person } from './person.ts'

const LEVELS: readonly Level[] = ['none', 'view', 'request', 'hold']
const POLICIES = [
  policyOf(quorumOf(1)),
  policyOf(quorumOf(2)),
  policyOf({ op: 'none' }),
  policyOf({ op: 'all', rules: [quorumOf(1, 'holders'), quorumOf(1)] }),
  policyOf({ op: 'any', rules: [quorumOf(2, 'admins'), quorumOf(1, 'holders')] }, { selfApproval: true }),
  policyOf({ op: 'sequence', rules: [quorumOf(1), quorumOf(1, 'holders')] }),
]

export class RandomActs {
  readonly #all: Company
  readonly #people: Person[]
  /** Changes that somebody asked the quorum for. */
  readonly #asked: { content: ChangeContent; request: string }[] = []

  constructor(all: Company) {
    this.#all = all
    this.#people = [all.ada, all.ben, all.cyd, all.dev, all.auditor]
  }

  #any<T>(list: readonly T[], pick: Pick): T {
    const found = list[pick(list.length)]
    if (found === undefined) throw new FixtureError('there is nothing to choose from')
    return found
  }

  /** One entry, accepted or refused; nothing where there is nothing to act on. */
  act(pick: Pick): Written | undefined {
    const before = this.#all.team.entries.length
    try {
      this.#any([this.#onRequest, this.#onRequest, this.#onMember, this.#onKeys, this.#onTeam], pick).call(
        this,
        pick,
      )
    } catch (error) {
      // A fixture says so where it needs what is not there, such as a request to approve.
      if (!(error instanceof FixtureError)) throw error
    }
    return this.#all.team.entries[before]
  }

  #onRequest(pick: Pick): void {
    const { team, dev, ada, production, item } = this.#all
    const by = this.#any(this.#people, pick)
    const ids = team.state.requests.ids()
    const request = ids[Math.max(0, ids.length - 1 - pick(4))] ?? newId()
    const act = pick(10)
    if (act === 0) team.request(by, team.bindingBody(by, team.terms(production, [item])))
    if (act === 1) team.request(dev, team.bindingBody(dev, team.terms(production, [item, newId()])))
    if (act === 2 || act === 3 || act === 4) team.approve(by, request)
    if (act === 5) team.issue(pick(2) === 0 ? ada : by, request)
    if (act === 6) team.release(by, request, item, 1 + pick(4))
    if (act === 7) team.revoke(by, request)
    if (act === 8) pick(2) === 0 ? team.deny(by, request) : team.cancel(by, request)
    if (act === 9) team.withdraw(by, request)
  }

  #onMember(pick: Pick): void {
    const { team, ada, production, development } = this.#all
    const by = pick(3) === 0 ? this.#any(this.#people, pick) : ada
    const whom = this.#any(this.#people, pick)
    const { environment } = this.#any([production, development], pick)
    const act = pick(4)
    if (act === 0) {
      const level = this.#any(LEVELS, pick)
      const cuts = pick(2) === 0 ? [] : [{ environment, head: null }]
      const epochs = pick(2) === 0 ? [] : [team.nextEpoch(environment, new Map([[whom.member, level]]))]
      const access = [team.accessTo(whom.member, environment, level, level !== 'none' && pick(2) === 0)]
      const content = {
        type: 'member.access' as const,
        plain: team.accessPlain(whom, access, { cuts, epochs }),
        body: {},
      }
      this.#change(by, content, pick)
    }
    if (act === 1 && this.#people.length < 9) {
      const person = new Person(`P${this.#people.length}`)
      const roles: Role[] = this.#any([['developer'], ['admin'], ['auditor'], []], pick)
      const access = pick(2) === 0 ? [] : [team.accessTo(person.member, environment, 'hold', true)]
      const plain = team.addPlain(person, roles, access)
      if (this.#change(by, { type: 'member.add', plain, body: team.names(person) }, pick))
        this.#people.push(person)
    }
    if (act === 2 && pick(2) === 0) team.remove(by, whom, pick(2) === 0 ? [] : [environment])
    if (act === 3) {
      const roles: Role[] = this.#any([['developer'], ['admin'], ['auditor', 'admin']], pick)
      const auditWrap = roles.includes('auditor') ? wrapFor(whom.member) : null
      const plain = {
        teamKeyEpoch: team.teamKeyEpoch,
        authority: null,
        member: whom.member,
        roles,
        auditWrap,
        auditKey: null,
      }
      this.#change(by, { type: 'member.roles', plain, body: {} }, pick)
    }
  }

  #onKeys(pick: Pick): void {
    const { team } = this.#all
    const { teamKeyEpoch } = team
    const by = this.#any(this.#people, pick)
    const act = pick(4)
    const device = this.#any(by.devices, pick)
    if (act === 0) {
      const own = pick(3) === 0 ? device : by.newDevice()
      team.write(
        by,
        'device.add',
        { teamKeyEpoch, device: by.deviceRecord(team.id, own) },
        { name: 'phone' },
        { device: own },
      )
    }
    if (act === 1 && by.devices.length > 1) {
      team.write(this.#any(this.#people, pick), 'device.remove', { teamKeyEpoch, device: device.device }, {})
    }
    if (act === 2) {
      const credential = by.credentialRecord(team.id, by.newKey())
      const plain = { teamKeyEpoch, authority: null, credential }
      this.#change(by, { type: 'credential.add', plain, body: { label: 'spare' } }, pick)
    }
    if (act === 3) {
      const { credentialId } = this.#any(credentialsOf(team.state.projection, by.member), pick)
      team.write(by, 'credential.retire', { teamKeyEpoch, credentialId }, { reason: '' })
    }
  }

  #onTeam(pick: Pick): void {
    const { team, ada, production, development } = this.#all
    const { teamKeyEpoch } = team
    const by = pick(3) === 0 ? this.#any(this.#people, pick) : ada
    const { environment, vault } = this.#any([production, development], pick)
    const act = pick(5)
    if (act === 0) team.write(by, 'vault.create', { teamKeyEpoch, vault: newId() }, { name: `v${pick(3)}` })
    if (act === 1) {
      const epoch = team.epochFor(newId(), 0, new Map([[by.member, 'hold']]))
      team.write(
        by,
        'environment.create',
        { teamKeyEpoch, vault, epoch },
        { name: `e${pick(3)}`, policy: INITIAL_POLICY },
      )
    }
    if (act === 2) {
      const epoch = team.nextEpoch(environment)
      team.write(by, 'epoch.start', { teamKeyEpoch, epoch, cut: { environment, head: null } }, {})
    }
    if (act === 3) {
      const body = this.#any(POLICIES, pick)
      this.#change(by, { type: 'policy.set', plain: team.policyPlain(environment), body }, pick)
    }
    if (act === 4 && pick(4) === 0) team.write(by, 'bootstrap.close', { teamKeyEpoch }, {})
  }

  /** A change alone, or the quorum for it, or one that was asked before: true where it was carried out. */
  #change(by: Person, content: ChangeContent, pick: Pick): boolean {
    const { team } = this.#all
    const how = pick(4)
    if (how === 0) {
      this.#asked.push({ content, request: team.askChange(by, content) })
      return false
    }
    const known = how === 1 ? this.#asked[pick(this.#asked.length)] : undefined
    const { type, plain, body } = known?.content ?? content
    const authority = known?.request ?? null
    return team.write(by, type, { ...plain, authority } as never, body as never).outcome === 'accepted'
  }
}

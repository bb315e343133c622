import type { Envelope } from '@countersign/schema/entry'
import { toHex } from '@countersign/schema/hex'
import type { LedgerContent, LedgerPlain } from '@countersign/schema/ledger-entries'
import type { CredentialRecord } from '@countersign/schema/membership'
import type { Policy } from '@countersign/schema/policy'
import { environmentsOf } from './eligible.ts'
import { endWhere } from './ending.ts'
import { accessOf, activeMember, atLeast } from './projection-lookup.ts'
import type { RefusalCode } from './refusal.ts'
import { expandRule, leavesOf } from './rule.ts'
import type { LedgerState } from './state.ts'

/** L35: every named person is an active member, and the rule has a plain meaning. Whether anybody can satisfy it is a warning. */
export const checkPolicy = (state: LedgerState, policy: Policy): RefusalCode | null => {
  for (const { of } of leavesOf(policy.rule)) {
    if (of.kind !== 'members') continue
    if (of.members.some((member) => activeMember(state.projection, member) === undefined)) {
      return 'policy.unknown_member'
    }
  }
  const expansion = expandRule(policy.rule)
  return expansion.ok ? null : expansion.code
}

const environmentNameTaken = (state: LedgerState, vault: string, name: string): boolean => {
  for (const environment of state.projection.environments.values()) {
    if (environment.vault === vault && state.names.environments.get(environment.environment) === name)
      return true
  }
  return false
}

/** What the sealed body of an entry about members, vaults and policies adds to the checks on its clear part. */
export const checkMembershipBody = (state: LedgerState, content: LedgerContent): RefusalCode | null => {
  switch (content.type) {
    case 'vault.create':
      return [...state.names.vaults.values()].includes(content.body.name) ? 'vault.name_taken' : null
    case 'environment.create':
      if (environmentNameTaken(state, content.plain.vault, content.body.name)) return 'environment.name_taken'
      return checkPolicy(state, content.body.policy)
    case 'policy.set': {
      const current = state.policies.get(content.plain.environment)
      if (current === undefined) return 'environment.unknown'
      if (content.plain.version !== current.version + 1) return 'policy.version'
      return checkPolicy(state, content.body)
    }
    default:
      return null
  }
}

const nameNewcomer = (
  state: LedgerState,
  plain: LedgerPlain<'team.create'> | LedgerPlain<'member.add'>,
  body: { name: string; device: string; credentials: readonly string[] },
): void => {
  state.names.members.set(plain.member.member, body.name)
  state.names.devices.set(plain.device.device, body.device)
  for (const [index, credential] of plain.credentials.entries()) {
    nameCredential(state, credential, body.credentials[index] ?? '')
  }
}

const nameCredential = (state: LedgerState, credential: CredentialRecord, label: string): void => {
  state.names.credentials.set(toHex(credential.credentialId), label)
}

const setPolicy = (
  state: LedgerState,
  envelope: Envelope,
  environment: string,
  version: number,
  policy: Policy,
) => {
  const { member: setBy, seq: setAt, time } = envelope
  state.policies.set(environment, { version, policy, setBy, setAt, time })
}

/** What an accepted entry changes beyond the projection: names, policies, and the requests and grants it ends (L34). */
export const applyMembership = (state: LedgerState, envelope: Envelope, content: LedgerContent): void => {
  const { projection, names } = state
  switch (content.type) {
    case 'team.create':
      names.team = content.body.team
      nameNewcomer(state, content.plain, content.body)
      return
    case 'vault.create':
      names.vaults.set(content.plain.vault, content.body.name)
      return
    case 'environment.create': {
      const { environment } = content.plain.epoch
      names.environments.set(environment, content.body.name)
      setPolicy(state, envelope, environment, 0, content.body.policy)
      return
    }
    case 'member.add':
      nameNewcomer(state, content.plain, content.body)
      return
    case 'device.add':
      names.devices.set(content.plain.device.device, content.body.name)
      return
    case 'credential.add':
      nameCredential(state, content.plain.credential, content.body.label)
      return
    case 'policy.set': {
      const { environment, version } = content.plain
      setPolicy(state, envelope, environment, version, content.body)
      endWhere(
        state,
        envelope,
        'policy_changed',
        (record) => record.state === 'open' && environmentsOf(record).includes(environment),
      )
      return
    }
    case 'member.access': {
      const { member } = content.plain
      endWhere(state, envelope, 'access_lost', ({ body }) => {
        if (body.kind !== 'binding' || body.requester !== member) return false
        return !atLeast(accessOf(projection, body.terms.environment, member).level, 'request')
      })
      return
    }
    case 'member.remove': {
      const { member } = content.plain
      endWhere(state, envelope, 'member_removed', ({ body }) => body.requester === member)
      return
    }
    case 'device.remove': {
      const { device } = content.plain
      endWhere(state, envelope, 'device_removed', ({ body }) => body.device === device)
      return
    }
    default:
      return
  }
}

import { type NewcomerRecords, newcomerRecords } from '@countersign/client/members/new-member'
import type { KeyPair } from '@countersign/crypto/key-pair'
import { randomBytes } from '@countersign/crypto/random'
import type { Secret } from '@countersign/crypto/secret'
import type { LedgerPlain } from '@countersign/schema/ledger-entries'
import type { Access } from '@countersign/schema/membership'
import type { Role } from '@countersign/schema/policy'
import type { Pen } from '../double/forge.ts'
import { Actor } from './actor.ts'
import type { Company } from './company.ts'

/** As long as what is really sealed there; nobody can open it. */
export const unopenable = (): Uint8Array => randomBytes(1258)

/** An identity that the attacker made up, with all its keys. */
export const stranger = async (company: Company, name = 'Eve'): Promise<Actor> => {
  const eve = new Actor(company.stage, name, () => company.team)
  await eve.enrolTwoKeys()
  return eve
}

/** Writes in somebody's name: with their own key where it was stolen, otherwise with one that is not theirs. */
export const penOf = (company: Company, author: Actor, key: KeyPair = author.signKeys): Pen => ({
  team: company.team,
  member: author.member,
  device: author.device,
  key,
})

/** The team key, from any member who helps. */
export const teamKeyOf = (actor: Actor): { readonly epoch: number; readonly key: Secret } => {
  const epoch = actor.session.ledger.projection.teamKeys.at(-1)?.epoch ?? 0
  const key = actor.session.ring.teamKey(epoch)
  if (key === null) throw new Error(`${actor.name} has no team key`)
  return { epoch, key }
}

/** An access with wraps of the right form that hold nothing: later epochs are what its subject is after. */
export const accessTo = (
  environment: string,
  member: string,
  level: 'hold' | 'request',
  approve = false,
): Access => ({
  environment,
  level,
  approve,
  wrap: { member, meta: unopenable(), value: level === 'hold' ? unopenable() : null },
})

/** The clear part of an entry that makes `who` a member. */
export const membershipOf = (
  company: Company,
  who: Actor,
  roles: Role[],
  access: Access[],
  change: (records: NewcomerRecords) => NewcomerRecords = (records) => records,
): Omit<LedgerPlain<'member.add'>, 'teamKeyEpoch'> => ({
  authority: null,
  ...change(newcomerRecords(company.team, who.newMember(), roles)),
  teamKey: { member: who.member, blob: unopenable() },
  auditKey: null,
  access,
  transcript: randomBytes(32),
})

export const NAMES = { name: 'Recovery', device: 'Recovery', credentials: ['1', '2'] }

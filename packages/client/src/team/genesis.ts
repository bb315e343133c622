import { memberKeys } from '@countersign/crypto/derive'
import { sign } from '@countersign/crypto/sign'
import { entryHash } from '@countersign/ledger/entry-hash'
import { ENTRY_PURPOSE, type Envelope, encodeEntry, encodeEnvelope } from '@countersign/schema/entry'
import { LEDGER, newId } from '@countersign/schema/ids'
import type { LedgerBody, LedgerPlain } from '@countersign/schema/ledger-entries'
import type { Role } from '@countersign/schema/policy'
import { newAuditKeyEpoch, newTeamKeyEpoch } from '../keys/epochs.ts'
import { type NewMember, newcomerRecords } from '../members/new-member.ts'
import { sealBody } from './entry-body.ts'

/**
 * Roles of whoever creates a team. The audit seed can be passed on only by somebody who has it, so the first member is an auditor
 * too, until they give the role up.
 */
const FOUNDER_ROLES: Role[] = ['admin', 'auditor']

export interface Genesis {
  readonly entry: Uint8Array
  readonly hash: Uint8Array
}

/** A team's first entry (L10). `team` is `teamIdOf(nonce, the founder's signing key)`. */
export const buildGenesis = (
  team: string,
  nonce: Uint8Array,
  teamName: string,
  founder: NewMember,
  now: number,
): Genesis => {
  const records = newcomerRecords(team, founder, FOUNDER_ROLES)
  const self = { member: founder.member, kemKey: records.member.kemKey }
  const teamKey = newTeamKeyEpoch(team, 0, [self], null)
  const auditKey = newAuditKeyEpoch(team, 0, [self], null)
  const plain: LedgerPlain<'team.create'> = {
    nonce,
    ...records,
    teamKey: teamKey.record,
    auditKey: auditKey.record,
    teamKeyEpoch: 0,
  }
  const body: LedgerBody<'team.create'> = {
    team: teamName,
    name: founder.name,
    device: founder.deviceName,
    credentials: [...founder.labels],
  }
  const id = newId()
  const envelope: Envelope = {
    v: 1,
    team,
    stream: LEDGER,
    seq: 0,
    prev: new Uint8Array(32),
    ledger: null,
    id,
    member: founder.member,
    device: founder.device,
    type: 'team.create',
    time: now,
    plain,
    body: sealBody<'team.create'>(team, id, 0, teamKey.key, body),
  }
  teamKey.key.wipe()
  auditKey.seed.wipe()
  const bytes = encodeEnvelope(envelope)
  const keys = memberKeys(founder.root)
  const entry = encodeEntry(bytes, sign(keys.sign.secretKey, ENTRY_PURPOSE, bytes))
  return { entry, hash: entryHash(entry) }
}

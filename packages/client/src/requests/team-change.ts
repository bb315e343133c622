import type { ChangeContent } from '@countersign/ledger/change'
import { hashSchema, nameSchema } from '@countersign/schema/bytes'
import { idSchema } from '@countersign/schema/ids'
import {
  credentialSchema,
  deviceSchema,
  memberKeysSchema,
  memberNamesSchema,
} from '@countersign/schema/membership'
import { levelSchema, policySchema, roleSchema } from '@countersign/schema/policy'
import { z } from 'zod'
import { memberAccess, memberAdd, memberRoles } from '../members/member-entries.ts'
import { type Author, type EntryDraft, type HeadOf, ledgerDraft } from '../team/author.ts'

const accessChange = z.strictObject({ environment: idSchema, level: levelSchema, approve: z.boolean() })

/** A change to the team that may need a quorum (P3), without the keys that are sealed when it is carried out. */
export const teamChangeSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('member.add'),
    newcomer: z.strictObject({
      member: memberKeysSchema,
      device: deviceSchema,
      credentials: z.array(credentialSchema).min(1).max(20),
    }),
    names: memberNamesSchema,
    access: z.array(accessChange).max(200),
    transcript: hashSchema,
  }),
  z.strictObject({
    type: z.literal('member.access'),
    member: idSchema,
    access: z.array(accessChange).min(1).max(200),
  }),
  z.strictObject({ type: z.literal('member.roles'), member: idSchema, roles: z.array(roleSchema).max(3) }),
  z.strictObject({
    type: z.literal('policy.set'),
    environment: idSchema,
    version: z.number().int().min(1),
    policy: policySchema,
  }),
  z.strictObject({ type: z.literal('credential.add'), credential: credentialSchema, label: nameSchema }),
])
export type TeamChange = z.infer<typeof teamChangeSchema>

/** The entry of a change on top of the state as it is now; throws ClientError `keys.missing` where the author lacks a key to give. */
export const changeEntry = (
  author: Author,
  headOf: HeadOf,
  change: TeamChange,
  authority: string | null,
  id: string,
): { content: ChangeContent; draft: EntryDraft } => {
  const epoch = author.projection.teamKeys.at(-1)?.epoch ?? 0
  switch (change.type) {
    case 'member.add': {
      const { newcomer, access, transcript, names } = change
      const plain = memberAdd(author, newcomer, access, transcript, authority)
      return {
        content: { type: change.type, plain: { ...plain, teamKeyEpoch: epoch }, body: names },
        draft: ledgerDraft(author, change.type, plain, names, id),
      }
    }
    case 'member.access': {
      const plain = memberAccess(author, change.member, change.access, headOf, authority)
      return {
        content: { type: change.type, plain: { ...plain, teamKeyEpoch: epoch }, body: {} },
        draft: ledgerDraft(author, change.type, plain, {}, id),
      }
    }
    case 'member.roles': {
      const plain = memberRoles(author, change.member, change.roles, authority)
      return {
        content: { type: change.type, plain: { ...plain, teamKeyEpoch: epoch }, body: {} },
        draft: ledgerDraft(author, change.type, plain, {}, id),
      }
    }
    case 'policy.set': {
      const { environment, version, policy } = change
      const plain = { authority, environment, version }
      return {
        content: { type: change.type, plain: { ...plain, teamKeyEpoch: epoch }, body: policy },
        draft: ledgerDraft(author, change.type, plain, policy, id),
      }
    }
    case 'credential.add': {
      const plain = { authority, credential: change.credential }
      const body = { label: change.label }
      return {
        content: { type: change.type, plain: { ...plain, teamKeyEpoch: epoch }, body },
        draft: ledgerDraft(author, change.type, plain, body, id),
      }
    }
  }
}

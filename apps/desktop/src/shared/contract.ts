import { nameSchema, noteSchema } from '@countersign/schema/bytes'
import { idSchema } from '@countersign/schema/ids'
import { itemValueSchema, slugSchema } from '@countersign/schema/item'
import { levelSchema, policySchema, roleSchema } from '@countersign/schema/policy'
import { termsSchema } from '@countersign/schema/request'
import { z } from 'zod'
import { type CallError, callError } from './call-error.ts'
import { exportView, importView } from './job-views.ts'
import { sealedTextSchema, sealingKeySchema } from './sealed-text-schema.ts'
import * as v from './views.ts'

/**
 * The whole boundary between windows and the core: `noun.verb` → request, reply. There is no generic get, decrypt or invoke.
 * `from`: which window may call it. Errors are values: see `callError`.
 */
const call = <Request extends z.ZodType, Reply extends z.ZodType>(
  from: 'app' | 'signing',
  request: Request,
  reply: Reply,
) => ({ from, request, reply })
const none = z.strictObject({})
const sheetText = z.string().max(4000)
/** Sealed to the window's key `to` where the request has one, and then not in clear: main carries it. */
const shown = z.strictObject({
  value: z.string().nullable(),
  sealed: sealedTextSchema.nullable(),
  hideAfterMs: z.number(),
})
/** Fields and values as JSON of `itemValueSchema`, sealed to the key of `item.typingKey`; in clear from a headless caller. */
const typedValue = z.union([itemValueSchema, sealedTextSchema])
/** How many rows a list gives beside those that it always gives. */
const listLimit = z.number().int().min(0).max(100_000)
const accessRequest = z.strictObject({ environment: idSchema, level: levelSchema, approve: z.boolean() })

export const contract = {
  'status.get': call('app', none, v.statusView),

  // First start: two ways in before anything else. The same steps serve creating a team and joining one.
  'setup.enrolKey': call(
    'app',
    z.strictObject({ label: nameSchema }),
    z.strictObject({ keys: z.array(z.strictObject({ label: z.string(), software: z.boolean() })) }),
  ),
  'setup.newRecoveryCode': call(
    'app',
    none,
    z.strictObject({ text: z.string(), ask: z.array(z.number().int()) }),
  ),
  /** `groups`: what was typed for the group numbers in `ask`. */
  'setup.confirmRecoveryCode': call(
    'app',
    z.strictObject({ groups: z.array(z.string().max(12)) }),
    z.strictObject({ confirmed: z.boolean() }),
  ),
  'setup.state': call(
    'app',
    none,
    z.strictObject({
      keys: z.array(z.strictObject({ label: z.string(), software: z.boolean() })),
      recovery: z.enum(['none', 'shown', 'confirmed']),
      ready: z.boolean(),
    }),
  ),
  'setup.reset': call('app', none, none),
  'team.create': call(
    'app',
    z.strictObject({
      server: z.string().max(300),
      setupToken: z.string().max(200),
      team: nameSchema,
      name: nameSchema,
      device: nameSchema,
    }),
    v.statusView,
  ),
  'invite.read': call('app', z.strictObject({ link: z.string().max(4000) }), v.joinView),
  'invite.join': call('app', z.strictObject({ name: nameSchema, device: nameSchema }), v.joinView),
  'invite.joinState': call('app', none, v.joinView),
  /** The invited person says that both codes are the same (or not). */
  'invite.confirmJoin': call('app', z.strictObject({ same: z.boolean() }), v.joinView),

  'vault.unlock': call('app', none, v.statusView),
  'vault.unlockWithRecoveryCode': call('app', z.strictObject({ text: z.string().max(100) }), v.statusView),

  // A new computer of somebody who is in a team already: their recovery sheet, and a way in.
  'sheet.read': call('app', z.strictObject({ text: sheetText }), z.strictObject({ server: z.string() })),
  'sheet.openWithKey': call('app', z.strictObject({ text: sheetText, device: nameSchema }), v.statusView),
  'sheet.openWithCode': call(
    'app',
    z.strictObject({ text: sheetText, code: z.string().max(100), device: nameSchema }),
    v.statusView,
  ),
  /** The sheet as of now; what it says is no secret. */
  'sheet.get': call('app', none, v.sheetView),
  'sheet.copy': call('app', none, z.strictObject({ clearAfterMs: z.number() })),
  /** The person says that they keep it. */
  'sheet.kept': call('app', none, v.statusView),
  /** The only member of a team says that they know that nobody can confirm this computer. */
  'confirmation.acknowledge': call('app', none, v.statusView),

  /** Somebody who was removed begins anew on this computer; what was there is moved aside. The core ends and starts again. */
  'installation.startOver': call('app', none, none),

  'bootstrap.close': call('app', none, v.statusView),
  'vaults.list': call('app', none, z.array(v.vaultView)),
  'vault.create': call(
    'app',
    z.strictObject({ name: slugSchema, environments: z.array(slugSchema).min(1).max(20) }),
    v.vaultView,
  ),
  'environment.create': call('app', z.strictObject({ vault: idSchema, name: slugSchema }), v.vaultView),
  'environment.rekey': call('app', z.strictObject({ environment: idSchema }), none),

  'items.list': call('app', none, z.array(v.itemRow)),
  'item.get': call('app', z.strictObject({ item: idSchema }), v.itemDetail),
  /** What a window seals typed values to; of this core, so gone with a lock. */
  'item.typingKey': call('app', none, z.strictObject({ to: sealingKeySchema })),
  'item.create': call(
    'app',
    z.strictObject({
      environment: idSchema,
      name: slugSchema,
      provider: z.string().max(40),
      value: typedValue,
      note: noteSchema,
      models: z.array(nameSchema).max(50),
    }),
    v.itemDetail,
  ),
  /** A new version on top of `base`; fields left out keep their value. */
  'item.update': call(
    'app',
    z.strictObject({
      item: idSchema,
      base: z.number().int().min(1),
      value: typedValue,
      note: noteSchema.optional(),
      models: z.array(nameSchema).max(50).optional(),
    }),
    v.itemDetail,
  ),
  'item.rollback': call(
    'app',
    z.strictObject({ item: idSchema, base: z.number().int().min(1), to: z.number().int().min(1) }),
    v.itemDetail,
  ),
  'item.delete': call('app', z.strictObject({ item: idSchema, base: z.number().int().min(1) }), none),
  /** One field, shown for a short while; audited before it is answered. */
  'item.reveal': call(
    'app',
    z.strictObject({
      item: idSchema,
      field: z.string().max(40),
      version: z.number().int().min(1).optional(),
      to: sealingKeySchema.optional(),
    }),
    shown,
  ),
  /** To the clipboard without passing through the window; cleared after `clearAfterMs`. */
  'item.copy': call(
    'app',
    z.strictObject({ item: idSchema, field: z.string().max(40) }),
    z.strictObject({ clearAfterMs: z.number() }),
  ),

  /** Asks which env file, then reads it; resolves at once. */
  'import.choose': call('app', none, importView),
  'import.state': call('app', none, z.strictObject({ import: importView.nullable() })),
  /** Adds these, under these names, to one environment; resolves at once. */
  'import.start': call(
    'app',
    z.strictObject({
      id: idSchema,
      environment: idSchema,
      rows: z
        .array(z.strictObject({ row: z.number().int().min(0), name: slugSchema }))
        .min(1)
        .max(1000),
    }),
    importView,
  ),
  /** What was added stays; the core lets go of the rest. */
  'import.cancel': call('app', none, z.strictObject({ import: importView.nullable() })),

  /** The versions to choose from where some were written beside each other (P19); what counts now first. */
  'item.choices': call('app', z.strictObject({ item: idSchema }), v.choicesView),
  'item.revealChoice': call(
    'app',
    z.strictObject({
      item: idSchema,
      choice: z.string().max(60),
      field: z.string().max(40),
      to: sealingKeySchema.optional(),
    }),
    shown,
  ),
  /** What was chosen becomes a version on top of `base`. */
  'item.settle': call(
    'app',
    z.strictObject({ item: idSchema, base: z.number().int().min(1), choice: z.string().max(60) }),
    z.strictObject({ deleted: z.boolean() }),
  ),
  /** Changes made offline that could not be made. */
  'stranded.list': call('app', none, z.array(v.strandedRow)),
  /** Makes it on top of what counts now. */
  'stranded.retry': call('app', z.strictObject({ id: idSchema }), none),
  'stranded.discard': call('app', z.strictObject({ id: idSchema }), none),

  'members.list': call('app', none, z.array(v.memberView)),
  'member.remove': call(
    'app',
    z.strictObject({ member: idSchema, reason: noteSchema }),
    z.strictObject({ worklist: z.array(v.worklistRow) }),
  ),
  'member.access': call(
    'app',
    z.strictObject({ member: idSchema, access: z.array(accessRequest).min(1).max(200) }),
    z.strictObject({ applied: z.boolean(), request: idSchema.nullable() }),
  ),
  'member.roles': call(
    'app',
    z.strictObject({ member: idSchema, roles: z.array(roleSchema).max(3) }),
    z.strictObject({ applied: z.boolean(), request: idSchema.nullable() }),
  ),
  'invites.list': call('app', none, z.array(v.inviteView)),
  'invite.create': call(
    'app',
    z.strictObject({
      name: nameSchema,
      roles: z.array(roleSchema).max(3),
      access: z.array(accessRequest).max(200),
      expiresInMs: z
        .number()
        .int()
        .min(60_000)
        .max(7 * 86_400_000),
    }),
    v.inviteView,
  ),
  /** The inviter says that both codes are the same (or not). */
  'invite.confirm': call(
    'app',
    z.strictObject({ invite: z.string().max(100), same: z.boolean() }),
    v.inviteView,
  ),
  'invite.cancel': call('app', z.strictObject({ invite: z.string().max(100) }), none),
  'worklist.list': call('app', none, z.array(v.worklistRow)),

  'policy.check': call(
    'app',
    z.strictObject({ environment: idSchema, policy: policySchema }),
    z.array(v.policyWarning),
  ),
  'policy.set': call(
    'app',
    z.strictObject({ environment: idSchema, policy: policySchema }),
    z.strictObject({ applied: z.boolean(), request: idSchema.nullable() }),
  ),

  /** All that are open and the newest `limit` that are not: older ones are opened when somebody asks for more (decision 0035). */
  'requests.list': call(
    'app',
    z.strictObject({ limit: listLimit }),
    z.strictObject({ rows: z.array(v.requestRow), more: z.boolean() }),
  ),
  'request.get': call('app', z.strictObject({ request: idSchema }), v.requestDetail),
  'request.deny': call('app', z.strictObject({ request: idSchema, reason: noteSchema }), v.requestRow),
  'request.withdraw': call('app', z.strictObject({ request: idSchema }), v.requestRow),
  'request.cancel': call('app', z.strictObject({ request: idSchema, reason: noteSchema }), v.requestRow),
  /** Opens the signing window; nothing is signed by this call. */
  'request.openSigning': call('app', z.strictObject({ request: idSchema }), none),
  /** A holder releases the item keys after the quorum, where that did not happen by itself. */
  'request.release': call('app', z.strictObject({ request: idSchema }), v.requestRow),

  'signing.get': call('signing', none, v.requestDetail),
  /** One touch over exactly `requestHash` with these terms (narrowed or null: as asked). */
  'signing.approve': call(
    'signing',
    z.strictObject({ request: idSchema, requestHash: z.string().max(100), terms: termsSchema.nullable() }),
    v.requestRow,
  ),
  'signing.deny': call('signing', z.strictObject({ request: idSchema, reason: noteSchema }), v.requestRow),

  /** All that may read and the newest `limit` that have ended, of those that `text` finds. */
  'bindings.list': call(
    'app',
    z.strictObject({ limit: listLimit, text: z.string().max(100) }),
    z.strictObject({ rows: z.array(v.bindingView), more: z.boolean() }),
  ),
  'binding.revoke': call('app', z.strictObject({ binding: idSchema, reason: noteSchema }), v.bindingView),

  'audit.list': call(
    'app',
    z.strictObject({
      before: z.number().nullable(),
      limit: z.number().int().min(1).max(500),
      text: z.string().max(100),
    }),
    z.strictObject({
      rows: z.array(v.auditRow),
      total: z.number(),
      streams: z.number(),
      verified: z.boolean(),
      problems: z.array(z.string()),
    }),
  ),

  /** Asks where, then writes; resolves at once. `records`: opened for the reader, else only what touches need. */
  'export.audit': call('app', z.strictObject({ records: z.boolean() }), exportView),
  /** What proves the alarm that stands; needs no unlock. */
  'export.evidence': call('app', none, exportView),
  'export.state': call('app', none, z.strictObject({ export: exportView.nullable() })),
  'export.cancel': call('app', none, z.strictObject({ export: exportView.nullable() })),
  /** A person read the alarm and wants to try the server again; it sounds again while its cause is there. */
  'alarm.dismiss': call('app', none, v.statusView),

  /** Opened by a touch of a known key, or by the recovery code where none is at hand. */
  'keys.add': call(
    'app',
    z.strictObject({ label: nameSchema, recoveryCode: z.string().max(100).nullable().default(null) }),
    v.memberView,
  ),
  'keys.retire': call(
    'app',
    z.strictObject({ member: idSchema, label: nameSchema, reason: noteSchema }),
    v.memberView,
  ),
  /** Ends an installation, one's own or, for an admin, anybody's. */
  'device.remove': call('app', z.strictObject({ device: idSchema }), none),
  'settings.get': call('app', none, v.settingsView),
  'settings.set': call('app', v.settingsView, v.settingsView),
} as const

export type Contract = typeof contract
export type CallName = keyof Contract
export type CallRequest<N extends CallName> = z.input<Contract[N]['request']>
export type CallReply<N extends CallName> = z.infer<Contract[N]['reply']>

export { type CallError, callError }
export type CallResult<N extends CallName> =
  | { ok: true; value: CallReply<N> }
  | { ok: false; error: CallError }

/** Pushed to windows. `changed` names what to fetch again. */
export const areaSchema = z.enum([
  'vaults',
  'items',
  'members',
  'invites',
  'requests',
  'bindings',
  'audit',
  'worklist',
  'settings',
  'join',
  'export',
  'import',
])
export type Area = z.infer<typeof areaSchema>
export const coreEvent = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('status'), status: v.statusView }),
  z.strictObject({ type: z.literal('changed'), areas: z.array(areaSchema) }),
  /** A security key is waited for (the ceremony window is open), or no longer. */
  z.strictObject({ type: z.literal('ceremony'), state: z.enum(['waiting', 'done']), purpose: z.string() }),
])
export type CoreEvent = z.infer<typeof coreEvent>

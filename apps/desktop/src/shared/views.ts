import { idSchema } from '@countersign/schema/ids'
import { levelSchema, policySchema, roleSchema } from '@countersign/schema/policy'
import { leaseSchema } from '@countersign/schema/request'
import { z } from 'zod'
import { callError } from './call-error.ts'

/** What windows display: no keys, no values (but for one reveal), no bytes; hashes and keys as hexadecimal fingerprints. */

const name = z.string()
const time = z.number()

export const personView = z.strictObject({ member: idSchema, name })
export type PersonView = z.infer<typeof personView>

/** Degraded modes (one table in docs/modes.md): from everything works to nothing is served. */
export const modeSchema = z.enum(['normal', 'read-only', 'cached', 'lease-only', 'locked'])
export type Mode = z.infer<typeof modeSchema>

export const statusView = z.strictObject({
  /** `empty`: no team on this installation yet. `joining`: an invite is under way. `locked`: the core holds no keys. */
  phase: z.enum(['empty', 'joining', 'locked', 'unlocked', 'removed', 'alarm']),
  mode: modeSchema,
  /** Software security keys: marked everywhere. */
  tryOut: z.boolean(),
  team: z.string().nullable(),
  /** Hash of the team’s first entry, hexadecimal: what an export is compared with. */
  genesis: z.string().nullable(),
  me: z
    .strictObject({
      member: idSchema,
      name,
      roles: z.array(roleSchema),
      /** Compartments where this member may approve. */
      approver: z.boolean(),
    })
    .nullable(),
  bootstrapOpen: z.boolean(),
  server: z
    .strictObject({
      url: z.string(),
      connection: z.enum(['offline', 'connecting', 'catching_up', 'live', 'refused', 'alarm']),
      lastContact: time.nullable(),
    })
    .nullable(),
  /**
   * Freshness signed by other people's devices (P17): when one last stated a history that is ours (`by` null: nobody yet), how many
   * of their devices have verified all that is here (`devices` of `of`), and how each stands.
   */
  witness: z.strictObject({
    time: time.nullable(),
    by: z.string().nullable(),
    devices: z.number(),
    of: z.number(),
    each: z.array(
      z.strictObject({
        device: idSchema,
        name,
        time: time.nullable(),
        state: z.enum(['agrees', 'behind', 'ahead', 'never']),
      }),
    ),
  }),
  /** Serving stops at this time unless the server or a witness is heard; null: no limit runs. */
  servesUntil: time.nullable(),
  /** This computer took over from a recovery sheet and no other member's device confirmed it; `alone`: nobody else could. */
  unconfirmed: z.strictObject({ since: time, alone: z.boolean() }).nullable(),
  /** Ways in that the server does not have yet: until then a lost computer is not replaced with them. */
  uploadsWaiting: z.number(),
  /** The person keeps their recovery sheet. */
  sheetKept: z.boolean(),
  /** What unlocks this computer. */
  waysIn: z.strictObject({ keys: z.number(), recovery: z.boolean() }),
  /** Where the key of this computer lies: wrapped by the system's key store, or in a file that only its user may read. */
  deviceKey: z.enum(['key-store', 'file']),
  /** Changes made offline that wait to be sent. */
  pendingChanges: z.number(),
  /** Signatures of a history that is still being checked in the background; null when there are none. */
  checking: z.strictObject({ done: z.number(), of: z.number() }).nullable(),
  waitingRequests: z.number(),
  localApi: z.strictObject({ url: z.string(), socket: z.string(), portMoved: z.boolean() }).nullable(),
  alarm: callError.nullable(),
  /** This computer's disk takes nothing: changes wait, and nothing is served that could not be put on record. */
  disk: z.enum(['full', 'failing']).nullable(),
  /** Reads of running leases that are not on record yet, while a policy lets them go on without (`mode` lease-only). */
  unrecorded: z.strictObject({ since: time, reads: z.number() }).nullable(),
  /** What stopped the sync, while it is stopped (`phase` alarm). */
  stopped: z
    .strictObject({
      code: z.enum(['rollback', 'fork', 'genesis', 'bad_entry', 'withheld']),
      /** In words: the ledger, an environment's stream, the audit stream of a device. */
      stream: z.string(),
      seq: z.number(),
      time,
      /** Whose signed statement shows it; null: found here alone. */
      shownBy: z.string().nullable(),
      server: z.string(),
    })
    .nullable(),
  /** When the last alarm was sounded that a person set aside: its evidence is kept. */
  setAside: time.nullable(),
})
export type StatusView = z.infer<typeof statusView>

/** What a person prints or saves, to come back on a computer that knows nothing. `head`: ledger entries when it was made. */
export const sheetView = z.strictObject({
  team: z.string(),
  name,
  server: z.string(),
  lines: z.array(z.string()),
  head: z.number(),
  /** They have a recovery code, too. */
  recovery: z.boolean(),
})
export type SheetView = z.infer<typeof sheetView>

export const environmentView = z.strictObject({
  environment: idSchema,
  vault: idSchema,
  name,
  level: levelSchema,
  approve: z.boolean(),
  policy: policySchema,
  policyVersion: z.number(),
  rekeyDue: z.boolean(),
  items: z.number(),
  holders: z.array(personView),
  approvers: z.array(personView),
  requesters: z.array(personView),
})
export const vaultView = z.strictObject({ vault: idSchema, name, environments: z.array(environmentView) })
export type EnvironmentView = z.infer<typeof environmentView>
export type VaultView = z.infer<typeof vaultView>

export const itemRow = z.strictObject({
  item: idSchema,
  vault: idSchema,
  environment: idSchema,
  vaultName: name,
  environmentName: name,
  name,
  provider: z.string(),
  version: z.number(),
  updatedAt: time,
  updatedBy: personView,
  level: levelSchema,
  /** Two versions were written on one base: somebody must choose. */
  conflict: z.boolean(),
  /** Live bindings that may read it. */
  bindings: z.number(),
  /** On the rotation worklist. */
  rotationDue: z.boolean(),
})
export type ItemRow = z.infer<typeof itemRow>

export const itemDetail = z.strictObject({
  row: itemRow,
  reference: z.string(),
  fields: z.array(z.strictObject({ name, label: z.string(), secret: z.boolean() })),
  note: z.string(),
  models: z.array(z.string()),
  /** The oldest first. */
  history: z.array(
    z.strictObject({
      version: z.number(),
      at: time,
      by: personView,
      change: z.enum(['created', 'rotated', 'edited', 'rolled_back', 'deleted', 'conflict']),
    }),
  ),
  bindings: z.array(
    z.strictObject({
      binding: idSchema,
      application: name,
      person: personView,
      approvedBy: z.array(personView),
      expiresAt: time,
    }),
  ),
  /** `rule`: whose approval a program needs, in words; null: nobody's. */
  access: z.strictObject({ holders: z.array(personView), rule: z.string().nullable() }),
})
export type ItemDetail = z.infer<typeof itemDetail>

/** Versions to choose from. `kind`: what counts now, one written beside it, or one made offline here that came too late. */
export const choicesView = z.strictObject({
  base: z.number(),
  choices: z.array(
    z.strictObject({
      choice: z.string(),
      kind: z.enum(['current', 'beside', 'offline']),
      version: z.number(),
      at: time,
      by: personView,
      deleted: z.boolean(),
      fields: z.array(z.strictObject({ name, label: z.string(), secret: z.boolean() })),
      note: z.string(),
      models: z.array(z.string()),
    }),
  ),
})
export type ChoicesView = z.infer<typeof choicesView>

/** A change made offline that could not be made. `listed`: its credential is in the list, where one chooses. */
export const strandedRow = z.strictObject({
  id: idSchema,
  item: idSchema,
  name,
  /** What it would be called if it were made now; null for a deletion. */
  nameOnRetry: z.string().nullable(),
  place: z.string(),
  change: z.enum(['put', 'delete']),
  at: time,
  code: z.string(),
  message: z.string(),
  listed: z.boolean(),
})
export type StrandedRow = z.infer<typeof strandedRow>

export const memberView = z.strictObject({
  member: idSchema,
  name,
  me: z.boolean(),
  state: z.enum(['active', 'removed']),
  roles: z.array(roleSchema),
  access: z.array(
    z.strictObject({ environment: idSchema, label: z.string(), level: levelSchema, approve: z.boolean() }),
  ),
  keys: z.array(
    z.strictObject({ label: z.string(), software: z.boolean(), retired: z.boolean(), addedAt: time }),
  ),
  recovery: z.boolean(),
  devices: z.array(
    z.strictObject({
      device: idSchema,
      name,
      addedAt: time,
      lastSeen: time.nullable(),
      /** The computer this is shown on. */
      here: z.boolean(),
    }),
  ),
  fingerprint: z.string(),
  joinedAt: time,
})
export type MemberView = z.infer<typeof memberView>

export const inviteView = z.strictObject({
  invite: z.string(),
  name,
  roles: z.array(roleSchema),
  state: z.enum([
    'waiting',
    'code',
    'confirmed_here',
    'needs_approval',
    'joined',
    'declined',
    'expired',
    'failed',
  ]),
  /** Six digits to read aloud, once both sides have spoken. */
  code: z.string().nullable(),
  /** Only in the reply that creates it: it holds a secret. */
  link: z.string().nullable(),
  expiresAt: time,
  error: z.string().nullable(),
})
export type InviteView = z.infer<typeof inviteView>

/** An invite seen from the invited person's side. */
export const joinView = z.strictObject({
  state: z.enum(['reading', 'enrolling', 'exchanging', 'code', 'waiting_for_inviter', 'joined', 'failed']),
  team: z.string().nullable(),
  server: z.string(),
  code: z.string().nullable(),
  error: callError.nullable(),
})
export type JoinView = z.infer<typeof joinView>

export const termsView = z.strictObject({
  vault: idSchema,
  vaultName: name,
  environmentName: name,
  environment: idSchema,
  items: z.array(z.strictObject({ item: idSchema, name, provider: z.string() })),
  models: z.array(z.string()),
  mode: z.enum(['reveal', 'broker']),
  lease: leaseSchema,
})
export type TermsView = z.infer<typeof termsView>

export const requestStateSchema = z.enum([
  'pending',
  'awaiting_release',
  'granted',
  'denied',
  'cancelled',
  'expired',
  'revoked',
  'grant_expired',
])

export const requestRow = z.strictObject({
  request: idSchema,
  kind: z.enum(['binding', 'change']),
  state: requestStateSchema,
  requester: personView,
  application: name,
  target: z.string(),
  reason: z.string(),
  createdAt: time,
  expiresAt: time,
  approvals: z.array(z.strictObject({ person: personView, at: time, narrowed: z.boolean() })),
  needed: z.number(),
  /** Whether this member can act on it now. */
  mine: z.enum(['can_approve', 'approved', 'requested', 'can_release', 'none']),
})
export type RequestRow = z.infer<typeof requestRow>

/** Rendered by each client from the very bytes that are hashed; shown in the signing window. */
export const requestDetail = z.strictObject({
  row: requestRow,
  /** Hexadecimal request hash, grouped for reading. */
  requestHash: z.string(),
  code: z.string().nullable(),
  terms: termsView.nullable(),
  /** The requester's computer: what is released is sealed to it. */
  device: z.string(),
  /** Null for a change. */
  tokenFor: z.enum(['this-program', 'any-program']).nullable(),
  policy: z.string(),
  policyVersion: z.number(),
  caller: z.array(z.strictObject({ label: z.string(), value: z.string() })),
  /** What a change decides, line by line; empty for a binding. */
  change: z.array(z.string()),
  deniedBy: personView.nullable(),
  denyReason: z.string(),
})
export type RequestDetail = z.infer<typeof requestDetail>

export const bindingView = z.strictObject({
  binding: idSchema,
  application: name,
  person: personView,
  here: z.boolean(),
  terms: termsView,
  state: z.enum(['active', 'revoked', 'expired']),
  issuedAt: time,
  expiresAt: time,
  reads: z.number(),
  lastRead: time.nullable(),
  approvedBy: z.array(personView),
})
export type BindingView = z.infer<typeof bindingView>

export const policyWarning = z.strictObject({ code: z.string(), message: z.string(), blocking: z.boolean() })
export type PolicyWarning = z.infer<typeof policyWarning>

export const auditRow = z.strictObject({
  id: z.string(),
  time,
  /** Which signed stream proves it. */
  source: z.enum(['ledger', 'compartment', 'device']),
  actor: name,
  action: z.string(),
  target: z.string(),
  outcome: z.string(),
  detail: z.string(),
  verified: z.boolean(),
  /** Position in its stream. */
  seq: z.number(),
})
export type AuditRow = z.infer<typeof auditRow>

export const worklistRow = z.strictObject({
  item: idSchema,
  name,
  provider: z.string(),
  where: z.string(),
  member: personView,
  lastRead: time,
  readCount: z.number(),
  consoleUrl: z.string().nullable(),
  done: z.boolean(),
})
export type WorklistRow = z.infer<typeof worklistRow>

export const settingsView = z.strictObject({
  idleLockMs: z.number().int().min(60_000).max(86_400_000),
  clipboardClearMs: z.number().int().min(5_000).max(300_000),
  theme: z.enum(['system', 'light', 'dark']),
})
export type SettingsView = z.infer<typeof settingsView>

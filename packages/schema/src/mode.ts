import { z } from 'zod'

/** How much the local API serves, from everything to nothing (docs/modes.md). */
export const modeSchema = z.enum(['normal', 'read-only', 'cached', 'lease-only', 'locked'])
export type Mode = z.infer<typeof modeSchema>

export const modeRowSchema = z.strictObject({
  list: z.boolean(),
  read: z.boolean(),
  write: z.enum(['yes', 'queued', 'no']),
  bind: z.boolean(),
  approve: z.boolean(),
  cause: z.string(),
})
export type ModeRow = z.infer<typeof modeRowSchema>

/** The one table that code, app, `/health`, header and audit read (P26). */
export const MODES: Readonly<Record<Mode, ModeRow>> = {
  normal: {
    list: true,
    read: true,
    write: 'yes',
    bind: true,
    approve: true,
    cause: 'unlocked, server reached, fresh',
  },
  'read-only': {
    list: true,
    read: true,
    write: 'queued',
    bind: false,
    approve: false,
    cause: 'unlocked; the server takes no writes',
  },
  cached: {
    list: true,
    read: true,
    write: 'queued',
    bind: false,
    approve: false,
    cause: 'unlocked; the server is not reached, inside the signed limit',
  },
  'lease-only': {
    list: true,
    read: false,
    write: 'no',
    bind: false,
    approve: false,
    cause:
      'unlocked; a freshness limit has passed, or an alarm stopped sync, or the disk takes no audit records and running leases go on without',
  },
  locked: {
    list: false,
    read: false,
    write: 'no',
    bind: false,
    approve: false,
    cause: 'no keys in the core',
  },
}

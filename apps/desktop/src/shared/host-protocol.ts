import { bytesSchema } from '@countersign/schema/bytes'
import { idSchema } from '@countersign/schema/ids'
import { z } from 'zod'
import { callError } from './call-error.ts'
import { type CallName, contract, coreEvent } from './contract.ts'

/**
 * What main (or the headless host) and the core program say to each other, over `process.parentPort` in an Electron
 * utilityProcess or over a Node IPC channel with `serialization: 'advanced'`. Both sides parse what they get.
 *
 * One program, started without keys. `vault.unlock`, `team.create` and `invite.*` turn that very process into the keyed one.
 * Locking ends it with a kill; the host starts it again (P13), so the process after a lock never held a key.
 */

const callNameSchema = z.custom<CallName>(
  (value) => typeof value === 'string' && Object.hasOwn(contract, value),
  'unknown call',
)
const correlation = z.number().int().nonnegative()

/** Why this process was started; written to the audit stream. */
export const startCauseSchema = z.enum(['start', 'lock', 'idle', 'suspend', 'screen_lock', 'crash'])

export const hostMessageSchema = z.discriminatedUnion('type', [
  /** First message, once. */
  z.strictObject({
    type: z.literal('start'),
    /** The installation's folder; made with 0700 where it does not exist. */
    profileDir: z.string().min(1).max(4096),
    /** Folder (0700) for the Unix socket and the discovery file. */
    runtimeDir: z.string().min(1).max(4096),
    cause: startCauseSchema,
    /** `ceremony`: windows opened by the host. `software`: a software authenticator in the profile; only in try-out mode. */
    authenticator: z.enum(['ceremony', 'software']),
    tryOut: z.boolean(),
    /** Whether the host can wrap the device secret with a real safeStorage backend (P14). */
    canWrap: z.boolean(),
  }),
  /** A window's call. `window` is established by the host from the sender, never by the sender. */
  z.strictObject({
    type: z.literal('call'),
    id: correlation,
    window: z.enum(['app', 'signing']),
    /** The request a signing window was opened for; null for the app window. */
    signing: idSchema.nullable(),
    name: callNameSchema,
    request: z.unknown(),
  }),
  /** Answers `wrap` and `unwrap`; null: not possible (then the core keeps a 0600 file, or says what is wrong). */
  z.strictObject({ type: z.literal('wrapped'), id: correlation, bytes: bytesSchema(1, 4096).nullable() }),
  /**
   * The ceremony window for `id` is open. The MessagePort comes as the message's one transferred port (Electron). What goes over it:
   * `./ceremony-wire.ts`.
   */
  z.strictObject({ type: z.literal('ceremonyPort'), id: correlation }),
  /** Answers `saveAs` and `openFile`: which file the person means; null: none. */
  z.strictObject({
    type: z.literal('chosenPath'),
    id: correlation,
    path: z.string().min(1).max(4096).nullable(),
  }),
  /** The window could not be opened, or was closed by the person. */
  z.strictObject({ type: z.literal('ceremonyClosed'), id: correlation }),
  /** Tell programs that listen or wait, and end at once: no write is finished. Who sent it kills a core that does not. */
  z.strictObject({ type: z.literal('lock') }),
  /** Finish writes, close sockets and exit with 0. */
  z.strictObject({ type: z.literal('stop') }),
])
export type HostMessage = z.infer<typeof hostMessageSchema>
export type StartMessage = Extract<HostMessage, { type: 'start' }>
export type CallMessage = Extract<HostMessage, { type: 'call' }>

export const coreMessageSchema = z.discriminatedUnion('type', [
  /** The local API is served and calls are answered. */
  z.strictObject({
    type: z.literal('ready'),
    idleLockMs: z.number().int().min(60_000),
  }),
  /** `result` is a `CallResult` of the call's name; the host parses it with the contract's reply schema or `callError`. */
  z.strictObject({
    type: z.literal('reply'),
    id: correlation,
    result: z.union([
      z.strictObject({ ok: z.literal(true), value: z.unknown() }),
      z.strictObject({
        ok: z.literal(false),
        error: callError,
      }),
    ]),
  }),
  z.strictObject({ type: z.literal('event'), event: coreEvent }),
  /** Wrap or unwrap the device secret; answered with `wrapped`. */
  z.strictObject({ type: z.literal('wrap'), id: correlation, bytes: bytesSchema(1, 4096) }),
  z.strictObject({ type: z.literal('unwrap'), id: correlation, bytes: bytesSchema(1, 4096) }),
  /** Open a ceremony window and send `ceremonyPort`; `ceremonyDone` closes it. `purpose` is shown there. */
  z.strictObject({ type: z.literal('ceremony'), id: correlation, purpose: z.string().max(300) }),
  z.strictObject({ type: z.literal('ceremonyDone'), id: correlation }),
  /** Put on the clipboard and clear after `clearAfterMs` if it is still there. Never shown in a window. */
  z.strictObject({
    type: z.literal('clipboard'),
    text: z.string().max(16_384),
    clearAfterMs: z.number().int().min(1000),
  }),
  /** Ask the person where to put a file; answered with `chosenPath`. No window ever names a path. */
  z.strictObject({ type: z.literal('saveAs'), id: correlation, name: z.string().min(1).max(200) }),
  /** Ask the person which file to read; answered with `chosenPath`. */
  z.strictObject({ type: z.literal('openFile'), id: correlation }),
  /** Open (or focus) the signing window of a request. */
  z.strictObject({ type: z.literal('openSigning'), request: idSchema }),
  /** The idle limit changed. */
  z.strictObject({ type: z.literal('idleLock'), idleLockMs: z.number().int().min(60_000) }),
  /** The process cannot go on and exits (another process has the profile, the installation file is corrupt, …). */
  z.strictObject({ type: z.literal('fatal'), code: z.string(), message: z.string(), fix: z.string() }),
])
export type CoreMessage = z.infer<typeof coreMessageSchema>

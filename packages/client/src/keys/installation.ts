import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { basename, join } from 'node:path'
import { idSchema } from '@countersign/schema/ids'
import { z } from 'zod'
import { ClientError } from '../client-error.ts'
import { writeFileAtomically } from './atomic-file.ts'

/** Bytes as base64 in JSON, within [min, max] bytes. */
const base64 = (min: number, max: number = min) =>
  z
    .string()
    .regex(/^[A-Za-z0-9+/]*={0,2}$/)
    .transform((text) => new Uint8Array(Buffer.from(text, 'base64')))
    .refine((bytes) => bytes.length >= min && bytes.length <= max, 'wrong length')

/** One way to the member's root key on this machine (P11): a wrap under a security key or under the recovery code. */
const wayInSchema = z.strictObject({
  kind: z.enum(['security-key', 'recovery-code']),
  label: z.string().max(200),
  software: z.boolean(),
  /** WebAuthn credential id, or the ASCII bytes of "recovery". */
  credential: base64(1, 1023),
  salt: base64(32),
  blob: base64(1, 4096),
  /** What the server still has to be given of it, so that a lost computer can be replaced; null once it has it. */
  upload: z
    .strictObject({ signature: base64(64), locatorKey: base64(32).nullable() })
    .nullable()
    .default(null),
})
export type WayIn = z.infer<typeof wayInSchema>

const membershipSchema = z.strictObject({
  team: idSchema,
  member: idSchema,
  /** The member's public signing key: what an unwrapped root must give. */
  signKey: base64(32),
  genesisHash: base64(32),
  server: z.strictObject({ url: z.string().max(300), id: base64(32) }),
  /** Empty where each was retired elsewhere. */
  waysIn: z.array(wayInSchema).max(40),
  /** Heads known from elsewhere that the ledger must contain (P11). */
  floors: z
    .array(z.strictObject({ seq: z.number().int().nonnegative(), hash: base64(32) }))
    .max(4)
    .default([]),
  /** When this computer took over from a sheet, until another member's device confirmed what it was shown (P11). */
  unconfirmedSince: z.number().int().nonnegative().nullable().default(null),
  /** The person said that they keep the recovery sheet. */
  sheetKept: z.boolean().default(false),
})
export type Membership = z.infer<typeof membershipSchema>

export const installationSettingsSchema = z.strictObject({
  idleLockMs: z.number().int().min(60_000).max(86_400_000),
  clipboardClearMs: z.number().int().min(5_000).max(300_000),
  theme: z.enum(['system', 'light', 'dark']),
})
export type InstallationSettings = z.infer<typeof installationSettingsSchema>

const installationSchema = z.strictObject({
  version: z.literal(1),
  device: idSchema,
  /** The device secret (P14): itself in this 0600 file, or wrapped by the system's key store. */
  deviceSecret: z.strictObject({ wrapped: z.boolean(), bytes: base64(1, 4096) }),
  /** TCP port of the local API, chosen once (P13); null until first served. */
  localApiPort: z.number().int().min(1).max(65_535).nullable(),
  /** Software security keys were used here: marked for ever. */
  tryOut: z.boolean(),
  settings: installationSettingsSchema,
  membership: membershipSchema.nullable(),
})
export type Installation = z.infer<typeof installationSchema>

export const DEFAULT_SETTINGS: InstallationSettings = {
  idleLockMs: 10 * 60_000,
  clipboardClearMs: 30_000,
  theme: 'system',
}

const toJson = (value: unknown): string =>
  `${JSON.stringify(
    value,
    (_key, each) => (each instanceof Uint8Array ? Buffer.from(each).toString('base64') : each),
    2,
  )}\n`

/** An installation's folder: `installation.json`, `store/` and, in try-out mode, `software-keys`. */
export class InstallationFolder {
  readonly path: string

  /** Makes the folder with 0700 where it does not exist. */
  constructor(path: string) {
    this.path = path
    mkdirSync(path, { recursive: true, mode: 0o700 })
    chmodSync(path, 0o700)
  }

  get file(): string {
    return join(this.path, 'installation.json')
  }

  get storePath(): string {
    return join(this.path, 'store')
  }

  get softwareKeysPath(): string {
    return join(this.path, 'software-keys')
  }

  /** Null where nothing is installed yet. A file that cannot be read is never replaced: `installation.corrupt`. */
  read(): Installation | null {
    if (!existsSync(this.file)) {
      if (existsSync(this.storePath)) {
        throw this.#corrupt('its file is missing although its data is there', undefined)
      }
      return null
    }
    try {
      return installationSchema.parse(JSON.parse(readFileSync(this.file, 'utf8')))
    } catch (cause) {
      throw this.#corrupt('its file cannot be read', cause)
    }
  }

  write(installation: Installation): void {
    writeFileAtomically(this.file, toJson(installation))
  }

  /** Moves everything that belongs to the present installation aside, so that the next start is a first one; security keys stay. */
  setAside(now: number): string {
    const aside = join(this.path, `former-${now}`)
    mkdirSync(aside, { mode: 0o700 })
    for (const path of [this.storePath, this.file]) {
      if (existsSync(path)) renameSync(path, join(aside, basename(path)))
    }
    return aside
  }

  #corrupt(what: string, cause: unknown): ClientError {
    return new ClientError('installation.corrupt', `This installation is damaged: ${what} (${this.file}).`, {
      cause,
      fix: `Nothing was changed. Restore ${this.file} from a backup, or move the folder ${this.path} away and join the team again with a new invite.`,
    })
  }
}

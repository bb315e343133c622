import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'

/** A wrong setting; the message names it and says what it takes. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly code = 'config.refused'
}

export interface ServerConfig {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** The data file. Its folder also gets `setup-token` at the first start. */
  readonly dataFile: string
  readonly maxDataBytes: number | null
  /** Null: one is generated while no team was ever created. */
  readonly setupToken: string | null
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  readonly printSetupToken: boolean
}

const wholeNumber = (max: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, 'expected a whole number')
    .transform(Number)
    .pipe(z.number().max(max, `expected at most ${max}`))

const settings = {
  COUNTERSIGN_HOST: z.string().min(1).max(255).default('127.0.0.1'),
  COUNTERSIGN_PORT: wholeNumber(65_535).default(8722),
  COUNTERSIGN_DATA: z.string().min(1, 'expected the path of the data file').default('countersign-server.db'),
  COUNTERSIGN_MAX_DATA_BYTES: wholeNumber(Number.MAX_SAFE_INTEGER)
    .pipe(z.number().min(1024 * 1024, 'expected at least 1048576'))
    .optional(),
  COUNTERSIGN_SETUP_TOKEN: z.string().min(16, 'expected at least 16 characters').max(200).optional(),
  COUNTERSIGN_LOG_LEVEL: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'], 'expected debug, info, warn, error or silent')
    .default('info'),
} as const

export const USAGE = `countersign sync server

  --host ADDRESS      COUNTERSIGN_HOST        where to listen (127.0.0.1)
  --port PORT         COUNTERSIGN_PORT        0 takes any free port (8722)
  --data FILE         COUNTERSIGN_DATA        the data file (countersign-server.db)
                      COUNTERSIGN_MAX_DATA_BYTES  quota of the data file
                      COUNTERSIGN_SETUP_TOKEN     lets one team be created; never a flag: arguments can be seen by others
                      COUNTERSIGN_LOG_LEVEL   debug, info, warn, error or silent (info)
  --print-setup-token                         print a newly generated set-up token in the ready line
  --help
`

/** Reads flags and environment; flags win. 'help' when asked for it. Throws ConfigError, which never repeats a value. */
export const readConfig = (
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): ServerConfig | 'help' => {
  const flags = readFlags(args)
  if (flags.help === true) return 'help'
  const given: Record<string, string | undefined> = {
    ...environment,
    ...(flags.host === undefined ? {} : { COUNTERSIGN_HOST: flags.host }),
    ...(flags.port === undefined ? {} : { COUNTERSIGN_PORT: flags.port }),
    ...(flags.data === undefined ? {} : { COUNTERSIGN_DATA: flags.data }),
  }
  const known = Object.fromEntries(Object.keys(settings).map((name) => [name, given[name]]))
  const parsed = z.object(settings).safeParse(known)
  if (!parsed.success) {
    const wrong = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
    throw new ConfigError(`${wrong.join('; ')}. See --help.`)
  }
  return {
    host: parsed.data.COUNTERSIGN_HOST,
    port: parsed.data.COUNTERSIGN_PORT,
    dataFile: resolve(parsed.data.COUNTERSIGN_DATA),
    maxDataBytes: parsed.data.COUNTERSIGN_MAX_DATA_BYTES ?? null,
    setupToken: parsed.data.COUNTERSIGN_SETUP_TOKEN ?? null,
    logLevel: parsed.data.COUNTERSIGN_LOG_LEVEL,
    printSetupToken: flags['print-setup-token'] === true,
  }
}

const readFlags = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      options: {
        host: { type: 'string' },
        port: { type: 'string' },
        data: { type: 'string' },
        'print-setup-token': { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }).values
  } catch (cause) {
    throw new ConfigError('unknown flag or missing value. See --help.', { cause })
  }
}

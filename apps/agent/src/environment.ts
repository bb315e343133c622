import { homedir } from 'node:os'
import { join } from 'node:path'
import { CliError, EXIT } from './cli-error.ts'

/** What the command takes from its environment. */
export interface Environment {
  readonly address: string | null
  readonly socket: string | null
  readonly token: string | null
  readonly tokenFile: string | null
  readonly vault: string | null
  readonly environment: string | null
  /** Nobody watches: no hints, and `bind` does not wait unless told to. */
  readonly noInteraction: boolean
  readonly runtimeDir: string | null
  /** Where bindings of this user are kept. */
  readonly configDir: string
}

const LOOPBACK = /^http:\/\/(?:127\.0\.0\.1|\[::1\]|localhost):\d{1,5}\/?$/

const given = (value: string | undefined): string | null =>
  value === undefined || value === '' ? null : value

export const readEnvironment = (env: NodeJS.ProcessEnv): Environment => {
  const address = given(env.COUNTERSIGN_ADDR)
  if (address !== null && !LOOPBACK.test(address)) {
    throw new CliError(
      EXIT.usage,
      `COUNTERSIGN_ADDR is not a local address: ${address}`,
      'Tokens are only sent to this machine: use http://127.0.0.1:PORT.',
    )
  }
  const runtime = given(env.XDG_RUNTIME_DIR)
  const config = given(env.XDG_CONFIG_HOME) ?? join(given(env.HOME) ?? homedir(), '.config')
  return {
    address: address?.replace(/\/$/, '') ?? null,
    socket: given(env.COUNTERSIGN_SOCKET),
    token: given(env.COUNTERSIGN_TOKEN),
    tokenFile: given(env.COUNTERSIGN_TOKEN_FILE),
    vault: given(env.COUNTERSIGN_VAULT),
    environment: given(env.COUNTERSIGN_ENV),
    noInteraction: given(env.COUNTERSIGN_NO_INTERACTION) !== null,
    runtimeDir: runtime === null ? null : join(runtime, 'countersign'),
    configDir: join(config, 'countersign'),
  }
}

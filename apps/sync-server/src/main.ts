import { pino } from 'pino'
import { ConfigError, readConfig, USAGE } from './config.ts'
import { StoreError } from './core/store-error.ts'
import { type RunningServer, startServer } from './server.ts'
import { setupTokenFile } from './setup-token.ts'
import { VERSION } from './version.ts'

// The process: settings in, one JSON line on stdout when ready, logs on stderr, exit 0 after SIGTERM or SIGINT.

const fail = (message: string, status: number): never => {
  process.stderr.write(`countersign sync server: ${message}\n`)
  process.exit(status)
}

/** What an operator can do something about is said in a sentence; anything else is a defect and shows its stack. */
const explain = (cause: unknown): string | undefined => {
  if (cause instanceof ConfigError || cause instanceof StoreError) return cause.message
  if (cause instanceof Error && 'code' in cause && 'syscall' in cause && cause.syscall === 'listen') {
    return `cannot listen (${String(cause.code)}). Choose another --host or --port.`
  }
  return undefined
}

const start = async (): Promise<void> => {
  const config = readConfig(process.argv.slice(2), process.env)
  if (config === 'help') {
    process.stdout.write(USAGE)
    return
  }
  // The data file, its log and the set-up token are for this user only.
  process.umask(0o077)
  const log = pino(
    { level: config.logLevel, base: { version: VERSION } },
    pino.destination({ dest: 2, sync: true }),
  )
  const server: RunningServer = await startServer({ ...config, log })
  const stop = async (signal: string): Promise<void> => {
    log.info({ signal }, 'draining')
    await server.stop()
    log.info('stopped')
    process.exit(0)
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  if (server.setupToken !== null) {
    log.info(
      { file: setupTokenFile(config.dataFile) },
      'first start: the set-up token for the first team is in this file',
    )
  }
  log.info({ url: server.url }, 'ready')
  const token = config.printSetupToken && server.setupToken !== null ? { setupToken: server.setupToken } : {}
  process.stdout.write(`${JSON.stringify({ url: server.url, ...token })}\n`)
}

try {
  await start()
} catch (cause) {
  const message = explain(cause)
  if (message === undefined) throw cause
  fail(message, 1)
}

import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { CliError, EXIT } from './cli-error.ts'

const FORWARDED: readonly NodeJS.Signals[] = [
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGWINCH',
]

/**
 * Runs a command with an environment and resolves with its exit code (128 + signal if it was killed). Signals go on to it; a Ctrl-C
 * typed at a terminal reaches it without us.
 */
export const runCommand = (
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: 'inherit' })
    const forward = (signal: NodeJS.Signals): void => {
      child.kill(signal)
    }
    const interrupted = (): void => {
      if (!process.stdin.isTTY) child.kill('SIGINT')
    }
    for (const signal of FORWARDED) process.on(signal, forward)
    process.on('SIGINT', interrupted)
    const done = (): void => {
      for (const signal of FORWARDED) process.removeListener(signal, forward)
      process.removeListener('SIGINT', interrupted)
    }
    child.once('error', (error: NodeJS.ErrnoException) => {
      done()
      const missing = error.code === 'ENOENT'
      const message = missing ? `${command}: there is no such command.` : `${command}: cannot be run.`
      const exitCode = missing ? EXIT.notFound : EXIT.notExecutable
      reject(new CliError(exitCode, message, 'Check the name after --.', { cause: error }))
    })
    child.once('exit', (code, signal) => {
      done()
      resolve(signal === null ? (code ?? 0) : 128 + constants.signals[signal])
    })
  })

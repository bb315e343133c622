import { spawn } from 'node:child_process'
import { ToolError } from './tool-error.ts'

export interface CommandOptions {
  cwd?: string
  env?: NodeJS.ProcessEnv
  /** Milliseconds after which the command is killed and counts as failed. */
  timeoutMs?: number
  /** Where the command's standard output goes: returned (default) or to our stderr. */
  stdout?: 'return' | 'stderr'
  /** Where its standard error goes: into the error of a failure (default) or to our stderr. */
  stderr?: 'error' | 'stderr'
}

/**
 * Runs a program to its end and returns its standard output.
 *
 * @throws ToolError `command.failed` when it cannot start, exits non-zero or runs too long; the message ends with
 * the last lines it printed.
 */
export function runCommand(program: string, args: string[], options: CommandOptions = {}): Promise<string> {
  const name = [program.replace(/^.*\//, ''), ...args].join(' ')
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: [
        'ignore',
        options.stdout === 'stderr' ? process.stderr : 'pipe',
        options.stderr === 'stderr' ? process.stderr : 'pipe',
      ],
      timeout: options.timeoutMs,
      killSignal: 'SIGKILL',
    })
    let output = ''
    let errors = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-4000)
    })
    child.once('error', (cause) => {
      reject(new ToolError('command.failed', `${name} could not be started: ${cause.message}`, { cause }))
    })
    child.once('close', (status, signal) => {
      if (status === 0) return resolve(output)
      const how = signal ? `was ended by ${signal}` : `exited with ${status}`
      const last = errors.trimEnd().split('\n').slice(-8).join('\n')
      reject(new ToolError('command.failed', `${name} ${how}${last ? `:\n${last}` : ''}`))
    })
  })
}

import type { Problem } from '@countersign/schema/problem'

/** Exit codes of `countersign`; `run` otherwise ends with the command's own. */
export const EXIT = {
  unexpected: 1,
  usage: 2,
  unreachable: 3,
  locked: 4,
  unbound: 5,
  refused: 6,
  notGranted: 7,
  later: 8,
  notExecutable: 126,
  notFound: 127,
} as const

/** Ends the command with a message for a person: what happened, what to do. Never a value or a token. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly exitCode: number
  readonly fix: string

  constructor(exitCode: number, message: string, fix: string, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
    this.fix = fix
  }
}

const exitOf = (problem: Problem): number => {
  if (problem.status === 423) return EXIT.locked
  if (problem.status === 401) return EXIT.unbound
  if (problem.status === 425 || problem.status === 429 || problem.status === 503) return EXIT.later
  return EXIT.refused
}

/** A refusal of the local API, in words. `about`: the reference or command it was about. */
export const errorOf = (problem: Problem, about?: string): CliError => {
  const detail = problem.detail === undefined ? '' : ` ${problem.detail}`
  const subject = about === undefined ? '' : `${about}: `
  const candidates = (problem.candidates ?? []).map((each) => `\n    ${each}`).join('')
  const errors = (problem.errors ?? []).map((each) => `\n    ${each.path || '/'}: ${each.message}`).join('')
  return new CliError(
    exitOf(problem),
    `${subject}${problem.title}${detail}${candidates}${errors}`,
    `${problem.fix} (${problem.code})`,
  )
}

import { parseArgs } from 'node:util'

export interface LaunchOptions {
  /** Null: the default profile. */
  profile: string | null
  /** Software security keys; marked everywhere it appears. */
  tryOut: boolean
}

/**
 * Reads what the app is started with. Everything else on the command line is ignored: Chromium's own switches, and what
 * a link or a file manager put there (a deep link is hostile input and means nothing to this app).
 */
export const launchOptions = (argv: readonly string[], env: NodeJS.ProcessEnv): LaunchOptions => {
  const { values } = parseArgs({
    args: [...argv],
    options: { profile: { type: 'string' }, 'try-out': { type: 'boolean' } },
    strict: false,
    allowPositionals: true,
  })
  const profile =
    typeof values.profile === 'string' && values.profile !== '' ? values.profile : env.COUNTERSIGN_PROFILE
  return {
    profile: profile === undefined || profile === '' ? null : profile,
    tryOut: values['try-out'] === true || env.COUNTERSIGN_TRY_OUT === '1',
  }
}

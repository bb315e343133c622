import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCommand } from '@countersign/tools/run-command'
import { openStand, type ShellStand, sharedStand } from './shell-stand.ts'

const BUILD = fileURLToPath(new URL('../../attacks/src/weakened-app.ts', import.meta.url))

/**
 * The app minus what the controls of these rows of `pnpm attacks` do without, and nothing else. Rows share an app where no guard of
 * one stands before the attack of another.
 */
export const weakenedStand = (...refs: string[]): (() => ShellStand) =>
  sharedStand(async (folder) => {
    const app = join(folder, 'app')
    mkdirSync(app)
    await runCommand(process.execPath, [BUILD, app, ...refs])
    return openStand(folder, app)
  })

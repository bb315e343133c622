import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCommand } from '@countersign/tools/run-command'
import { openStand, type ShellStand } from './shell-stand.ts'
import { tempFolder } from './temp-folder.ts'

const BUILD = fileURLToPath(new URL('../../attacks/src/weakened-app.ts', import.meta.url))

/**
 * Performs an attack on the app minus what the control of that row of `pnpm attacks` does without, and on nothing else: each row has
 * an app of its own, so that no other row's missing guard can be what let it through.
 */
export const onWeakened = async (
  ref: string,
  perform: (stand: ShellStand) => Promise<void>,
): Promise<void> => {
  const folder = tempFolder()
  try {
    const app = join(folder.path, 'app')
    mkdirSync(app)
    await runCommand(process.execPath, [BUILD, ref, app])
    const stand = await openStand(folder.path, app)
    try {
      await perform(stand)
    } finally {
      await stand.close()
    }
  } finally {
    folder.remove()
  }
}

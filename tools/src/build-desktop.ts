import { join } from 'node:path'
import { progress } from './progress.ts'
import { repository } from './repository.ts'
import { runCommand } from './run-command.ts'

/** Builds the desktop's processes and pages into apps/desktop/out. A few seconds. */
export async function buildDesktop(): Promise<string> {
  const folder = join(repository, 'apps', 'desktop')
  const extension = process.platform === 'win32' ? '.CMD' : ''
  progress('Building the desktop app …')
  await runCommand(join(folder, 'node_modules', '.bin', `electron-vite${extension}`), ['build'], {
    cwd: folder,
  })
  return folder
}

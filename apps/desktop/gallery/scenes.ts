import type { Scene } from './scene.ts'
import { auditScenes } from './scenes/audit.ts'
import { credentialScenes } from './scenes/credentials.ts'
import { lockedScenes } from './scenes/locked.ts'
import { programScenes } from './scenes/programs.ts'
import { requestScenes } from './scenes/requests.ts'
import { settingsScenes } from './scenes/settings.ts'
import { setupScenes } from './scenes/setup.ts'
import { teamScenes } from './scenes/team.ts'

/** Every screen in every state. */
export const scenes: readonly Scene[] = [
  ...setupScenes,
  ...lockedScenes,
  ...credentialScenes,
  ...requestScenes,
  ...programScenes,
  ...teamScenes,
  ...auditScenes,
  ...settingsScenes,
]

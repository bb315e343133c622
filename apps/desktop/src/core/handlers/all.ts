import type { Handlers } from '../handler.ts'
import { auditHandlers } from './audit.ts'
import { bindingHandlers } from './bindings.ts'
import { conflictHandlers } from './conflicts.ts'
import { exportHandlers } from './exports.ts'
import { importHandlers } from './imports.ts'
import { itemHandlers } from './items.ts'
import { memberHandlers } from './members.ts'
import { requestHandlers } from './requests.ts'
import { settingsHandlers } from './settings.ts'
import { setupHandlers } from './setup.ts'
import { sheetHandlers } from './sheet.ts'
import { unlockHandlers } from './unlock.ts'
import { vaultHandlers } from './vaults.ts'

/** Every call of the contract; the compiler holds this to be complete. */
export const handlers: Handlers = {
  ...unlockHandlers,
  ...setupHandlers,
  ...vaultHandlers,
  ...itemHandlers,
  ...importHandlers,
  ...conflictHandlers,
  ...memberHandlers,
  ...requestHandlers,
  ...bindingHandlers,
  ...auditHandlers,
  ...exportHandlers,
  ...settingsHandlers,
  ...sheetHandlers,
}

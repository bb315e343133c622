import { createItem, writeNow } from '@countersign/client/items/item-actions'
import { ok, refuse } from '@countersign/client/refusal'
import { unlocked } from '../core-state.ts'
import type { Handlers } from '../handler.ts'
import { ImportJob } from '../import-job.ts'

type Names = 'import.choose' | 'import.state' | 'import.start' | 'import.cancel'

export const importHandlers: Handlers<Names> = {
  'import.choose': (core) => {
    const session = unlocked(core)
    if (!session.ok) return session
    if (core.importing?.busy === true) {
      return refuse('import.busy', 'An import is under way already.', 'Wait for it or cancel it.')
    }
    // Nothing of it runs any more: this only lets go of what it read.
    void core.importing?.cancel()
    core.importing = new ImportJob({
      choosePath: () => core.host.openFile(),
      add: (item) => createItem(session.value, item, writeNow),
      onChange: () => core.announce('import'),
    })
    return ok(core.importing.view)
  },

  'import.state': (core) => ok({ import: core.importing?.view ?? null }),

  'import.start': (core, { id, environment, rows }) => {
    const session = unlocked(core)
    if (!session.ok) return session
    return (
      core.importing?.start(id, environment, rows) ??
      refuse('import.none', 'There is nothing to import.', 'Choose a file first.')
    )
  },

  'import.cancel': async (core) => {
    await core.importing?.cancel()
    return ok({ import: core.importing?.view ?? null })
  },
}

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
    const before = core.importing
    const job = new ImportJob({
      choosePath: async () => {
        const path = await core.host.openFile()
        // Who looks for another file and takes none goes on with the one that was there.
        const goesOn = path === null && before?.view.state === 'ready' && core.importing === job
        if (goesOn) {
          core.importing = before
          core.announce('import')
        } else await before?.cancel()
        return path
      },
      add: (item) => createItem(session.value, item, writeNow),
      onChange: () => core.announce('import'),
    })
    core.importing = job
    return ok(job.view)
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

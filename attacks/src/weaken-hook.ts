import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { repository, WEAKENING_VARIABLE, weaken } from './weakening.ts'

// Preloaded (`node --import`) into the process of a control and whatever it starts: as a named source file is loaded, one exact
// piece of it is replaced. Shipped code knows nothing of this.

const editsSchema = z.array(z.strictObject({ file: z.string(), find: z.string(), replace: z.string() }))
const edits = editsSchema.parse(JSON.parse(process.env[WEAKENING_VARIABLE] ?? '[]'))
const applied = new Set<number>()

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    let source = loaded.source
    for (const [index, edit] of edits.entries()) {
      if (url !== pathToFileURL(`${repository}/${edit.file}`).href) continue
      const text = typeof source === 'string' ? source : Buffer.from(source as Uint8Array).toString('utf8')
      source = weaken(text, edit)
      applied.add(index)
    }
    return { ...loaded, source }
  },
})

/** Read by the control's own program at its end: a weakening that was never loaded weakens nothing. */
Object.defineProperty(globalThis, Symbol.for('countersign.attacks.applied'), {
  value: () => edits.filter((_, index) => !applied.has(index)).map(({ file }) => file),
})

import { registerHooks } from 'node:module'
import { MUTATIONS } from './mutations.ts'

// Loaded before a worker of a mutation test: the one named check is missing from the source that Node compiles in this process.

const name = process.env.COUNTERSIGN_SIM_MUTATION ?? ''
const mutation = MUTATIONS[name]
if (mutation === undefined) throw new Error(`there is no mutation ${name}`)

registerHooks({
  load: (url, context, nextLoad) => {
    const loaded = nextLoad(url, context)
    if (!url.endsWith(mutation.file) || loaded.source == null) return loaded
    const source =
      typeof loaded.source === 'string' ? loaded.source : Buffer.from(loaded.source as Uint8Array).toString()
    if (!source.includes(mutation.from))
      throw new Error(`${mutation.file} has no such text any more: ${name}`)
    return { ...loaded, source: source.replace(mutation.from, () => mutation.to) }
  },
})

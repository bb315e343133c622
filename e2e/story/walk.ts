import { join } from 'node:path'
import { tempFolder } from '../src/temp-folder.ts'
import { Stage } from './stage.ts'
import { STORY } from './story.ts'

// Walks the story by itself and says what came of each step. Arguments: the folder for screenshots.

const screenshots = process.argv[2] ?? join(import.meta.dirname, '..', 'screenshots', 'walk')
const folder = tempFolder()
const stage = new Stage(folder.path, screenshots, 'software')
let ending = false
const end = async (code: number): Promise<void> => {
  if (ending) return
  ending = true
  await stage.close()
  folder.remove()
  process.exit(code)
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void end(130))

for (const [index, step] of STORY.entries()) {
  const started = performance.now()
  process.stdout.write(`${String(index + 1).padStart(2)}/${STORY.length}  ${step.title}\n`)
  try {
    await step.run(stage)
    process.stdout.write(`       ✓ ${((performance.now() - started) / 1000).toFixed(1)} s\n`)
  } catch (error) {
    process.stdout.write(`       ✗ ${error instanceof Error ? error.message : String(error)}\n`)
    process.stdout.write(`Screenshots so far: ${screenshots}\n`)
    await end(1)
  }
}
process.stdout.write(`The whole story came true. Screenshots: ${screenshots}\n`)
await end(0)

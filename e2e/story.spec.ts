import { join } from 'node:path'
import { test } from '@playwright/test'
import { tempFolder } from './src/temp-folder.ts'
import { Stage } from './story/stage.ts'
import { STORY } from './story/story.ts'

// The product's story in four real windows, a real server process and a real HTTP client: once with keys touched in the
// ceremony window, once with software keys, which survive the restart.

for (const keys of ['virtual', 'software'] as const)
  test.describe(`the story, with ${keys} security keys`, () => {
    test.describe.configure({ mode: 'serial' })
    const folder = tempFolder()
    const stage = new Stage(folder.path, join(import.meta.dirname, 'screenshots', keys), keys)

    test.afterAll(async () => {
      await stage.close()
      folder.remove()
    })

    for (const step of STORY)
      if (keys === 'software' || step.softwareOnly !== true)
        test(step.title, async () => {
          await step.run(stage)
        })
  })

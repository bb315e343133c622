import type { Stage } from './stage.ts'

/** One step of the product's story. `run` throws where it does not come true. */
export interface StoryStep {
  title: string
  /** Only with keys that survive a restart. */
  softwareOnly?: true
  run(stage: Stage): Promise<void>
}

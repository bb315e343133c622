import { binding } from './binding.ts'
import { ending } from './ending.ts'
import { everyday } from './everyday.ts'
import { founding } from './founding.ts'
import type { StoryStep } from './step.ts'

/** The whole story: each step builds on those before it. */
export const STORY: readonly StoryStep[] = [...founding, ...binding, ...everyday, ...ending]

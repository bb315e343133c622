import type { CallerFinder } from './caller-finder.ts'
import { blindCallerFinder, linuxCallerFinder } from './linux-caller.ts'

export const callerFinderOf = (platform: NodeJS.Platform): CallerFinder =>
  platform === 'linux' ? linuxCallerFinder() : blindCallerFinder()

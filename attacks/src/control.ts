import { spawn } from 'node:child_process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { z } from 'zod'
import type { Attack, Finding } from './attack.ts'
import { BROWSER_VARIABLE, browserEndpoint } from './cast/browser.ts'
import { WEAKENING_VARIABLE } from './weakening.ts'

const MAIN = fileURLToPath(new URL('./control-main.ts', import.meta.url))
const HOOK = pathToFileURL(fileURLToPath(new URL('./weaken-hook.ts', import.meta.url))).href
const TIMEOUT_MS = 60_000

const findingSchema = z.union([
  z.strictObject({ outcome: z.literal('refused'), code: z.string(), told: z.string(), seen: z.null() }),
  z.strictObject({ outcome: z.literal('refused'), code: z.string(), told: z.null(), seen: z.string() }),
  z.strictObject({ outcome: z.literal('succeeded'), gained: z.string() }),
])

/** The same attack against the weakened client, in a process of its own; what went wrong there is a `failed`. */
export type ControlFinding = Finding | { readonly outcome: 'failed'; readonly why: string }

export const runControl = async (attack: Attack): Promise<ControlFinding> => {
  const browser = attack.inBrowser === true ? { [BROWSER_VARIABLE]: await browserEndpoint() } : {}
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, attack.ref], {
      // Through the environment, so that the processes this one starts are weakened alike.
      env: {
        ...process.env,
        ...browser,
        NODE_OPTIONS: `--import=${HOOK}`,
        [WEAKENING_VARIABLE]: JSON.stringify(attack.weakened.edits),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let out = ''
    let errors = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text
    })
    const late = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS)
    child.once('close', (status) => {
      clearTimeout(late)
      const last = out.trim().split('\n').at(-1) ?? ''
      if (status !== 0) {
        resolve({ outcome: 'failed', why: errors.trim() || `ended with ${status}` })
        return
      }
      const parsed = findingSchema.safeParse(JSON.parse(last))
      resolve(parsed.success ? parsed.data : { outcome: 'failed', why: `said ${last}` })
    })
  })
}

/** What is wrong with a control; empty where the attack succeeded, as it must. */
export const controlFaults = (finding: ControlFinding): string[] => {
  if (finding.outcome === 'succeeded') return []
  if (finding.outcome === 'failed') return [`the control failed: ${finding.why}`]
  return [
    `the control was refused by ${finding.code} (${finding.told ?? finding.seen}): this row does not bite`,
  ]
}

import { until } from '@countersign/tools/try-out/until'
import type { Stage } from './stage.ts'

export const PRODUCTION = 'llm / production'
export const REFERENCE = 'cs://llm/production/openai'
export const PROGRAM = 'Invoice robot'
export const HOUR = 3_600_000

export const bearerRead = async (
  stage: Stage,
): Promise<{ status: number; value: string | null; code: string }> => {
  const { binding } = stage.props
  if (binding === null) throw new Error('no program is bound')
  const read = await (await stage.localApi()).read(REFERENCE, binding.token)
  return read.ok
    ? { status: read.status, value: read.value.value, code: '' }
    : { status: read.status, value: null, code: read.code }
}

export const readsNow = (
  stage: Stage,
  what: string,
  holds: (read: Awaited<ReturnType<typeof bearerRead>>) => boolean,
) => until(async () => holds(await bearerRead(stage)), { what, timeoutMs: 30_000 })

/** A program on the developer's machine asks; its request goes to the approvers over the server. */
export const ask = async (
  stage: Stage,
  application: string,
): Promise<{ id: string; claim: string; code: string }> => {
  const api = await stage.localApi()
  const asked = await api.bind({
    application,
    vault: 'llm',
    environment: 'production',
    items: ['openai'],
    lease: { durationMs: 8 * HOUR },
    reason: 'Monthly invoices',
    tokenFor: 'any-program',
  })
  if (!asked.ok) throw new Error(`refused: ${asked.code} ${asked.detail}`)
  return asked.value
}

export const outcomeOf = async (stage: Stage, { id, claim }: { id: string; claim: string }, state: string) =>
  until(
    async () => {
      const poll = await (await stage.localApi()).poll(id, claim, 2)
      if (!poll.ok) throw new Error(`polling was refused: ${poll.code} ${poll.detail}`)
      return poll.value.state === state ? poll.value : null
    },
    { what: `the poll says ${state}`, timeoutMs: 30_000 },
  )

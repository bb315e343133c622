import type { Page } from 'playwright'
import { type Finding, succeeded } from '../attack.ts'
import type { Stage } from '../stage.ts'
import { ATTACKER, openPage, REBOUND } from './browser.ts'
import { leakedToken, refusedBy, type Served, serve, VALUE } from './local-api.ts'
import { until } from './until.ts'

/** What a hostile page knows and can do; `text` of everything it could read is what it ends with. */
export interface PageAttempt {
  readonly page: Page
  /** Of the local API, as the page addresses it. */
  readonly url: string
  readonly token: string
}

const PAGE = '<!doctype html><title>cat pictures</title><body>'

const visit = (stage: Stage, { api }: Served, from: 'elsewhere' | 'rebound'): Promise<Page> =>
  openPage(stage, `http://${from === 'rebound' ? `${REBOUND}:${api.port}` : `${ATTACKER}:8080`}/`, PAGE)

/** How many requests were answered with what they asked for, this one not yet among them. */
const answers = async (served: Served): Promise<number> => {
  const { text } = await served.call('/metrics')
  return Number(/countersign_answers_total\{status="2xx"\} (\d+)/.exec(text)?.[1] ?? 0)
}

/**
 * A person with the app running opens the attacker's page. It gained something if it could read an answer, if approvers were asked
 * something, or if a request of it was answered at all; otherwise the audit names what refused it.
 */
export const attackFrom = async (
  stage: Stage,
  from: 'elsewhere' | 'rebound',
  act: (attempt: PageAttempt) => Promise<string>,
): Promise<Finding> => {
  const served = await serve(stage)
  const token = await leakedToken(served)
  const asked = served.vault.bindings.length
  const page = await visit(stage, served, from)
  const before = await answers(served)
  const url = from === 'rebound' ? `http://${REBOUND}:${served.api.port}` : served.api.url
  const read = await act({ page, url, token })
  stage.wire.said(new TextEncoder().encode(read))
  if (read.includes(VALUE)) return succeeded('the page reads a value')
  if (served.vault.bindings.length > asked) return succeeded('the page has approvers asked for access')
  if (read.includes('"mode"')) return succeeded('the page reads the state of the installation')
  if ((await answers(served)) > before + 1) return succeeded('a request of the page is answered')
  const refusals = () =>
    served.vault.records.filter(({ action }) => action === 'app.denied').map(({ outcome }) => outcome)
  await until('the refusal is on record', () => refusals().length > 0)
  const codes = new Set(refusals())
  const [code = ''] = codes
  if (codes.size > 1) throw new Error(`refused by ${[...codes].join(', ')}`)
  return refusedBy(code)
}

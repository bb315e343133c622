import { serveVault } from '@countersign/local-api/test/served-vault'
import { PROBLEMS, problemSchema } from '@countersign/schema/problem'
import { type Finding, refused, succeeded } from '../attack.ts'
import type { Stage } from '../stage.ts'

/** What attackers of the local API are after. */
export const VALUE = 'sk-proj-canary-0001'
export const CREDENTIAL = '/v1/credentials/acme/production/openai'
/** What the installation can say of itself; even that is not for pages. */
export const STATE = '/health'

export type Served = Awaited<ReturnType<typeof serveVault>>

/** The shipped local API with all its listeners over a vault whose values are really sealed; the row plays the team that decides. */
export const serve = async (stage: Stage): Promise<Served> => {
  const served = await serveVault()
  stage.later(() => served.close())
  stage.plant('value of a credential', new TextEncoder().encode(VALUE))
  return served
}

/** A token that works for any program, as the worst case: the attacker has found one, and nothing but the defences is left. */
export const leakedToken = async (served: Served): Promise<string> =>
  (await served.granted({ tokenFor: 'any-program' })).token

const problemOf = (answer: string): string => {
  const json = /\{.*\}/s.exec(answer)?.[0]
  const parsed = json === undefined ? undefined : problemSchema.safeParse(JSON.parse(json))
  if (parsed?.success !== true) throw new Error(`neither a value nor a refusal: ${answer.slice(0, 300)}`)
  return parsed.data.code
}

export const refusedBy = (code: string): Finding => {
  const problem = Object.entries(PROBLEMS).find(([each]) => each === code)?.[1]
  return refused(code, problem === undefined ? '' : `${problem.title} ${problem.fix}`)
}

/** Judges answers by what is in them; they were all refused alike, or it cannot be told. */
export const judge = (
  stage: Stage,
  answers: readonly string[],
  { holds, gained } = { holds: VALUE, gained: 'the value' },
): Finding => {
  for (const answer of answers) stage.wire.said(new TextEncoder().encode(answer))
  const opened = answers.find((answer) => answer.includes(holds))
  if (opened !== undefined) return succeeded(gained)
  const codes = new Set(answers.map(problemOf))
  const [code] = codes
  if (code === undefined || codes.size > 1) throw new Error(`refused by ${[...codes].join(', ')}`)
  return refusedBy(code)
}

export const get = (path: string, headers: readonly string[]): string =>
  `GET ${path} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`

export const hostOf = (served: Served): string => `Host: 127.0.0.1:${served.api.port}`

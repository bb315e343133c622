import { Session } from 'node:inspector/promises'
import { crc32 } from 'node:zlib'
import { parseToken } from '@countersign/crypto/app-token'
import { type Attack, succeeded } from '../attack.ts'
import { CREDENTIAL, judge, leakedToken, type Served, serve } from '../cast/local-api.ts'

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const BODY_AT = 'cs_app_'.length
const BODY_END = BODY_AT + 43
/** Where a token is looked at. */
const LOOKED_AT = /\/(?:authenticate|token-book|app-token|hash)\.ts$/

/** The token with another character at `at` of its body, and a checksum that fits. */
const guess = (token: string, at: number): string => {
  const other = token[BODY_AT + at] === 'A' ? 'B' : 'A'
  const text = token.slice(0, BODY_AT + at) + other + token.slice(BODY_AT + at + 1, BODY_END)
  let check = ''
  for (let rest = crc32(text); check.length < 6; rest = Math.floor(rest / 62))
    check = DIGITS.charAt(rest % 62) + check
  if (parseToken(text + check) === undefined) throw new Error('the guess has not the form of a token')
  return text + check
}

/** What the API answers to a token, its Date aside, and every step its code took on the way: what a perfect clock could measure. */
const answerTo = async (served: Served, profiler: Session, token: string) => {
  await profiler.post('Profiler.takePreciseCoverage')
  const { status, headers, text } = await served.call(CREDENTIAL, { token })
  const { result } = await profiler.post('Profiler.takePreciseCoverage')
  const steps = result
    .filter(({ url }) => LOOKED_AT.test(url))
    .map(({ url, functions }) => ({ url, functions }))
    .sort((a, b) => a.url.localeCompare(b.url))
  return {
    text,
    seen: JSON.stringify([status, { ...headers, date: '' }, text]),
    steps: JSON.stringify(steps),
  }
}

export const localApiTiming: readonly Attack[] = [
  {
    ref: 'L-token-timing',
    area: 'local API',
    title: 'a token found character by character',
    tried:
      'Guesses that share no, some and nearly all characters with a good token: compared by their answers and by every step the code takes, counted, not by a clock.',
    refusal: 'token.unknown',
    weakened: {
      without:
        'the hashing of tokens before they are looked up, and the look-up that does not compare them one after another',
      edits: [
        {
          file: 'packages/crypto/src/app-token.ts',
          find: "const digest = hash('sha256', LABEL + token, 'buffer')",
          replace:
            "const digest = LABEL === '' ? hash('sha256', token, 'buffer') : Buffer.from(token.slice(7, 39))",
        },
        {
          file: 'packages/local-api/src/token-book.ts',
          find: 'const entry = this.#byToken.get(keyOf(hash))',
          replace: `let entry: TokenEntry | undefined
    for (const [key, each] of this.#byToken) {
      let same = 0
      while (same < 32 && key.charCodeAt(same) === hash[same]) same += 1
      if (same === 32) entry = each
    }`,
        },
      ],
    },
    run: async (stage) => {
      const served = await serve(stage)
      const token = await leakedToken(served)
      const profiler = new Session()
      profiler.connect()
      stage.later(() => profiler.disconnect())
      await profiler.post('Profiler.enable')
      await profiler.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
      const guesses = [0, 12, 30].map((at) => guess(token, at))
      // What runs once only, at first, is no difference between guesses.
      await answerTo(served, profiler, guesses[0] ?? '')
      const answers = []
      for (const each of guesses) answers.push(await answerTo(served, profiler, each))
      if (answers.some(({ steps }) => steps === '[]')) throw new Error('no step was counted')
      if (new Set(answers.map(({ seen }) => seen)).size > 1)
        return succeeded('answers that tell how much was right')
      if (new Set(answers.map(({ steps }) => steps)).size > 1)
        return succeeded('steps that tell how many characters were right')
      return judge(
        stage,
        answers.map(({ text }) => text),
      )
    },
  },
]

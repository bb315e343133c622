import { type Attack, succeeded } from '../attack.ts'
import { CREDENTIAL, judge, serve, VALUE } from '../cast/local-api.ts'
import { until } from '../cast/until.ts'

const AREA = 'local API'
const READS = 20

/** Attacks that come while something is waited for: values that are being opened are held back, so that all are let in before any is answered. */
export const localApiUses: readonly Attack[] = [
  {
    ref: 'L-uses-raced',
    area: AREA,
    title: 'more values than a lease has uses',
    tried:
      'A program whose lease has one use reads twenty times at once, over connections of their own, so that every read is let in before the first is counted.',
    refusal: 'lease.used_up',
    weakened: {
      without: 'the look at the limit in the turn in which a use is taken',
      edits: [
        {
          file: 'packages/local-api/src/token-book.ts',
          find: 'if (limit !== null && entry.record.uses + counted > limit) return',
          replace: 'if (limit !== null && limit < counted) return',
        },
      ],
    },
    run: async (stage) => {
      const served = await serve(stage)
      const { token } = await served.granted({ lease: { durationMs: 3_600_000, uses: 1 } })
      const { open } = served.vault.holds
      open.hold()
      const asked = Array.from({ length: READS }, () => served.call(CREDENTIAL, { token }))
      await until('all reads wait', () => open.waiting === READS)
      open.letGo()
      const answers = (await Promise.all(asked)).map(({ text }) => text)
      const values = answers.filter((answer) => answer.includes(VALUE))
      if (values.length > 1) return succeeded(`${values.length} values under a lease of one use`)
      if (values.length === 0) throw new Error('the one use was not had either')
      return judge(
        stage,
        answers.filter((answer) => !answer.includes(VALUE)),
      )
    },
  },
  {
    ref: 'L-claim-raced',
    area: AREA,
    title: 'a token voided while it reads',
    tried:
      'Whoever found a token begins a read with it; before it is answered the program shows its claim, which voids that token and fetches another.',
    refusal: 'token.unknown',
    weakened: {
      without: 'the look, after every wait, whether the token that was shown still works',
      edits: [
        {
          file: 'packages/local-api/src/token-book.ts',
          find: 'return entry.token === token',
          replace: 'return token.length > 0 && entry !== null',
        },
      ],
    },
    run: async (stage) => {
      const served = await serve(stage)
      const { id, token, claim } = await served.granted({ tokenFor: 'any-program' })
      const { open } = served.vault.holds
      open.hold()
      const late = served.call(CREDENTIAL, { token })
      await until('the read waits', () => open.waiting === 1)
      const polled = (await served.call(`/v1/bindings/${id}`, { token: claim })).text
      if (!polled.includes('cs_app_')) throw new Error(`the claim fetched no token: ${polled}`)
      open.letGo()
      return judge(stage, [(await late).text])
    },
  },
]

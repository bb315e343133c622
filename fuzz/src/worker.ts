import { z } from 'zod'
import { runCampaign } from './campaign.ts'
import { makeParsers } from './catalogue.ts'
import { readCorpus } from './corpus.ts'

// Parsers of one group in a process of their own, so that one that hangs can be stopped from outside and one that crashes takes nothing along.

const order = z
  .strictObject({ group: z.string(), names: z.array(z.string()), inputs: z.number(), seed: z.number() })
  .parse(JSON.parse(process.argv[2] ?? ''))
const say = (said: object): void => void process.send?.(said)
const parsers = await makeParsers(order.group)
for (const parser of parsers.filter(({ name }) => order.names.includes(name))) {
  const { name } = parser
  const started = performance.now()
  const result = await runCampaign(parser, {
    inputs: order.inputs,
    seed: order.seed,
    corpus: readCorpus(name),
    onBatch: (done) => say({ name, done }),
  })
  say({ name, result, ms: performance.now() - started })
}
for (const parser of parsers) await parser.close?.()
process.disconnect?.()

import { parentPort, workerData } from 'node:worker_threads'
import { z } from 'zod'
import { runCampaign } from './campaign.ts'
import { makeParsers } from './catalogue.ts'
import { readCorpus } from './corpus.ts'

// Parsers of one group in a thread of their own, so that one that hangs can be stopped from outside.

const order = z
  .strictObject({ group: z.string(), names: z.array(z.string()), inputs: z.number(), seed: z.number() })
  .parse(workerData)
const parsers = await makeParsers(order.group)
for (const parser of parsers.filter(({ name }) => order.names.includes(name))) {
  const { name } = parser
  const started = performance.now()
  const result = await runCampaign(parser, {
    inputs: order.inputs,
    seed: order.seed,
    corpus: readCorpus(name),
    onBatch: (done) => parentPort?.postMessage({ name, done }),
  })
  parentPort?.postMessage({ name, result, ms: performance.now() - started })
}
for (const parser of parsers) await parser.close?.()

import { findItem } from '@countersign/client/items/item-actions'
import { parseCompartmentContent } from '@countersign/ledger/compartment-content'
import { compartmentStream } from '@countersign/schema/ids'
import { encodeMessage } from '@countersign/schema/wire'
import { type Attack, nobodyToTell, succeeded } from '../attack.ts'
import { Company } from '../cast/company.ts'
import { readAsHolder } from '../cast/read-as.ts'
import { until } from '../cast/until.ts'

const AREA = 'hostile server: beyond the papers'

/** As long as keys of different providers are. */
const LENGTHS = [24, 39, 51, 56, 64, 84, 108, 164]

export const leaks: readonly Attack[] = [
  {
    ref: 'S-sizes',
    area: AREA,
    title: 'a provider told by the length of its keys',
    tried: 'compares the sizes of sealed values of keys from 24 to 164 characters, as providers make them',
    refusal: 'nothing.distinguishable',
    weakened: {
      without: 'the padding of values',
      edits: [
        {
          file: 'packages/client/src/items/item-blobs.ts',
          find: 'const VALUE_AT_LEAST_BYTES = 512',
          replace: 'const VALUE_AT_LEAST_BYTES = 0',
        },
      ],
    },
    run: async (stage) => {
      const company = await Company.found(stage)
      const { server, production } = company
      const stream = compartmentStream(production)
      for (const length of LENGTHS)
        await company.item(`item-${length}`, stage.canary(`${length}`).padEnd(length, 'x').slice(-length))
      const sizes = server.timeline.entries(stream).flatMap((entry, seq) => {
        const content = parseCompartmentContent(server.timeline.envelope(stream, seq))
        return content?.type === 'item.put'
          ? [`${content.plain.value.length}/${content.plain.meta.length}/${entry.length}`]
          : []
      })
      if (sizes.length !== LENGTHS.length) throw new Error('the server has not all items')
      const kinds = new Set(sizes)
      if (kinds.size > 1) return succeeded(`${kinds.size} sizes for ${LENGTHS.length} lengths`)
      return nobodyToTell(
        'nothing.distinguishable',
        `${LENGTHS.length} lengths, one size: ${[...kinds].join()} bytes of value, description and entry`,
      )
    },
  },
  {
    ref: 'S-reads-seen',
    area: AREA,
    title: 'which credential is read, told by what the client asks for',
    tried: 'watches what Ada’s client says while she opens one credential and then another',
    refusal: 'nothing.distinguishable',
    weakened: {
      without: 'the whole copy on the device: a version is fetched when it is opened',
      edits: [
        {
          file: 'packages/client/src/items/item-values.ts',
          find: 'const entry = await session.device.replica.proven(compartmentStream(environment), seq)',
          replace:
            "await session.device.replica.request((ref) => ({ type: 'fetch', ref, stream: compartmentStream(environment), after: session.device.replica.head(compartmentStream(environment)), limit: 1 + seq }))\n  const entry = await session.device.replica.proven(compartmentStream(environment), seq)",
        },
      ],
    },
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server } = company
      const items = [
        await company.item('one', stage.canary('one')),
        await company.item('two', stage.canary('two')),
      ]
      await until('Ada has them', () => items.every((item) => findItem(ada.session, item) !== undefined))
      const said = async (item: string): Promise<string> => {
        const before = server.said(ada.device).length
        const read = await readAsHolder(ada, item)
        if (!('value' in read)) throw new Error(read.code)
        const after = server.said(ada.device).slice(before)
        return after
          .filter(({ type }) => type !== 'ping' && type !== 'seen')
          .map((message) => Buffer.from(encodeMessage(message)).toString('hex'))
          .join()
      }
      const [first, second] = [await said(items[0] ?? ''), await said(items[1] ?? '')]
      if (first !== second) return succeeded('the server sees which version is opened')
      return nobodyToTell('nothing.distinguishable', 'opening a credential asks the server for nothing')
    },
  },
]

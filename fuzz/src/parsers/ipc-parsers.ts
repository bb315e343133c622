import { contract } from '@countersign/desktop/shared/contract'
import { coreMessageSchema, hostMessageSchema } from '@countersign/desktop/shared/host-protocol'
import { newId } from '@countersign/schema/ids'
import { type FuzzedParser, textOf, utf8 } from '../parser.ts'

const seeds = [
  {},
  { item: newId(), base: 1, value: { api_key: 'x' } },
  { server: 'http://127.0.0.1:1', setupToken: 't', team: 'T', name: 'N', device: 'D' },
  { member: newId(), reason: 'left' },
  { binding: newId(), reason: 'leaked' },
  { type: 'call', id: 1, verb: 'status.get', request: {} },
]

/** The parsers at the desktop's inner borders: what a hostile window may send, and what two of its processes say to each other. */
export const ipcParsers = async (): Promise<FuzzedParser[]> => {
  const verbs = Object.entries(contract)
  return [
    {
      name: 'ipc',
      from: 'a hostile renderer',
      seeds: seeds.map((value) => utf8(JSON.stringify(value))),
      dictionary: [...Object.keys(contract), '"__proto__":', '"constructor":', 'null', '1e999', '[]'].map(
        utf8,
      ),
      parse: (input) => {
        let value: unknown
        try {
          value = JSON.parse(textOf(input))
        } catch {
          return 'no JSON'
        }
        const taken = verbs.filter(([, { request }]) => request.safeParse(value).success).length
        const host = hostMessageSchema.safeParse(value).success || coreMessageSchema.safeParse(value).success
        return taken > 0 ? 'accepted' : host ? 'accepted between processes' : 'refused'
      },
    },
  ]
}

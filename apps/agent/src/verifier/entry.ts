import { decode } from './cbor.ts'
import { Fields, type Head, headOf, streamOf } from './fields.ts'
import { FormatError } from './format-error.ts'
import { hashFor } from './hashes.ts'

/** One signed step in a stream. */
export interface Entry {
  readonly team: string
  readonly stream: string
  readonly seq: number
  readonly prev: Uint8Array
  readonly ledger: Head | null
  readonly id: string
  readonly member: string
  readonly device: string
  readonly type: string
  readonly time: number
  readonly plain: Fields
  readonly body: Uint8Array | null
  readonly hash: Uint8Array
  readonly signed: Uint8Array
  readonly signature: Uint8Array
}

const MEMBERS = [
  'v',
  'team',
  'stream',
  'seq',
  'prev',
  'ledger',
  'id',
  'member',
  'device',
  'type',
  'time',
  'plain',
  'body',
]

/** Parses an entry's bytes: [what was signed, signature]. Throws FormatError. */
export const parseEntry = (bytes: Uint8Array): Entry => {
  const pair = decode(bytes)
  const [signed, signature, ...more] = Array.isArray(pair) ? pair : []
  if (!(signed instanceof Uint8Array) || !(signature instanceof Uint8Array) || more.length > 0) {
    throw new FormatError('not an entry')
  }
  const fields = Fields.of(signed).only(...MEMBERS)
  if (fields.whole('v') !== 1) throw new FormatError('an entry of another version')
  return {
    team: fields.id('team'),
    stream: streamOf(fields.text('stream')),
    seq: fields.whole('seq'),
    prev: fields.bytes('prev', 32),
    ledger: fields.value('ledger') === null ? null : headOf(fields.fields('ledger')),
    id: fields.id('id'),
    member: fields.id('member'),
    device: fields.id('device'),
    type: fields.text('type'),
    time: fields.whole('time'),
    plain: fields.fields('plain'),
    body: fields.value('body') === null ? null : fields.bytes('body'),
    hash: hashFor('entry', bytes),
    signed,
    signature,
  }
}

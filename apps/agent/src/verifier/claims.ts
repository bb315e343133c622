import { decode, encode, type Value } from './cbor.ts'
import { parseEntry } from './entry.ts'
import { Fields, headOf, streamOf } from './fields.ts'
import { FormatError } from './format-error.ts'
import { hex, same } from './hashes.ts'
import { type Checkpoint, cosigned, parseCheckpoint } from './note.ts'
import type { People } from './people.ts'
import type { Findings } from './report.ts'
import { signedUnder } from './signatures.ts'
import type { StreamCheck } from './stream-check.ts'

interface Statement {
  readonly team: string
  readonly member: string
  readonly device: string
  readonly time: number
  readonly heads: readonly { readonly stream: string; readonly seq: number; readonly hash: Uint8Array }[]
  readonly signed: Uint8Array
  readonly signature: Uint8Array
}

/** What a device signed that it had verified: a stream up to an entry. */
export interface SignedHead {
  readonly stream: string
  readonly seq: number
  readonly hash: Uint8Array
  readonly by: string
}

const statementOf = (signed: Uint8Array, signature: Uint8Array): Statement => {
  const fields = Fields.of(signed).only('team', 'member', 'device', 'time', 'heads')
  const heads = fields.list('heads').map((each) => {
    const at = new Fields(each).only('stream', 'head')
    return { stream: streamOf(at.text('stream')), ...headOf(at.fields('head')) }
  })
  const team = fields.id('team')
  const member = fields.id('member')
  const device = fields.id('device')
  return { team, member, device, time: fields.whole('time'), heads, signed, signature }
}

const when = (time: number): string => new Date(time).toISOString()
const deviceWords = (people: People, device: string, member: string): string =>
  `device ${device.slice(0, 8)} of ${people.nameOf(member)}`
const streamWords = (stream: string): string => (stream === 'ledger' ? 'the ledger' : `stream ${stream}`)

interface Places {
  readonly seqs: Set<number>
  readonly sizes: Set<number>
}

/**
 * What devices signed about the streams: statements of heads, cosigned tree heads, entries kept as evidence. They stand before the
 * streams in a file, so that their places are noted while the streams go by, and are judged at the end, when every key is known.
 */
export class Claims {
  readonly #statements: Statement[] = []
  readonly #checkpoints: Checkpoint[] = []
  readonly #evidence: { readonly label: string; readonly bytes: Uint8Array }[] = []
  readonly #places = new Map<string, Places>()

  get statements(): number {
    return this.#statements.length
  }

  get cosignatures(): number {
    return this.#checkpoints.reduce((sum, { lines }) => sum + lines.length, 0)
  }

  addStatement(signed: Value | undefined, signature: Value | undefined): void {
    if (!(signed instanceof Uint8Array) || !(signature instanceof Uint8Array)) {
      throw new FormatError('a statement is two byte strings')
    }
    // The statement that an alarm rests on may stand among the others, too.
    const known = this.#statements.some(
      (each) => same(each.signed, signed) && same(each.signature, signature),
    )
    if (known) return
    const statement = statementOf(signed, signature)
    this.#statements.push(statement)
    for (const { stream, seq } of statement.heads) this.#at(stream).seqs.add(seq)
  }

  addCheckpoint(note: Value | undefined): void {
    if (typeof note !== 'string') throw new FormatError('a checkpoint is text')
    const checkpoint = parseCheckpoint(note)
    this.#checkpoints.push(checkpoint)
    this.#at(checkpoint.stream).sizes.add(checkpoint.size)
  }

  /** Evidence of an alarm: whole entries and statements among it are claims like any other; hashes alone prove nothing. */
  addAlarm(alarm: Fields): void {
    alarm.only('code', 'stream', 'seq', 'message', 'time', 'signer', 'evidence')
    for (const each of alarm.list('evidence')) {
      const fields = new Fields(each).only('label', 'bytes')
      const label = fields.text('label')
      const bytes = fields.bytes('bytes')
      if (label.endsWith('signed statement')) {
        const seen = Fields.of(bytes).only('statement', 'signature', 'trees')
        this.addStatement(encode(seen.value('statement')), seen.bytes('signature', 64))
      } else if (label.startsWith('entry')) {
        const value = decode(bytes)
        if (Array.isArray(value)) this.#evidence.push({ label, bytes })
        if (Array.isArray(value)) {
          const { stream, seq } = parseEntry(bytes)
          this.#at(stream).seqs.add(seq)
        }
      }
    }
  }

  placesOf(stream: string): Places {
    return this.#at(stream)
  }

  /** Compares everything that was signed with the streams as they are in the file. `onHead`: each head in a statement that is signed. */
  judge(
    team: string,
    people: People,
    streams: ReadonlyMap<string, StreamCheck>,
    findings: Findings,
    onHead: (head: SignedHead) => void = () => undefined,
  ): void {
    const good = this.#statements.filter((each) =>
      this.#judgeStatement(each, team, people, streams, findings),
    )
    this.#judgeOrder(good, people, findings)
    for (const { heads, device, member } of good) {
      const by = deviceWords(people, device, member)
      for (const head of heads) onHead({ ...head, by })
    }
    for (const checkpoint of this.#checkpoints) {
      this.#judgeCheckpoint(checkpoint, team, people, streams, findings)
    }
    for (const { label, bytes } of this.#evidence) this.#judgeEntry(label, bytes, people, streams, findings)
  }

  #at(stream: string): Places {
    const known = this.#places.get(stream) ?? { seqs: new Set<number>(), sizes: new Set<number>() }
    this.#places.set(stream, known)
    return known
  }

  #judgeStatement(
    statement: Statement,
    team: string,
    people: People,
    streams: ReadonlyMap<string, StreamCheck>,
    findings: Findings,
  ): boolean {
    const device = people.devices.get(statement.device)
    const who = deviceWords(people, statement.device, statement.member)
    const good =
      statement.team === team &&
      device?.member === statement.member &&
      signedUnder(device.signKey, 'seen', statement.signed, statement.signature)
    if (!good) {
      findings.add('damaged', 'statement.signature', `A statement is not signed by ${who}, whom it names.`)
      return false
    }
    for (const { stream, seq, hash } of statement.heads) {
      const check = streams.get(stream)
      if (check === undefined) continue
      const here = check.hashAt(seq)
      const said = `${who} signed on ${when(statement.time)} that it verified entry ${seq} of ${streamWords(stream)}`
      if (seq >= check.size) {
        findings.add('convicts', 'truncated', `${said}; the file ends at entry ${check.size - 1}.`)
      } else if (here === undefined || !same(here, hash)) {
        const hashes = `with hash ${hex(hash)}; in the file that entry has hash ${here === undefined ? 'none' : hex(here)}`
        findings.add('convicts', 'fork', `${said} ${hashes}. Two histories were shown.`)
      } else check.witness(statement.device)
    }
    return true
  }

  /** A device never states less than it stated before, unless it was shown less. */
  #judgeOrder(statements: readonly Statement[], people: People, findings: Findings): void {
    const seen = new Map<string, { seq: number; time: number }>()
    for (const { device, member, time, heads } of [...statements].sort((a, b) => a.time - b.time)) {
      for (const { stream, seq } of heads) {
        const before = seen.get(`${device} ${stream}`)
        if (before !== undefined && seq < before.seq) {
          const who = `Device ${device.slice(0, 8)} of ${people.nameOf(member)}`
          const said = `had verified entry ${before.seq} of ${streamWords(stream)} on ${when(before.time)}`
          const message = `${who} ${said}, and stated only entry ${seq} on ${when(time)}: it was shown less.`
          findings.add('convicts', 'rollback', message)
        }
        seen.set(`${device} ${stream}`, { seq: Math.max(seq, before?.seq ?? 0), time })
      }
    }
  }

  #judgeCheckpoint(
    checkpoint: Checkpoint,
    team: string,
    people: People,
    streams: ReadonlyMap<string, StreamCheck>,
    findings: Findings,
  ): void {
    const { stream, size, root, lines } = checkpoint
    for (const line of lines) {
      const device = people.devices.get(line.device)
      const who = deviceWords(people, line.device, device?.member ?? '')
      if (checkpoint.team !== team || device === undefined || !cosigned(checkpoint, line, device.signKey)) {
        findings.add(
          'damaged',
          'cosignature',
          `A checkpoint of ${streamWords(stream)} is not cosigned by ${who}.`,
        )
        continue
      }
      const check = streams.get(stream)
      if (check === undefined) continue
      const said = `${who} cosigned a tree of ${size} entries of ${streamWords(stream)}`
      const here = check.rootAt(size)
      if (size > check.size) {
        findings.add('convicts', 'truncated', `${said}; the file has ${check.size}.`)
      } else if (here === undefined || !same(here, root)) {
        findings.add(
          'convicts',
          'fork',
          `${said} with root ${hex(root)}; the entries in the file give another root.`,
        )
      } else check.witness(line.device)
    }
  }

  #judgeEntry(
    label: string,
    bytes: Uint8Array,
    people: People,
    streams: ReadonlyMap<string, StreamCheck>,
    findings: Findings,
  ): void {
    const entry = parseEntry(bytes)
    const here = streams.get(entry.stream)?.hashAt(entry.seq)
    if (here !== undefined && same(here, entry.hash)) return
    const place = `entry ${entry.seq} of ${streamWords(entry.stream)}`
    const key = people.authorKey(entry)
    const signed = key !== null && signedUnder(key, 'entry', entry.signed, entry.signature)
    if (!signed) {
      const message = `The kept ${label} (${place}) is signed by nobody in the team: whoever passed it on made it up.`
      findings.remark('evidence.unsigned', message)
      return
    }
    const author = people.nameOf(entry.member)
    if (here === undefined) {
      findings.add('convicts', 'truncated', `${author} signed an ${place} that is not in the file.`)
      return
    }
    const message = `${author} signed another ${place} (hash ${hex(entry.hash)}) than the file has (${hex(here)}).`
    findings.add('convicts', 'fork', `${message} Two histories were shown.`)
  }
}

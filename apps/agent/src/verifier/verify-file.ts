import { stat } from 'node:fs/promises'
import { Approvals } from './approvals.ts'
import { encode, type Value } from './cbor.ts'
import { Claims, type SignedHead } from './claims.ts'
import { Contents, type Opened, type OpenedRecord, openedOf } from './contents.ts'
import { type Entry, parseEntry } from './entry.ts'
import { Fields, type Head, headOf, streamOf } from './fields.ts'
import { FormatError } from './format-error.ts'
import { type Frame, readFrames } from './frames.ts'
import { hex, same } from './hashes.ts'
import { People } from './people.ts'
import { Findings, type Report } from './report.ts'
import { signedUnder } from './signatures.ts'
import { StreamCheck } from './stream-check.ts'

export interface VerifyOptions {
  /** What the reader knows from elsewhere: the team's id or the hash of its first entry, in hexadecimal. */
  readonly team?: string | undefined
  readonly genesis?: string | undefined
  readonly onProgress?: (bytes: number, of: number) => void
  readonly onRecord?: (record: OpenedRecord, people: People) => void
  /** Each entry that stands in its stream; for comparing files. */
  readonly onEntry?: (entry: Entry) => void
  /** Each head that a device signed, also of streams that are not in the file; for comparing files. */
  readonly onHead?: (head: SignedHead) => void
}

interface Header {
  readonly team: string
  readonly genesis: Uint8Array
  readonly member: string
  readonly device: string
  readonly createdAt: number
  readonly reason: 'audit' | 'evidence'
  readonly opened: Opened
  readonly streams: readonly { readonly stream: string; readonly head: Head }[]
}

const headerOf = (value: Value | undefined): Header => {
  const fields = new Fields(value).only(
    'team',
    'genesis',
    'member',
    'device',
    'createdAt',
    'reason',
    'opened',
    'streams',
  )
  const reason = fields.text('reason')
  if (reason !== 'audit' && reason !== 'evidence') throw new FormatError('an unknown reason')
  const streams = fields.list('streams').map((each) => {
    const at = new Fields(each).only('stream', 'head')
    return { stream: streamOf(at.text('stream')), head: headOf(at.fields('head')) }
  })
  return {
    team: fields.id('team'),
    genesis: fields.bytes('genesis', 32),
    member: fields.id('member'),
    device: fields.id('device'),
    createdAt: fields.whole('createdAt'),
    reason,
    opened: openedOf(fields.text('opened')),
    streams,
  }
}

/** Frames come in this order; statements, checkpoints and the alarm before the streams they are about. */
const ORDER = ['header', 'statement', 'checkpoint', 'alarm', 'entry', 'end']
const PARTS: Readonly<Record<string, number>> = {
  header: 1,
  statement: 2,
  checkpoint: 1,
  alarm: 1,
  entry: 2,
  end: 2,
}

class Verification {
  readonly findings = new Findings()
  readonly people = new People()
  readonly approvals = new Approvals()
  readonly claims = new Claims()
  readonly streams = new Map<string, StreamCheck>()
  header: Header | null = null
  ended = false
  readonly #options: VerifyOptions
  readonly #ledgerHashes: Uint8Array[] = []
  readonly #cited = new Map<string, number>()
  #contents: Contents | null = null
  #kind = 0

  constructor(options: VerifyOptions) {
    this.#options = options
  }

  get records(): number {
    return this.#contents?.records ?? 0
  }

  take(frame: Frame): void {
    const { kind, content } = frame
    const rank = ORDER.indexOf(kind)
    if (this.ended) throw new FormatError('something follows the end')
    if (
      rank < this.#kind ||
      (this.header === null) !== (kind === 'header') ||
      content.length !== PARTS[kind]
    ) {
      throw new FormatError(`frame ${frame.index} (${kind.slice(0, 20)}) does not belong there`)
    }
    this.#kind = rank
    const [first, second] = content
    switch (kind) {
      case 'header':
        this.header = headerOf(first)
        this.#contents = new Contents(this.header.opened, this.findings, (record) =>
          this.#options.onRecord?.(record, this.people),
        )
        return
      case 'statement':
        this.claims.addStatement(first, second)
        return
      case 'checkpoint':
        this.claims.addCheckpoint(first)
        return
      case 'alarm':
        this.claims.addAlarm(new Fields(first))
        return
      case 'entry':
        this.#entry(first, second)
        return
      default:
        this.#end(frame, first, second)
    }
  }

  #entry(bytes: Value | undefined, given: Value | undefined): void {
    if (!(bytes instanceof Uint8Array) || !(given === null || given instanceof Uint8Array)) {
      throw new FormatError('an entry is its bytes and a key or null')
    }
    const entry = parseEntry(bytes)
    const place = `Entry ${entry.seq} of ${entry.stream}`
    if (entry.team !== this.header?.team) {
      this.findings.add('damaged', 'chain.team', `${place} is of another team.`)
      return
    }
    this.#check(entry.stream).take(entry, this.findings)
    this.#options.onEntry?.(entry)
    const key = this.people.authorKey(entry)
    if (key === null || !signedUnder(key, 'entry', entry.signed, entry.signature)) {
      const message = `${place} is not signed by ${this.people.nameOf(entry.member)}, whom it names.`
      this.findings.add('damaged', 'chain.signature', message)
      return
    }
    if (entry.stream === 'ledger') this.#ledger(entry, given)
    else {
      this.#citation(entry)
      this.#contents?.take(entry, given)
    }
  }

  #ledger(entry: Entry, key: Uint8Array | null): void {
    const { seq, hash } = entry
    this.#ledgerHashes[seq] = hash
    if (seq === 0) this.#genesis(hash)
    const content = this.#contents?.take(entry, key) ?? null
    const refused = this.people.take(entry)
    if (refused !== null) {
      this.findings.remark(
        'ledger.no_effect',
        `Ledger entry ${seq} (${entry.type}) stands and changes nothing: ${refused}.`,
      )
      return
    }
    if (content !== null) this.#name(entry, content)
    const team = this.header?.team ?? ''
    const so = { team, people: this.people, hashAt: (at: number) => this.#ledgerHashes[at] }
    this.approvals.take(entry, content, so, this.findings)
  }

  #genesis(hash: Uint8Array): void {
    const { genesis, team } = this.#options
    if (!same(hash, this.header?.genesis ?? hash)) {
      this.findings.add('damaged', 'genesis', 'The first entry of the ledger is not the one the file names.')
    }
    if (genesis !== undefined && genesis !== hex(hash)) {
      this.findings.add(
        'damaged',
        'genesis.other',
        'This is another team than the one whose first entry you named.',
      )
    }
    if (team !== undefined && team !== this.header?.team) {
      this.findings.add('damaged', 'team.other', 'This is another team than the one you named.')
    }
  }

  #name(entry: Entry, content: Uint8Array): void {
    if (entry.type !== 'team.create' && entry.type !== 'member.add') return
    const member = this.people.members.get(entry.plain.fields('member').id('member'))
    if (member !== undefined) member.name = Fields.of(content).text('name')
  }

  /** An entry outside the ledger names the ledger its author had seen: it is this ledger, and never an earlier one than before. */
  #citation({ stream, seq, ledger }: Entry): void {
    const place = `Entry ${seq} of ${stream}`
    const there = ledger === null ? undefined : this.#ledgerHashes[ledger.seq]
    if (ledger === null || there === undefined || !same(there, ledger.hash)) {
      const message = `${place} was written on top of a ledger entry ${ledger?.seq ?? 'unnamed'} that is not in the file.`
      this.findings.add('convicts', 'fork.ledger', `${message} Its author was shown another ledger.`)
      return
    }
    if (ledger.seq < (this.#cited.get(stream) ?? 0)) {
      this.findings.add(
        'damaged',
        'chain.ledger',
        `${place} names an earlier ledger than the entry before it.`,
      )
    }
    this.#cited.set(stream, ledger.seq)
  }

  #check(stream: string): StreamCheck {
    const known = this.streams.get(stream)
    if (known !== undefined) return known
    const next = this.header?.streams[this.streams.size]
    if (next?.stream !== stream) throw new FormatError(`entries of ${stream} stand where they do not belong`)
    const check = new StreamCheck(stream, this.claims.placesOf(stream))
    this.streams.set(stream, check)
    return check
  }

  #end(frame: Frame, statement: Value | undefined, signature: Value | undefined): void {
    const { header } = this
    if (header === null) throw new FormatError('the end comes before the beginning')
    this.ended = true
    const end = new Fields(statement).only('team', 'device', 'frames', 'hash')
    const device = this.people.devices.get(header.device)
    const whole = end.whole('frames') === frame.index && same(end.bytes('hash', 32), frame.hashBefore())
    const signed =
      signature instanceof Uint8Array &&
      device?.member === header.member &&
      end.id('team') === header.team &&
      end.id('device') === header.device &&
      signedUnder(device.signKey, 'audit-export', encode(end.map), signature)
    if (!whole) this.findings.add('damaged', 'file.changed', 'The file was changed after it was written.')
    if (!signed) {
      const message =
        this.people.team === null
          ? 'The file holds no ledger: whose key should have signed it cannot be told.'
          : 'The file is not signed by the device that it says wrote it.'
      this.findings.add('damaged', 'file.signature', message)
    }
  }

  finish(): void {
    const { header } = this
    if (header === null) {
      this.findings.add('damaged', 'file.cut', 'The file ends where it begins.')
      return
    }
    if (!this.ended) this.findings.add('damaged', 'file.cut', 'The end of the file is missing.')
    for (const { stream, head } of header.streams) {
      const check = this.streams.get(stream)
      if (check?.head?.seq === head.seq && same(check.head.hash, head.hash)) continue
      const message = `The file says that ${stream} ends at entry ${head.seq}, and holds it up to ${check?.head?.seq ?? 'none'}.`
      this.findings.add('damaged', 'file.stream', message)
    }
    const onHead = (head: SignedHead): void => this.#options.onHead?.(head)
    this.claims.judge(header.team, this.people, this.streams, this.findings, onHead)
    if (this.approvals.closed > 0) {
      const message = `${this.approvals.closed} approvals are not opened in this file: nothing is said about their touches.`
      if (header.opened === 'none') this.findings.remark('approval.closed', message)
      else this.findings.add('untouched', 'approval.closed', message)
    }
  }
}

/** Verifies an export and says all that was found. Throws NotAnExport, or the error of a file that cannot be read. */
export const verifyFile = async (path: string, options: VerifyOptions = {}): Promise<Report> => {
  const { size } = await stat(path)
  const verification = new Verification(options)
  const { findings, people, approvals, claims } = verification
  try {
    for await (const frame of readFrames(path, (bytes) => options.onProgress?.(bytes, size))) {
      verification.take(frame)
    }
    verification.finish()
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    findings.add('damaged', 'file.malformed', `The file is not what an export is: ${error.message}.`)
  }
  const { header } = verification
  return {
    verdict: findings.verdict,
    file: path,
    bytes: size,
    team: header?.team ?? null,
    genesis: header === null ? null : hex(header.genesis),
    reason: header?.reason ?? null,
    createdAt: header?.createdAt ?? null,
    by: header === null ? null : `${people.nameOf(header.member)} on device ${header.device.slice(0, 8)}`,
    opened: header?.opened ?? null,
    streams: [...verification.streams.values()].map(({ stream, size: entries, head, witnessedBy }) => ({
      stream,
      entries,
      head: head === null ? null : hex(head.hash),
      witnessedBy,
    })),
    statements: claims.statements,
    cosignatures: claims.cosignatures,
    approvals: { verified: approvals.verified, failed: approvals.failed, closed: approvals.closed },
    grants: approvals.grants,
    records: verification.records,
    findings: findings.list,
    findingsLeftOut: findings.leftOut,
    remarks: findings.remarks,
  }
}

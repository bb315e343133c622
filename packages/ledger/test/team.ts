import { decodeEntry, type Envelope, type Head } from '@countersign/schema/entry'
import { compartmentStream, type EnvironmentId, type ItemId, newId } from '@countersign/schema/ids'
import { type CompartmentState, emptyCompartment, reduceCompartment } from '../src/compartment.ts'
import { parseCompartmentContent } from '../src/compartment-content.ts'
import { entryHash, zeroHash } from '../src/entry-hash.ts'
import { verifyEntryAuthor } from '../src/projection.ts'
import type { Verdict } from '../src/refusal.ts'
import { blob, STEP, type WriteOptions } from './ledger-author.ts'
import type { Person } from './person.ts'
import { TeamRequests } from './team-requests.ts'

export class TestTeam extends TeamRequests {
  readonly compartments = new Map<EnvironmentId, CompartmentState>()

  compartment(environment: EnvironmentId): CompartmentState {
    const known = this.compartments.get(environment)
    if (known !== undefined) return known
    const state = emptyCompartment(environment)
    this.compartments.set(environment, state)
    return state
  }

  /** Signs a compartment's next entry without reducing it. */
  itemEntry(
    author: Person,
    environment: EnvironmentId,
    change: { item: ItemId; base: number; epoch: number; deleted?: boolean },
    options: WriteOptions & { ledger?: Head; version?: number } = {},
  ): Uint8Array {
    const head = this.compartmentHead(environment)
    const { item, base, epoch } = change
    const version = options.version ?? base + 1
    const blobs = change.deleted === true ? {} : { meta: blob(), value: blob(), itemKey: blob() }
    this.clock += STEP
    const draft: Envelope = {
      v: 1,
      team: this.id,
      stream: compartmentStream(environment),
      seq: head === null ? 0 : head.seq + 1,
      prev: head === null ? zeroHash() : head.hash,
      ledger: options.ledger ?? this.head,
      id: options.id ?? newId(),
      member: author.member,
      device: (options.device ?? author.device).device,
      type: change.deleted === true ? 'item.delete' : 'item.put',
      time: options.time ?? this.clock,
      plain: { item, base, version, epoch, ...blobs },
      body: null,
    }
    return this.signed(author, options.alter?.(draft) ?? draft)
  }

  /** Takes a compartment entry as a client does; the head moves where the entry stands in the stream. */
  takeItem(environment: EnvironmentId, bytes: Uint8Array, into = this.compartment(environment)): Verdict {
    const entry = decodeEntry(bytes)
    const { envelope } = entry
    const hash = entryHash(bytes)
    const author = verifyEntryAuthor(this.state.plain, entry)
    if (!author.ok && author.code.startsWith('chain.')) return { accepted: false, code: author.code }
    const content = parseCompartmentContent(envelope)
    const verdict = reduceCompartment(into, this.state, { envelope, content, hash })
    if (into.hashes.has(envelope.seq, hash))
      this.compartmentHeads.set(environment, { seq: envelope.seq, hash })
    return verdict
  }

  put(author: Person, environment: EnvironmentId, item: ItemId, base: number, epoch = 0): Verdict {
    return this.takeItem(environment, this.itemEntry(author, environment, { item, base, epoch }))
  }
}

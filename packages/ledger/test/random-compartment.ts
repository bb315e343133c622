// Test-only: a compartment and the ledger beside it, written at random: by holders, by people who were lowered or removed, under old and
// new epochs, with cuts that come late.
import { decodeEntry, type Head } from '@countersign/schema/entry'
import { newId } from '@countersign/schema/ids'
import { INITIAL_POLICY, type Level } from '@countersign/schema/policy'
import fc from 'fast-check'
import type { CompartmentEntry } from '../src/compartment.ts'
import { parseCompartmentContent } from '../src/compartment-content.ts'
import { entryHash } from '../src/entry-hash.ts'
import { currentEpoch } from '../src/projection-lookup.ts'
import { type Company, company } from './company.ts'
import type { Person } from './person.ts'

export interface CompartmentStep {
  readonly act: 'write' | 'delete' | 'epoch' | 'lower' | 'raise' | 'remove' | 'elsewhere'
  readonly who: number
  readonly item: number
  /** How far back what it names lies: a base, a ledger head, a cut; 0 is now. */
  readonly back: readonly [base: number, ledger: number, cut: number]
  /** Added to the current epoch. */
  readonly epoch: number
  readonly rekey: boolean
}

const ago = fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.nat(4) })

export const compartmentSteps: fc.Arbitrary<CompartmentStep[]> = fc.array(
  fc.record({
    act: fc.oneof(
      { weight: 8, arbitrary: fc.constant('write' as const) },
      { weight: 1, arbitrary: fc.constant('delete' as const) },
      {
        weight: 4,
        arbitrary: fc.constantFrom<CompartmentStep['act']>('epoch', 'lower', 'raise', 'remove', 'elsewhere'),
      },
    ),
    who: fc.nat(2),
    item: fc.nat(1),
    back: fc.tuple(fc.constantFrom(0, 0, 1), ago, fc.constantFrom(0, 1, 1, 2)),
    epoch: fc.constantFrom(0, 0, 0, 0, -1, 1),
    rekey: fc.boolean(),
  }),
  { minLength: 6, maxLength: 24 },
)

export class RandomCompartment {
  readonly all: Company
  readonly entries: CompartmentEntry[] = []
  readonly #people: readonly Person[]
  readonly #items = [newId(), newId()]
  /** Bases that writers have in mind, which need not be the reducer’s. */
  readonly #versions = new Map<string, number>()
  readonly #ledgerHeads: Head[] = []

  private constructor(all: Company) {
    this.all = all
    this.#people = [all.ada, all.ben, all.cyd]
  }

  static async of(steps: readonly CompartmentStep[]): Promise<RandomCompartment> {
    const grown = new RandomCompartment(await company({ closed: false }))
    for (const step of steps) grown.#step(step)
    return grown
  }

  get #environment(): string {
    return this.all.production.environment
  }

  get #record() {
    const record = this.all.team.state.projection.environments.get(this.#environment)
    if (record === undefined) throw new Error('production is there')
    return record
  }

  #head(back: number): Head | null {
    const entry = this.entries[this.entries.length - 1 - back]
    return entry === undefined ? null : { seq: entry.envelope.seq, hash: entry.hash }
  }

  #step(step: CompartmentStep): void {
    const { team, ada, ben } = this.all
    const by = this.#people[step.who] ?? ada
    const cut = { environment: this.#environment, head: this.#head(step.back[2]) }
    this.#ledgerHeads.push(team.head)
    if (step.act === 'write' || step.act === 'delete') this.#write(step, by)
    if (step.act === 'elsewhere') team.setPolicy(ada, this.all.development.environment, INITIAL_POLICY)
    if (step.act === 'epoch') {
      const plain = { teamKeyEpoch: team.teamKeyEpoch, epoch: team.nextEpoch(this.#environment), cut }
      team.write(by, 'epoch.start', plain, {})
    }
    if (step.act === 'remove' && step.rekey) {
      const plain = team.removePlain(ben.member, step.back[0] === 0 ? [this.#environment] : [])
      team.write(ada, 'member.remove', { ...plain, cuts: [cut] }, { reason: '' })
    }
    if (step.act === 'lower' || step.act === 'raise') {
      const level: Level = step.act === 'raise' ? 'hold' : 'view'
      const access = [team.accessTo(by.member, this.#environment, level, true)]
      const epochs = step.rekey ? [team.nextEpoch(this.#environment, new Map([[by.member, level]]))] : []
      const rekey = step.act === 'lower' ? { cuts: [cut], epochs } : {}
      team.setAccess(ada, by, access, rekey)
    }
  }

  #write(step: CompartmentStep, by: Person): void {
    const { team } = this.all
    const [base, ledger] = step.back
    const item = this.#items[step.item] ?? ''
    const known = this.#versions.get(item) ?? 0
    const head = this.#head(0)
    if (head !== null) team.compartmentHeads.set(this.#environment, head)
    const epoch = Math.max(0, (currentEpoch(this.#record)?.epoch ?? 0) + step.epoch)
    const change = { item, base: Math.max(0, known - base), epoch, deleted: step.act === 'delete' }
    const cited = this.#ledgerHeads.at(-1 - ledger) ?? team.head
    const bytes = team.itemEntry(by, this.#environment, change, { ledger: cited })
    this.#versions.set(item, Math.max(known, change.base + 1))
    const { envelope } = decodeEntry(bytes)
    this.entries.push({ envelope, content: parseCompartmentContent(envelope), hash: entryHash(bytes) })
  }
}

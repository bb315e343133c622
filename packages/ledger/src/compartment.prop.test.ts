import { cryptoReady } from '@countersign/crypto/ready'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { compartmentSteps, RandomCompartment } from '../test/random-compartment.ts'
import { restoreCompartment, serializeCompartment } from './checkpoint.ts'
import {
  type CompartmentEntry,
  type CompartmentState,
  emptyCompartment,
  rebuildNeeded,
  reduceCompartment,
} from './compartment.ts'
import { reduceLedger } from './reduce.ts'
import { haltsStream } from './refusal.ts'
import { emptyState, type LedgerState } from './state.ts'

beforeAll(cryptoReady)

const said = ({ hashes, ...state }: CompartmentState) => ({ ...state, hashes: hashes.toBytes() })

const judged = (environment: string, ledger: LedgerState, entries: readonly CompartmentEntry[]) => {
  const state = emptyCompartment(environment)
  const codes = entries.map((entry) => {
    const verdict = reduceCompartment(state, ledger, entry)
    return verdict.accepted ? 'accepted' : verdict.code
  })
  return { state, codes }
}

describe('L46 a compartment beside its ledger', () => {
  it('L41 L46 judged as both arrive, and again where it says so, it is what the whole ledger makes of it at once', async () => {
    const seen = new Map<string, number>()
    const count = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1)
    // Which of the two gives the next entry, and whether the client puts its state away and takes it up again.
    const arrival = fc.infiniteStream(
      fc.record({
        ledger: fc.boolean(),
        restored: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, fc.constant(true)),
      }),
    )
    await fc.assert(
      fc.asyncProperty(compartmentSteps, arrival, async (steps, arrivals) => {
        const { all, entries } = await RandomCompartment.of(steps)
        const { environment } = all.production
        const whole = judged(environment, all.team.state, entries)
        for (const code of whole.codes) count(code)
        expect(rebuildNeeded(whole.state, all.team.state)).toBe('current')

        const ledger = emptyState()
        let state = emptyCompartment(environment)
        let [toLedger, next] = [0, 0]
        const takeLedger = (): void => {
          const entry = all.team.entries[toLedger++]
          if (entry !== undefined) reduceLedger(ledger, entry)
        }
        // Whose compartments they are is known before any of them arrives.
        takeLedger()
        while (toLedger < all.team.entries.length || next < entries.length) {
          const { ledger: ledgerFirst, restored } = arrivals.next().value
          const ledgerEntry = all.team.entries[toLedger]
          const entry = entries[next]
          if (ledgerEntry !== undefined && (ledgerFirst || entry === undefined)) {
            takeLedger()
            const need = rebuildNeeded(state, ledger)
            expect(need).not.toBe('forked')
            if (need === 'rebuild') {
              count('rebuilt')
              state = judged(environment, ledger, entries.slice(0, next)).state
              expect(rebuildNeeded(state, ledger)).toBe('current')
            }
          } else if (entry !== undefined) {
            const verdict = reduceCompartment(state, ledger, entry)
            if (verdict.accepted || !haltsStream(verdict.code)) next += 1
            else {
              count('waited')
              expect([verdict.code, ledgerEntry !== undefined]).toEqual(['ledger.behind', true])
            }
          }
          if (restored) state = restoreCompartment(serializeCompartment(state))
        }
        expect(said(state)).toEqual(said(whole.state))
      }),
      { numRuns: 200 },
    )
    for (const what of [
      'accepted',
      'rebuilt',
      'waited',
      'compartment.cut',
      'compartment.epoch',
      'compartment.not_holder',
      'author.inactive',
      'item.conflict',
      'ledger.decreased',
    ])
      expect([what, (seen.get(what) ?? 0) > 0]).toEqual([what, true])
  })
})

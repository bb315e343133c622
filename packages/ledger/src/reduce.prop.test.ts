import { cryptoReady } from '@countersign/crypto/ready'
import { decodeEntry } from '@countersign/schema/entry'
import { newId } from '@countersign/schema/ids'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { company } from '../test/company.ts'
import type { Written } from '../test/ledger-author.ts'
import { idsIn, mangled, type Pick } from '../test/mangle.ts'
import { RandomActs } from '../test/random-acts.ts'
import { wholeState } from '../test/whole-state.ts'
import { parseLedgerContent } from './plain-content.ts'
import { verifyEntryAuthor } from './projection.ts'
import { type LedgerEntry, reduceLedger } from './reduce.ts'
import { REFUSALS } from './refusal.ts'
import { emptyState, type LedgerState } from './state.ts'
import { packState, unpackState } from './state-checkpoint.ts'

beforeAll(cryptoReady)

/** Numbers that fast-check draws and shrinks; when they are used up, the first choice is taken. */
const picking = (numbers: readonly number[]): Pick => {
  let at = 0
  return (below) => (numbers[at++] ?? 0) % Math.max(1, below)
}
const numbers = (length: number) => fc.array(fc.nat(1000), { minLength: length, maxLength: length })

/** What an entry that is refused may not change (L4). What others take it for (L8) is no part of what it decides. */
const decided = (state: LedgerState): Uint8Array => {
  const projection = { ...state.projection, head: null }
  return wholeState({
    ...state,
    projection,
    plain: projection,
    hashes: emptyState().hashes,
    ids: emptyState().ids,
  })
}

const copied = (state: LedgerState): LedgerState => unpackState(packState(state))

/** An entry as somebody with a modified client would write it next: something in it is not as it was. */
const forged = ({ envelope, content }: Written, state: LedgerState, pick: Pick): LedgerEntry => {
  const { head } = state.projection
  if (head === null) throw new Error('the team has an entry')
  const ids = [
    ...idsIn([
      [...state.projection.members.keys()],
      [...state.projection.devices.keys()],
      [...state.projection.environments.keys()],
      state.requests.ids().slice(-5),
      envelope.plain,
      newId(),
    ]),
  ]
  const inPlace = {
    ...envelope,
    seq: head.seq + 1,
    prev: head.hash,
    ledger: head,
    id: pick(9) === 0 ? envelope.id : newId(),
  }
  const what = pick(4)
  if (what === 0) {
    const member = ids[pick(ids.length)] ?? envelope.member
    const other = [{ member }, { device: member }, { type: 'vault.create' }, { time: pick(1000) }][pick(4)]
    return { envelope: { ...inPlace, ...other }, content, hash: new Uint8Array(32).fill(pick(256)) }
  }
  const [plain, body] =
    what === 1
      ? [envelope.plain, mangled(content?.body, ids, pick)]
      : [mangled(envelope.plain, ids, pick), content?.body]
  const changed = { ...inPlace, plain: (plain ?? {}) as typeof envelope.plain }
  return {
    envelope: changed,
    content: parseLedgerContent(changed, body) ?? null,
    hash: new Uint8Array(32).fill(pick(256)),
  }
}

describe('the reducer', () => {
  it('L4 takes or refuses whatever is written, throws at nothing, and what it refuses changes nothing', async () => {
    /** Codes, of entries as they were written and of forgeries: too few, and nothing is shown. */
    const seen = new Set<string>()
    const step = fc.record({ act: numbers(24), forgeries: fc.array(numbers(24), { maxLength: 4 }) })
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 5, maxLength: 30 }),
        fc.boolean(),
        async (steps, closed) => {
          const all = await company({ closed })
          const acts = new RandomActs(all)
          for (const { act, forgeries } of steps) {
            const before = decided(all.team.state)
            const state = copied(all.team.state)
            const written = acts.act(picking(act))
            if (written === undefined) continue
            seen.add(written.outcome)
            if (!written.verdict.accepted) expect(decided(all.team.state)).toEqual(before)
            for (const draws of forgeries) {
              const entry = forged(written, state, picking(draws))
              const was = decided(state)
              const verdict = reduceLedger(state, entry)
              seen.add(verdict.accepted ? 'forged' : verdict.code)
              expect(state.projection.head).toEqual({ seq: entry.envelope.seq, hash: entry.hash })
              expect(state.ids.has(entry.envelope.id)).toBe(true)
              if (verdict.accepted) continue
              expect(Object.keys(REFUSALS)).toContain(verdict.code)
              expect(decided(state)).toEqual(was)
            }
          }
        },
      ),
      { numRuns: 60 },
    )
    expect([...seen]).toEqual(
      expect.arrayContaining(['accepted', 'forged', 'entry.malformed', 'entry.duplicate_id']),
    )
    expect(seen.size).toBeGreaterThan(40)
  })

  it('L8 L73 two clients that take the same entries in other batches, from the start or from a checkpoint, agree', async () => {
    const batch = fc.record({
      acts: fc.array(numbers(24), { minLength: 1, maxLength: 8 }),
      saved: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(batch, { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        async (batches, closed) => {
          const all = await company({ closed })
          const acts = new RandomActs(all)
          let state = emptyState()
          let taken = 0
          for (const { acts: draws, saved } of batches) {
            for (const each of draws) acts.act(picking(each))
            for (const { bytes, content, hash, outcome } of all.team.entries.slice(taken)) {
              const entry = decodeEntry(bytes)
              const author = verifyEntryAuthor(state.plain, entry)
              if (!author.ok && author.code.startsWith('chain.')) {
                expect(author.code).toBe(outcome)
                continue
              }
              const verdict = reduceLedger(state, { envelope: entry.envelope, content, hash })
              expect(verdict.accepted ? 'accepted' : verdict.code).toBe(outcome)
            }
            taken = all.team.entries.length
            if (saved) state = copied(state)
          }
          expect(wholeState(state)).toEqual(wholeState(all.team.state))
        },
      ),
      { numRuns: 60 },
    )
  })
})

import { cryptoReady } from '@countersign/crypto/ready'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Company, company } from '../test/company.ts'
import { policyOf, quorumOf } from '../test/ledger-author.ts'
import { wholeState } from '../test/whole-state.ts'
import { reduceLedger } from './reduce.ts'
import { emptyState } from './state.ts'
import { type PackedState, packState, unpackState } from './state-checkpoint.ts'

beforeAll(cryptoReady)

/** As it comes back from a disk: other bytes, and other shelves. */
const copied = ({ state, index, closed }: PackedState): PackedState => ({
  state: state.slice(),
  index: index.slice(),
  closed: closed.map((shelf) => {
    const bytes = shelf.read().slice()
    return { read: () => bytes }
  }),
})

const ACTIONS = 9
/** One act on a request, or a new one; many are refused, which is as good an entry as any. */
const act = (all: Company, action: number, pick: number): void => {
  const { team, ada, ben, cyd, dev, production, item } = all
  const ids = team.state.requests.ids()
  const request = ids[pick % Math.max(1, ids.length)]
  if (request === undefined || action === 0) {
    team.ask(dev, team.terms(production, [item]))
    return
  }
  const by = [ada, ben, cyd, dev][pick % 4] ?? ada
  if (action === 1) team.approve(ben, request)
  if (action === 2) team.approve(cyd, request)
  if (action === 3) team.issue(ben, request)
  if (action === 4) team.release(ben, request, item, 1 + (pick % 4))
  if (action === 5) team.revoke(by, request)
  if (action === 6) team.deny(by, request)
  if (action === 7) team.cancel(pick % 3 === 0 ? by : dev, request)
  if (action === 8) team.setPolicy(ada, production.environment, policyOf(quorumOf(2)))
}

describe('L73 a checkpoint of the state', () => {
  it('L73 restored at any place it goes on as if replayed, closed requests included', async () => {
    const step = fc.record({
      action: fc.integer({ min: 0, max: ACTIONS - 1 }),
      pick: fc.nat(20),
      // Saved and read again, saved only, or neither.
      save: fc.constantFrom('restored', 'packed', 'no'),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
        const all = await company({ closed: false })
        let state = emptyState()
        let read = 0
        const follow = (): void => {
          for (const { envelope, content, hash, outcome } of all.team.entries.slice(read)) {
            const verdict = reduceLedger(state, { envelope, content, hash })
            expect(verdict.accepted ? 'accepted' : verdict.code).toBe(outcome)
          }
          read = all.team.entries.length
        }
        for (const { action, pick, save } of steps) {
          act(all, action, pick)
          follow()
          if (save === 'restored') state = unpackState(copied(packState(state)))
          if (save === 'packed') packState(state)
        }
        expect(wholeState(state)).toEqual(wholeState(all.team.state))
        expect(state.requests.ids()).toEqual(all.team.state.requests.ids())
      }),
      { numRuns: 25 },
    )
  })
})

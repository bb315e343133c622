import { describe, expect, it } from 'vitest'
import type { BindingView } from '../../../shared/views.ts'
import { shownBindings } from './shown-bindings.ts'

const binding = (name: string, state: BindingView['state'], expiresAt: number): BindingView => ({
  binding: name,
  application: name,
  person: { member: 'm', name: 'Dai Nakamura' },
  here: false,
  terms: {
    vault: 'v',
    vaultName: 'llm',
    environmentName: 'production',
    environment: 'e',
    items: [{ item: 'i', name: 'openai', provider: 'openai' }],
    models: [],
    mode: 'reveal',
    lease: { durationMs: 1, uses: null, untilLock: false, untilProcessEnds: false },
  },
  state,
  issuedAt: 0,
  expiresAt,
  reads: 0,
  lastRead: null,
  approvedBy: [],
})
const names = (rows: readonly BindingView[]): string[] => rows.map((row) => row.application)

describe('the bindings that are listed', () => {
  it('what may read stands first, what runs out first on top; what ended follows, newest first', () => {
    const all = [
      binding('old', 'revoked', 1),
      binding('later', 'active', 9),
      binding('newer', 'expired', 5),
      binding('soon', 'active', 3),
    ]
    expect(names(shownBindings(all, '').rows)).toEqual(['soon', 'later', 'newer', 'old'])
  })

  it('every word typed must be there: program, person, place, credential or state', () => {
    const all = [binding('evals', 'active', 1), binding('invoices', 'revoked', 1)]
    expect(names(shownBindings(all, 'dai OPENAI evals').rows)).toEqual(['evals'])
    expect(names(shownBindings(all, 'revoked').rows)).toEqual(['invoices'])
    expect(shownBindings(all, 'evals revoked').rows).toEqual([])
  })

  it('never hides one that may read, however many there are, and counts what it hides', () => {
    const all = Array.from({ length: 450 }, (_, n) => binding(`p${n}`, n < 250 ? 'active' : 'expired', n))
    const { rows, hidden } = shownBindings(all, '')
    expect(rows.filter((row) => row.state === 'active')).toHaveLength(250)
    expect(hidden).toBe(100)
  })
})

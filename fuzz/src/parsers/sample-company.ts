import type { LedgerState } from '@countersign/ledger/state'
import { packState } from '@countersign/ledger/state-checkpoint'
import { company } from '@countersign/ledger/test/company'

/** A team of five with a decided request and items: ledger entries of most types, and compartment entries, all genuine. */
export const sampleCompany = async () => {
  const { team, ada, ben, cyd, dev, production, item } = await company()
  const items = [0, 1].map((base) => {
    const bytes = team.itemEntry(ada, production.environment, { item, base, epoch: 0 })
    team.takeItem(production.environment, bytes)
    return bytes
  })
  items.push(team.itemEntry(ada, production.environment, { item, base: 2, epoch: 0, deleted: true }))
  const asked = team.ask(dev, team.terms(production, [item]))
  for (const approver of [ada, ben]) team.must(team.approve(approver, asked))
  team.must(team.issue(ada, asked))
  const last = team.ask(dev, team.terms(production, [item]))
  team.must(team.deny(cyd, last))
  team.must(team.remove(ada, ben, [production.environment]))
  const state: LedgerState = team.state
  const entries = team.entries.map(({ bytes }) => bytes)
  const written = team.entries
  return { entries, items, checkpoint: packState(state), written }
}

import type { UnlockedSession } from '@countersign/client/session/unlocked-session'
import type { Terms } from '@countersign/schema/request'
import type { TermsView } from '../../shared/views.ts'

export const termsView = (session: UnlockedSession, terms: Terms): TermsView => {
  const { names } = session.ledger
  const index = session.index(terms.environment)
  return {
    vault: terms.vault,
    vaultName: names.vaults.get(terms.vault) ?? '?',
    environmentName: names.environments.get(terms.environment) ?? '?',
    environment: terms.environment,
    items: terms.items.map((item) => {
      const meta = index?.get(item)?.meta
      return { item, name: meta?.name ?? 'a credential you cannot see', provider: meta?.provider ?? 'custom' }
    }),
    models: terms.models,
    mode: terms.mode,
    lease: terms.lease,
  }
}

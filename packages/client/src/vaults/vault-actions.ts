import { activeMember, holds, isAdmin } from '@countersign/ledger/projection-lookup'
import { newId } from '@countersign/schema/ids'
import { INITIAL_POLICY } from '@countersign/schema/policy'
import { newCompartmentEpoch } from '../keys/epochs.ts'
import { epochStart } from '../members/member-entries.ts'
import { type Outcome, ok, type Refusal, refuse } from '../refusal.ts'
import type { UnlockedSession } from '../session/unlocked-session.ts'
import { type Author, type EntryDraft, ledgerDraft } from '../team/author.ts'

export const notAdmin = (): Refusal =>
  refuse('author.not_admin', 'Only an admin may do this.', 'Ask an admin of the team.')

/** A new environment that its creator holds; others are given access afterwards. */
const environmentDraft = (author: Author, vault: string, environment: string, name: string): EntryDraft => {
  const { member } = author
  const kemKey = activeMember(author.projection, member)?.kemKey ?? new Uint8Array(0)
  const { record } = newCompartmentEpoch(author.team, environment, 0, [{ member, kemKey, holds: true }], null)
  return ledgerDraft(author, 'environment.create', { vault, epoch: record }, { name, policy: INITIAL_POLICY })
}

const nameTaken = (what: string, name: string): Refusal =>
  refuse('name.taken', `There is ${what} called “${name}” already.`, 'Choose another name.')

/** A vault with its environments, all in one batch. */
export const createVault = async (
  session: UnlockedSession,
  name: string,
  environments: readonly string[],
): Promise<Outcome<{ vault: string }>> => {
  const vault = newId()
  const ids = environments.map(() => newId())
  if (new Set(environments).size !== environments.length) {
    return refuse('name.taken', 'Two environments have the same name.', 'Give each its own name.')
  }
  const result = await session.append((author) => {
    if (!isAdmin(author.projection, author.member)) return notAdmin()
    if ([...session.ledger.names.vaults.values()].includes(name)) return nameTaken('a vault', name)
    return [
      ledgerDraft(author, 'vault.create', { vault }, { name }),
      ...environments.map((each, i) => environmentDraft(author, vault, ids[i] ?? newId(), each)),
    ]
  })
  return result.ok ? ok({ vault }) : result
}

export const createEnvironment = async (
  session: UnlockedSession,
  vault: string,
  name: string,
): Promise<Outcome<{ environment: string }>> => {
  const environment = newId()
  const result = await session.append((author) => {
    if (!isAdmin(author.projection, author.member)) return notAdmin()
    if (!author.projection.vaults.has(vault)) {
      return refuse('vault.unknown', 'There is no such vault.', 'Reload the list.')
    }
    return [environmentDraft(author, vault, environment, name)]
  })
  return result.ok ? ok({ environment }) : result
}

/** A new epoch of an environment, by somebody who holds it: where one is due (P4), or as a precaution. */
export const rekeyEnvironment = async (
  session: UnlockedSession,
  environment: string,
  onlyIfDue: boolean,
): Promise<Outcome<null>> => {
  const result = await session.append((author, headOf) => {
    const record = author.projection.environments.get(environment)
    if (record === undefined || !holds(author.projection, environment, author.member)) {
      return refuse(
        'author.not_holder',
        'Only somebody who holds this environment can re-key it.',
        'Ask one of its holders to open Countersign.',
      )
    }
    if (onlyIfDue && !record.rekeyDue) return []
    return [ledgerDraft(author, 'epoch.start', epochStart(author, environment, headOf), {})]
  })
  return result.ok ? ok(null) : result
}

/** From here on nobody widens access without the quorum it needs (P3). */
export const closeBootstrap = async (session: UnlockedSession): Promise<Outcome<null>> => {
  const result = await session.append((author) => {
    if (!isAdmin(author.projection, author.member)) return notAdmin()
    return author.projection.bootstrapClosed ? [] : [ledgerDraft(author, 'bootstrap.close', {}, {})]
  })
  return result.ok ? ok(null) : result
}

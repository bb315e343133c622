import type { Area, Attack } from './attack.ts'
import { approvals } from './rows/approvals.ts'
import { auditStreams } from './rows/audit-streams.ts'
import { authority } from './rows/authority.ts'
import { ciphertexts } from './rows/ciphertexts.ts'
import { downgrades } from './rows/downgrades.ts'
import { histories } from './rows/histories.ts'
import { hostileBytes } from './rows/hostile-bytes.ts'
import { hostileImports } from './rows/hostile-imports.ts'
import { hostileInput } from './rows/hostile-input.ts'
import { hostileMembers } from './rows/hostile-members.ts'
import { hostileRenderer } from './rows/hostile-renderer.ts'
import { injected } from './rows/injected.ts'
import { keysSubstituted } from './rows/keys-substituted.ts'
import { leaks } from './rows/leaks.ts'
import { localApiAudit } from './rows/local-api-audit.ts'
import { localApiPages } from './rows/local-api-pages.ts'
import { localApiPrograms } from './rows/local-api-programs.ts'
import { localApiRaces } from './rows/local-api-races.ts'
import { localApiRequests } from './rows/local-api-requests.ts'
import { localApiSenders } from './rows/local-api-senders.ts'
import { localApiTiming } from './rows/local-api-timing.ts'
import { localApiTokens } from './rows/local-api-tokens.ts'
import { localApiUses } from './rows/local-api-uses.ts'
import { lookUps } from './rows/look-ups.ts'
import { parametersLowered } from './rows/parameters-lowered.ts'
import { serverNamesRecipients } from './rows/server-names-recipients.ts'

const performed: readonly Attack[] = [
  ...serverNamesRecipients,
  ...ciphertexts,
  ...injected,
  ...keysSubstituted,
  ...parametersLowered,
  ...downgrades,
  ...lookUps,
  ...histories,
  ...authority,
  ...approvals,
  ...leaks,
  ...hostileBytes,
  ...auditStreams,
  ...localApiPages,
  ...localApiAudit,
  ...localApiRequests,
  ...localApiPrograms,
  ...localApiRaces,
  ...localApiTokens,
  ...localApiUses,
  ...localApiSenders,
  ...localApiTiming,
  ...hostileRenderer,
  ...hostileMembers,
  ...hostileInput,
  ...hostileImports,
]

const AREAS: readonly Area[] = [
  'hostile server: published',
  'hostile server: beyond the papers',
  'local API',
  'hostile renderer',
  'hostile member',
  'hostile input',
]

/** Every attack, in the order of the table. */
export const attacks: readonly Attack[] = AREAS.flatMap((area) =>
  performed.filter((each) => each.area === area),
)

export const attackOf = (ref: string): Attack => {
  const found = attacks.find((each) => each.ref === ref)
  if (found === undefined) throw new Error(`there is no attack ${ref}`)
  return found
}

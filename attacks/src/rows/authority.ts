import { findItem } from '@countersign/client/items/item-actions'
import { wrapsToUpload } from '@countersign/client/keys/ways-in'
import { removeMember } from '@countersign/client/members/remove-member'
import { changeTeam } from '@countersign/client/requests/change-actions'
import { revokeGrant } from '@countersign/client/requests/request-actions'
import { prfWrapKey } from '@countersign/crypto/derive'
import { equalBytes } from '@countersign/crypto/hash'
import { unwrapRoot } from '@countersign/crypto/root-wrap'
import { eligibleUnder } from '@countersign/ledger/eligible'
import { fromHex } from '@countersign/schema/hex'
import { compartmentStream, LEDGER, newId } from '@countersign/schema/ids'
import type { Policy } from '@countersign/schema/policy'
import { type Attack, nobodyToTell, succeeded, type Weakening } from '../attack.ts'
import type { Actor } from '../cast/actor.ts'
import { approvalOf, challengeOf, credentialsOf } from '../cast/approvals.ts'
import { accessTo, membershipOf, NAMES, penOf, stranger, teamKeyOf, unopenable } from '../cast/attacker.ts'
import { Company, must } from '../cast/company.ts'
import { judgementOf, judgementOfForged } from '../cast/judgement.ts'
import { until } from '../cast/until.ts'
import { forgeEntry } from '../double/forge.ts'

const AREA = 'hostile server: beyond the papers'
const HOUR = 3_600_000

const policyOf = (rule: Policy['rule']): Policy => ({
  rule,
  selfApproval: false,
  deadlineMs: 24 * HOUR,
  maxLeaseMs: 30 * 24 * HOUR,
  maxOfflineMs: 72 * HOUR,
  maxUnwitnessedMs: 72 * HOUR,
})

/** After bootstrap one admin can widen what they like. */
const SELF_MINTED: Weakening = {
  without: 'the quorum that a change of approvers or policies needs',
  edits: [
    {
      file: 'packages/ledger/src/authority.ts',
      find: "return free ? { ok: true, request: null } : no('authority.required')",
      replace: 'return { ok: free || !free, request: null }',
    },
  ],
}

/** What Abel makes of a policy for production that the server signs with Ada's stolen key: null where it counts. */
const judgedByAbel = (company: Company, abel: Actor, rule: Policy['rule']) => {
  const { ada, server, production } = company
  const forgery = { server, pen: penOf(company, ada), teamKey: teamKeyOf(ada) }
  const plain = { authority: null, environment: production, version: 2 }
  return judgementOfForged(abel, forgery, 'policy.set', plain, policyOf(rule))
}

export const authority: readonly Attack[] = [
  {
    ref: 'S-quorum-lowered',
    area: AREA,
    title: 'quorum lowered by one admin and the server',
    tried: 'signs policy.set with one admin’s stolen signing key: one approval instead of two',
    refusal: 'authority.required',
    weakened: SELF_MINTED,
    run: async (stage) => {
      const company = await Company.found(stage)
      const abel = await company.approver()
      await company.requireApprovals(2)
      const refusal = await judgedByAbel(company, abel, { op: 'quorum', k: 1, of: { kind: 'approvers' } })
      if (refusal !== null) return refusal
      if (abel.session.ledger.policies.get(company.production)?.version !== 2)
        throw new Error('it counts for nothing')
      return succeeded('production needs one approval now')
    },
  },
  {
    ref: 'S-approvers-replaced',
    area: AREA,
    title: 'set of approvers replaced by one admin and the server',
    tried:
      'signs policy.set with one admin’s stolen signing key: as many approvals as before, all from a member of its choice',
    refusal: 'authority.required',
    weakened: SELF_MINTED,
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, production } = company
      const abel = await company.approver()
      const dana = await company.developer()
      await company.requireApprovals(1)
      await abel.inStepWith(ada)
      const of = { kind: 'members' as const, members: [dana.member] }
      const refusal = await judgedByAbel(company, abel, { op: 'quorum', k: 1, of })
      if (refusal !== null) return refusal
      const { projection, policies } = abel.session.ledger
      const policy = policies.get(production)?.policy
      if (policy === undefined || !eligibleUnder(projection, production, policy, dana.member))
        throw new Error('it counts for nothing')
      return succeeded('Dana alone approves in production now')
    },
  },
  {
    ref: 'S-ghost-approver',
    area: AREA,
    title: 'ghost approver: an invented person who counts towards the quorum',
    tried:
      'signs, with one admin’s stolen signing key, the membership of somebody made up who approves in production',
    refusal: 'authority.required',
    weakened: SELF_MINTED,
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server, production } = company
      const abel = await company.approver()
      await company.requireApprovals(2)
      const ghost = await stranger(company, 'Ghost')
      const plain = membershipOf(company, ghost, [], [accessTo(production, ghost.member, 'request', true)])
      const forgery = { server, pen: penOf(company, ada), teamKey: teamKeyOf(ada) }
      const refusal = await judgementOfForged(abel, forgery, 'member.add', plain, NAMES)
      if (refusal !== null) return refusal
      const policy = abel.session.ledger.policies.get(production)?.policy
      const counts =
        policy !== undefined &&
        eligibleUnder(abel.session.ledger.projection, production, policy, ghost.member)
      if (!counts) throw new Error('the ghost is a member and does not count')
      return succeeded('the ghost’s approvals count')
    },
  },
  {
    ref: 'S-removed-approver',
    area: AREA,
    title: 'a removed approver goes on approving',
    tried: 'hands in a genuine approval of Abel’s after his removal, sealed under the new team key',
    refusal: 'author.inactive',
    weakened: {
      without: 'the rule that authors and approvers are still members',
      edits: [
        {
          file: 'packages/ledger/src/plain.ts',
          find: "if (activeMember(projection, envelope.member) === undefined) return 'author.inactive'",
          replace:
            "if (envelope.member === '') return activeMember(projection, envelope.member) === undefined ? 'author.inactive' : null",
        },
        {
          file: 'packages/ledger/src/eligible.ts',
          find: 'if (activeMember(projection, member) === undefined) return false',
          replace: '',
        },
        {
          file: 'packages/ledger/src/eligible.ts',
          find: 'activeMember(state.projection, approval.member) !== undefined &&',
          replace: '(activeMember(state.projection, approval.member) !== undefined || true) &&',
        },
      ],
    },
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server, production } = company
      const abel = await company.approver()
      const dana = await company.developer()
      const policy = policyOf({ op: 'quorum', k: 1, of: { kind: 'members', members: [abel.member] } })
      const change = { type: 'policy.set', environment: production, version: 1, policy } as const
      must(await changeTeam(ada.session, change, 'Abel approves'))
      const item = await company.item('openai', stage.canary('value'))
      await until('Dana sees the item', () => findItem(dana.session, item) !== undefined)
      await dana.inStepWith(ada)
      const request = await company.ask(dana, item)
      await abel.inStepWith(dana)
      await ada.inStepWith(dana)
      const { statement, body } = approvalOf(abel, request)
      const assertion = abel.keys.touch({
        challenge: challengeOf(statement),
        credentialIds: credentialsOf(abel),
      })
      must(await removeMember(ada.session, abel.member, 'left'))
      const forgery = { server, pen: penOf(company, abel), teamKey: teamKeyOf(ada) }
      const refusal = await judgementOfForged(
        ada,
        forgery,
        'approval.give',
        { request },
        { ...body, assertion },
      )
      if (refusal !== null) return refusal
      if (ada.session.ledger.requests.get(request)?.approvals.length !== 1)
        throw new Error('it counts for nothing')
      return succeeded('somebody who left approves')
    },
  },
  {
    ref: 'S-revocation-raced',
    area: AREA,
    title: 'revocation raced: a rotated key released to a revoked grant',
    tried: 'lands a holder’s release of a new version just after Ada’s revocation',
    refusal: 'grant.not_live',
    weakened: {
      without: 'the end of a grant by its revocation',
      edits: [
        {
          file: 'packages/ledger/src/reduce-grants.ts',
          find: 'grant !== null && grant.revoked === null && now <= grant.expiresAt',
          replace: 'grant !== null && now <= grant.expiresAt',
        },
      ],
    },
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server } = company
      const abel = await company.approver()
      const dana = await company.developer()
      const item = await company.item('openai', stage.canary('value'))
      await until('Dana sees the item', () => findItem(dana.session, item) !== undefined)
      const request = await company.ask(dana, item)
      await ada.inStepWith(dana)
      must(await company.release(ada, request))
      await abel.inStepWith(ada)
      must(await revokeGrant(ada.session, request, 'stop'))
      const releases = [{ request, item, version: 2, device: dana.device, blob: unopenable() }]
      const forgery = { server, pen: penOf(company, abel), teamKey: teamKeyOf(abel) }
      const refusal = await judgementOfForged(ada, forgery, 'grant.release', { releases }, {})
      return refusal ?? succeeded('a revoked grant is given the next version’s key')
    },
  },
  {
    ref: 'S-stale-epoch',
    area: AREA,
    title: 'a stale epoch served after a removal',
    tried:
      'lands an item of a removed holder’s, under the old epoch and citing the ledger before the removal',
    refusal: 'compartment.cut',
    weakened: {
      without: 'the cut that a removal makes',
      edits: [
        {
          file: 'packages/ledger/src/compartment.ts',
          find: "return cut ? 'compartment.cut' : null",
          replace: 'return cut ? null : null',
        },
      ],
    },
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server, production } = company
      const abel = await company.approver()
      await company.item('openai', stage.canary('value'))
      const stream = compartmentStream(production)
      const before = server.timeline.head(LEDGER)
      must(await removeMember(ada.session, abel.member, 'left'))
      const { plain } = server.timeline.last(stream, 'item.put').envelope
      const entry = forgeEntry(penOf(company, abel), server.timeline, {
        stream,
        type: 'item.put',
        plain: { ...plain, item: newId() },
        body: null,
        ledger: before,
      })
      server.push(server.timeline, stream, entry)
      const refusal = await judgementOf(ada, entry)
      return refusal ?? succeeded('somebody who left writes on')
    },
  },
  {
    ref: 'S-rp-phishing',
    area: AREA,
    title: 'phishing of the security key’s secret by a page on the server’s domain',
    tried:
      'asks Ada’s security key, on its own page, for the output for her credential and her salt, which it keeps',
    refusal: 'authenticator.no_credential',
    weakened: {
      without: 'the tie of a credential to the app’s own RP id',
      edits: [
        {
          file: 'packages/crypto/src/software-authenticator.ts',
          find: 'own.rpId === rpId && ids.some',
          replace: '(own.rpId === rpId || true) && ids.some',
        },
      ],
    },
    run: async (stage) => {
      const { ada, team } = await Company.found(stage)
      const [wrap] = wrapsToUpload(ada.membership)
      const [key] = ada.keys.keys
      if (wrap === undefined || key === undefined) throw new Error('Ada has no security key')
      const { credential, salt, blob } = wrap.record
      const got = key.get({
        rpId: 'sync.example',
        origin: 'https://sync.example',
        challenge: new Uint8Array(32),
        allowCredentials: [credential],
        prfSalts: [{ credentialId: credential, salt }],
      })
      if ('code' in got) return nobodyToTell(got.code, 'no security key answers on that page')
      if (got.prfOutput === undefined) throw new Error('it answered without its secret')
      const place = { team: fromHex(team), member: fromHex(ada.member), credential, blob }
      const { root } = unwrapRoot({ kek: prfWrapKey(got.prfOutput, salt), ...place })
      if (!equalBytes(root.expose(), ada.root.expose())) throw new Error('it is another root')
      return succeeded('the server opened Ada’s root key')
    },
  },
]

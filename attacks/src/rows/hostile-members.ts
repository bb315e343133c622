import { findItem } from '@countersign/client/items/item-actions'
import { epochStart } from '@countersign/client/members/member-entries'
import { removeMember } from '@countersign/client/members/remove-member'
import { changeTeam } from '@countersign/client/requests/change-actions'
import { releaseGrant } from '@countersign/client/requests/request-actions'
import { ledgerDraft } from '@countersign/client/team/author'
import { randomBytes } from '@countersign/crypto/random'
import { requestDetail } from '@countersign/desktop/core/views/request-views'
import { compartmentStream, LEDGER, newId } from '@countersign/schema/ids'
import type { LedgerBody, LedgerPlain } from '@countersign/schema/ledger-entries'
import { type Attack, nobodyToTell, refused, succeeded, type Weakening } from '../attack.ts'
import { approvalOf, challengeOf, credentialsOf, writeApproval } from '../cast/approvals.ts'
import { accessTo, membershipOf, NAMES, penOf, stranger, teamKeyOf } from '../cast/attacker.ts'
import { Company, must } from '../cast/company.ts'
import { judgementOf, judgementOfForged } from '../cast/judgement.ts'
import { readAsHolder } from '../cast/read-as.ts'
import { stolenValueKeys, stolenValues } from '../cast/thief.ts'
import { until } from '../cast/until.ts'
import { forgeEntry } from '../double/forge.ts'
import { UNSIGNED } from '../weakenings.ts'

const AREA = 'hostile member'

/** Anybody changes anybody's roles. */
const ROLES_FROM_ANYBODY: Weakening = {
  without: 'the rule that only admins give roles',
  edits: [
    {
      file: 'packages/ledger/src/plain-membership.ts',
      find: `  plain: LedgerPlain<'member.roles'>,
): RefusalCode | null => {
  if (!isAdmin(projection, envelope.member)) return 'author.not_admin'`,
      replace: `  plain: LedgerPlain<'member.roles'>,
): RefusalCode | null => {
  if (envelope.member === '') return 'author.not_admin'`,
    },
  ],
}

const rolesOf = (member: string): Omit<LedgerPlain<'member.roles'>, 'teamKeyEpoch'> => ({
  authority: null,
  member,
  roles: ['admin'],
  auditWrap: null,
  auditKey: null,
})
const NOTHING: LedgerBody<'member.roles'> = {}

export const hostileMembers: readonly Attack[] = [
  {
    ref: 'M-forge',
    area: AREA,
    title: 'a member writes in another’s name',
    tried:
      'Dana’s client writes, in Ada’s name and with Dana’s own key, that Dana is an admin; the server takes it.',
    refusal: 'bad_entry',
    weakened: UNSIGNED,
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server } = company
      const dana = await company.developer()
      const forgery = { server, pen: penOf(company, ada, dana.deviceSignKeys), teamKey: teamKeyOf(dana) }
      const refusal = await judgementOfForged(ada, forgery, 'member.roles', rolesOf(dana.member), NOTHING)
      return refusal ?? succeeded('Dana is an admin in Ada’s name')
    },
  },
  {
    ref: 'M-widen-role',
    area: AREA,
    title: 'a member gives themselves a role',
    tried: 'Dana’s client writes and signs, in her own name, that she is an admin.',
    refusal: 'author.not_admin',
    weakened: ROLES_FROM_ANYBODY,
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server } = company
      const dana = await company.developer()
      const forgery = { server, pen: penOf(company, dana), teamKey: teamKeyOf(dana) }
      const refusal = await judgementOfForged(ada, forgery, 'member.roles', rolesOf(dana.member), NOTHING)
      return refusal ?? succeeded('Dana made herself an admin')
    },
  },
  {
    ref: 'M-widen-access',
    area: AREA,
    title: 'a member widens what they may open',
    tried:
      'Dana, who may only request production, writes that she holds it; the next epoch’s keys would be sealed to her.',
    refusal: 'author.not_admin',
    weakened: {
      without:
        'the rule that access is given by admins, or by holders with an approved request, who have the keys',
      edits: [
        {
          file: 'packages/ledger/src/plain-access.ts',
          find: 'if (!isAdmin(projection, author)) {\n    const carries',
          replace: "if (author === '') {\n    const carries",
        },
        {
          file: 'packages/ledger/src/plain-access.ts',
          find: "? null : 'access.author_lacks_key'",
          replace: '? null : null',
        },
      ],
    },
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server, production } = company
      const dana = await company.developer()
      const forgery = { server, pen: penOf(company, dana), teamKey: teamKeyOf(dana) }
      const refusal = await judgementOfForged(
        ada,
        forgery,
        'member.access',
        {
          authority: null,
          member: dana.member,
          access: [accessTo(production, dana.member, 'hold')],
          epochs: [],
          cuts: [],
        },
        {},
      )
      return refusal ?? succeeded('Dana holds production')
    },
  },
  {
    ref: 'M-approve-uncounted',
    area: AREA,
    title: 'a member approves what is not theirs to approve',
    tried:
      'Dana’s client writes a genuine touch of hers over Bert’s request in production, where she is no approver.',
    refusal: 'approval.not_eligible',
    weakened: {
      without: 'the rule that the policy says whose approvals count',
      edits: [
        {
          file: 'packages/ledger/src/eligible.ts',
          find: "return of.kind === 'approvers' ? access.approve :",
          replace: "return of.kind === 'approvers' ? access.level !== 'none' :",
        },
      ],
    },
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server } = company
      await company.approver()
      const dana = await company.developer()
      const bert = await company.developer('Bert')
      const item = await company.item('openai', stage.canary('value'))
      await company.requireApprovals(1)
      await until('Bert sees the item', () => findItem(bert.session, item) !== undefined)
      await bert.inStepWith(ada)
      const request = await company.ask(bert, item)
      await dana.inStepWith(bert)
      const { statement, body } = approvalOf(dana, request)
      const assertion = dana.keys.touch({
        challenge: challengeOf(statement),
        credentialIds: credentialsOf(dana),
      })
      const entry = writeApproval(company, dana, request, body, assertion)
      server.push(server.timeline, LEDGER, entry)
      const refusal = await judgementOf(ada, entry)
      if (refusal !== null) return refusal
      if (ada.session.ledger.requests.get(request)?.approvals.length !== 1)
        throw new Error('it counts for nothing')
      return succeeded('two developers approve each other’s requests')
    },
  },
  {
    ref: 'M-old-role',
    area: AREA,
    title: 'a role that was taken away is used again',
    tried:
      'Erik was an admin; after he is none his client gives the role back to himself, with a good signature.',
    refusal: 'author.not_admin',
    weakened: ROLES_FROM_ANYBODY,
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server } = company
      const erik = await company.add('Erik', ['admin'])
      must(
        await changeTeam(ada.session, { type: 'member.roles', member: erik.member, roles: [] }, 'No admin'),
      )
      await erik.inStepWith(ada)
      const forgery = { server, pen: penOf(company, erik), teamKey: teamKeyOf(erik) }
      const refusal = await judgementOfForged(ada, forgery, 'member.roles', rolesOf(erik.member), NOTHING)
      return refusal ?? succeeded('Erik is an admin again')
    },
  },
  {
    ref: 'M-other-words',
    area: AREA,
    title: 'a change is asked for in other words than it says',
    tried:
      'Erik, an admin, asks that Dana may hold production, and calls it a longer deadline; Abel reads it and touches.',
    refusal: 'own.words',
    weakened: {
      without: 'the words that the approver’s own client makes from what is signed',
      edits: [
        {
          file: 'apps/desktop/src/core/views/request-views.ts',
          find: "body.kind === 'change' ? changeWords(ledger, body.requester, body.change) : []",
          replace:
            "body.kind === 'change' ? [body.reason, ...changeWords(ledger, body.requester, body.change).slice(0, 0)] : []",
        },
      ],
    },
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, production } = company
      const abel = await company.approver()
      const dana = await company.developer()
      const erik = await company.add(
        'Erik',
        ['admin'],
        [{ environment: production, level: 'hold', approve: false }],
      )
      await company.requireApprovals(1)
      await erik.inStepWith(ada)
      const access = [{ environment: production, level: 'hold' as const, approve: false }]
      const change = { type: 'member.access' as const, member: dana.member, access }
      const { request } = must(await changeTeam(erik.session, change, 'Decide within two days'))
      await abel.inStepWith(ada)
      const shown = requestDetail(abel.session, request ?? '')
      if (shown === undefined) throw new Error('Abel is shown nothing')
      const said = shown.change.join('; ')
      const truth = said.includes('Dana') && said.includes('production') && said.includes('holds')
      const words = [said, shown.row.reason, shown.row.target].join('; ')
      if (truth && !words.includes('two days')) return refused('own.words', said)
      must(await company.approve(abel, request ?? ''))
      return succeeded(`Abel signed “${said}”, and Dana may hold production`)
    },
  },
  {
    ref: 'M-removed-writes',
    area: AREA,
    title: 'somebody who was removed brings in a friend',
    tried:
      'Erik, an admin until he was removed, writes a membership for a friend with all his old keys, of a team key that is still his.',
    refusal: 'author.inactive',
    weakened: {
      without:
        'the rules that authors are still members, admins where it takes one, and write under the present team key',
      edits: [
        {
          file: 'packages/ledger/src/plain.ts',
          find: "if (activeMember(projection, envelope.member) === undefined) return 'author.inactive'",
          replace:
            "if (envelope.member === '') return activeMember(projection, envelope.member) === undefined ? 'author.inactive' : null",
        },
        {
          file: 'packages/ledger/src/plain.ts',
          find: "?.epoch ? null : 'team_key.stale'",
          replace: '?.epoch ? null : null',
        },
        {
          file: 'packages/ledger/src/plain-access.ts',
          find: 'if (!isAdmin(projection, author)) {\n    const carries',
          replace: "if (author === '') {\n    const carries",
        },
      ],
    },
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server } = company
      const erik = await company.add('Erik', ['admin'])
      const friend = await stranger(company, 'Friend')
      const old = teamKeyOf(erik)
      must(await removeMember(ada.session, erik.member, 'left'))
      const forgery = { server, pen: penOf(company, erik), teamKey: old }
      const refusal = await judgementOfForged(
        ada,
        forgery,
        'member.add',
        membershipOf(company, friend, [], []),
        NAMES,
      )
      return refusal ?? succeeded('a removed admin’s friend is a member')
    },
  },
  {
    ref: 'M-removed-opens',
    area: AREA,
    title: 'somebody who was removed opens what comes after',
    tried:
      'Abel, a holder until he was removed, has all his old keys and everything the server keeps, the next values too.',
    refusal: 'open_failed',
    weakened: {
      without: 'the fresh keys of a new epoch',
      edits: [
        {
          file: 'packages/client/src/keys/epochs.ts',
          find: 'const keys = { meta: Secret.random(), value: Secret.random() }',
          replace:
            'const keys = previous === null ? { meta: Secret.random(), value: Secret.random() } : { meta: previous.meta.copy(), value: previous.value.copy() }',
        },
      ],
    },
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server, team, production } = company
      const abel = await company.approver()
      const before = stage.canary('value before the removal')
      await company.item('openai', before)
      await abel.inStepWith(ada)
      const own = abel.session.ring.valueKey(production, 0)?.copy()
      if (own === undefined) throw new Error('Abel holds nothing')
      must(await removeMember(ada.session, abel.member, 'left'))
      const after = stage.canary('value after the removal')
      await company.item('anthropic', after)
      // Every key he ever had, tried for every epoch there is.
      const keys = stolenValueKeys(server.timeline, team, production, abel)
      for (let epoch = 0; epoch < 4; epoch++) if (!keys.has(epoch)) keys.set(epoch, own)
      const opened = stolenValues(server.timeline, team, production, keys)
      if (!opened.includes(before)) throw new Error('the thief cannot even open what was his')
      if (opened.includes(after)) return succeeded('a value from after the removal')
      return nobodyToTell('open_failed', `${keys.size} keys open what was his, and nothing newer`)
    },
  },
  {
    ref: 'M-cut-ahead',
    area: AREA,
    title: 'a cut far ahead, so that nobody can be removed any more',
    tried:
      'Abel, a holder, re-keys production with a cut at an entry that will never be; his server takes it. Every cut after it would lie before it.',
    refusal: 'compartment.cut',
    weakened: {
      without: 'the rule that a removal’s cut binds wherever earlier ones lie',
      edits: [
        {
          file: 'packages/ledger/src/rekey.ts',
          find: "|| !rekey.losing.has(each.environment)) return 'cut.wrong_environments'",
          replace:
            "|| !rekey.losing.has(each.environment)) return 'cut.wrong_environments'\n    if ((each.head?.seq ?? -1) < (environment.cuts.at(-1)?.head?.seq ?? -1)) return 'cut.backwards'",
        },
      ],
    },
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server, production } = company
      const abel = await company.approver()
      await company.item('openai', stage.canary('value'))
      await abel.inStepWith(ada)
      const head = { seq: 2 ** 40, hash: randomBytes(32) }
      const lied = await abel.session.append((author) => [
        ledgerDraft(
          author,
          'epoch.start',
          {
            ...epochStart(author, production, () => null),
            cut: { environment: production, head },
          },
          {},
        ),
      ])
      if (!lied.ok) throw new Error(`the lie did not land: ${lied.code}`)
      await ada.inStepWith(abel)
      const before = server.timeline.head(LEDGER)
      const removed = await removeMember(ada.session, abel.member, 'lies')
      if (!removed.ok) return succeeded(`nobody can be removed: ${removed.code}`)
      await until('the removal counts', () => {
        const { removedAt } = ada.session.ledger.projection.members.get(abel.member) ?? {}
        return removedAt !== null && removedAt !== undefined
      })
      // What he writes now, as if he had written it before.
      const stream = compartmentStream(production)
      const { plain } = server.timeline.last(stream, 'item.put').envelope
      const entry = forgeEntry(penOf(company, abel), server.timeline, {
        stream,
        type: 'item.put',
        plain: { ...plain, item: newId(), epoch: 1 },
        body: null,
        ledger: before,
      })
      server.push(server.timeline, stream, entry)
      return (await judgementOf(ada, entry)) ?? succeeded('somebody who was removed writes on')
    },
  },
  {
    ref: 'M-no-quorum',
    area: AREA,
    title: 'production read without a quorum',
    tried:
      'Dana, who may only request production, has a modified client and everything the server keeps, and a request that nobody approved.',
    refusal: 'author.not_holder',
    weakened: {
      without: 'the difference between seeing names and holding values when keys are sealed',
      edits: [
        {
          file: 'packages/client/src/keys/epochs.ts',
          find: 'value: to.holds && keys.value !== null ?',
          replace: 'value: keys.value !== null ?',
        },
        {
          file: 'packages/client/src/members/access-entries.ts',
          find: 'const keys = after.value ? holderKeys(author, environment) : currentKeys(author, environment)',
          replace: 'const keys = holderKeys(author, environment)',
        },
        {
          file: 'packages/ledger/src/plain-access.ts',
          find: "if ((access.wrap.value !== null) !== (access.level === 'hold')) return 'access.wrong_wrap'",
          replace: '',
        },
        {
          file: 'packages/ledger/src/check-keys.ts',
          find: "if (sealed.get(member) !== (level === 'hold')) return 'epoch.wrong_recipients'",
          replace: "if (!sealed.has(member)) return 'epoch.wrong_recipients'",
        },
      ],
    },
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server, team, production } = company
      await company.approver()
      const dana = await company.developer()
      const leaver = await company.approver('Lena')
      // An epoch that somebody's removal began, with Dana among its readers.
      must(await removeMember(ada.session, leaver.member, 'left'))
      const value = stage.canary('value')
      const item = await company.item('openai', value)
      await company.requireApprovals(1)
      await until('Dana sees the item', () => findItem(dana.session, item) !== undefined)
      await dana.inStepWith(ada)
      const request = await company.ask(dana, item)
      await ada.inStepWith(dana)
      const released = await releaseGrant(ada.session, request)
      if (released.ok) return succeeded('a release without any approval')
      const keys = stolenValueKeys(server.timeline, team, production, dana)
      if (stolenValues(server.timeline, team, production, keys).includes(value)) return succeeded('the value')
      const shown = await readAsHolder(dana, item)
      if ('value' in shown) return succeeded('the value, in the shipped client')
      return refused(shown.code, shown.told)
    },
  },
]

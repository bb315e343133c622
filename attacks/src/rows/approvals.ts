import type { Outcome } from '@countersign/client/refusal'
import { approveRequest } from '@countersign/client/requests/request-actions'
import { randomBytes } from '@countersign/crypto/random'
import { requestStatus } from '@countersign/ledger/quorum'
import type { ApprovalStatement } from '@countersign/schema/approval-statement'
import { LEDGER, newId } from '@countersign/schema/ids'
import { type Attack, type Finding, refused, succeeded, type Weakening } from '../attack.ts'
import type { Actor } from '../cast/actor.ts'
import { approvalOf, challengeOf, credentialsOf, writeApproval } from '../cast/approvals.ts'
import { Company, must } from '../cast/company.ts'
import { judgementOf } from '../cast/judgement.ts'
import { until } from '../cast/until.ts'
import type { Stage } from '../stage.ts'

const AREA = 'hostile server: beyond the papers'
const STATEMENT = 'packages/schema/src/approval-statement.ts'

interface Scene {
  readonly company: Company
  readonly abel: Actor
  readonly dana: Actor
  readonly item: string
}

/** Production needs `k` approvers (Ada, Abel); Dana's program may ask. */
const scene = async (stage: Stage, k: number): Promise<Scene> => {
  const company = await Company.found(stage)
  const abel = await company.approver()
  const dana = await company.developer()
  await company.requireApprovals(k)
  const item = await company.item('openai', stage.canary('value'))
  await dana.inStepWith(company.ada)
  return { company, abel, dana, item }
}

const asked = async ({ company, dana, abel, item }: Scene): Promise<string> => {
  const request = await company.ask(dana, item)
  await abel.inStepWith(dana)
  await company.ada.inStepWith(dana)
  return request
}

/** Shows an approval to everybody; what refuses it in Ada's app, or how many approvals the request has there. */
const shown = async ({ company }: Scene, request: string, entry: Uint8Array): Promise<Finding | number> => {
  const { ada, server } = company
  server.push(server.timeline, LEDGER, entry)
  const refusal = await judgementOf(ada, entry)
  return refusal ?? ada.session.ledger.requests.get(request)?.approvals.length ?? 0
}

const statementWithout = (find: string): Weakening['edits'] => [{ file: STATEMENT, find, replace: '' }]

/** A genuine touch by Abel over a statement that is not this request's, handed in for this request. */
const transplanted = async (
  stage: Stage,
  change: Partial<ApprovalStatement>,
  gained: string,
): Promise<Finding> => {
  const all = await scene(stage, 1)
  const { company, abel } = all
  const request = await asked(all)
  const { statement, body } = approvalOf(abel, request)
  const elsewhere = challengeOf({ ...statement, ...change })
  const assertion = abel.keys.touch({ challenge: elsewhere, credentialIds: credentialsOf(abel) })
  const found = await shown(all, request, writeApproval(company, abel, request, body, assertion))
  if (typeof found !== 'number') return found
  if (found !== 1) throw new Error('it counts for nothing')
  return succeeded(gained)
}

const refusedOutcome = (outcome: Outcome<unknown>): Finding | null =>
  outcome.ok ? null : refused(outcome.code, `${outcome.message} ${outcome.fix}`)

export const approvals: readonly Attack[] = [
  {
    ref: 'S-approval-replayed',
    area: AREA,
    title: 'an approval replayed for another request',
    tried: 'hands in the touch that Abel gave to Dana’s first request once more for her second one',
    refusal: 'approval.assertion',
    weakened: {
      without: 'the comparison of the signed challenge',
      edits: [
        {
          file: 'packages/crypto/src/client-data.ts',
          find: "if (challenge === undefined || !equalBytes(challenge, expected.challenge)) return 'challenge'",
          replace:
            "if (challenge === undefined || challenge.length !== expected.challenge.length) return 'challenge'",
        },
      ],
    },
    run: async (stage) => {
      const all = await scene(stage, 1)
      const { company, abel } = all
      const first = await asked(all)
      must(await company.approve(abel, first))
      const touch = abel.keys.made.at(-1)
      if (touch === undefined) throw new Error('Abel touched nothing')
      const second = await asked(all)
      const { body } = approvalOf(abel, second)
      const found = await shown(all, second, writeApproval(company, abel, second, body, touch))
      if (typeof found !== 'number') return found
      if (found !== 1) throw new Error('it counts for nothing')
      return succeeded('one touch approves two requests')
    },
  },
  {
    ref: 'S-approval-other-vault',
    area: AREA,
    title: 'an approval transplanted from another environment',
    tried: 'has Abel touch for staging what is, word for word, a request for production',
    refusal: 'approval.assertion',
    weakened: {
      without: 'the environments in what an approving touch signs',
      edits: statementWithout('  environments: [...statement.environments],\n'),
    },
    run: (stage) => transplanted(stage, { environments: [newId()] }, 'a touch for staging opens production'),
  },
  {
    ref: 'S-approval-other-team',
    area: AREA,
    title: 'an approval transplanted from another team',
    tried: 'has Abel approve the same request, id for id, in a team that the attacker founded',
    refusal: 'approval.assertion',
    weakened: {
      without: 'the team in what an approving touch signs',
      edits: statementWithout('  team: statement.team,\n'),
    },
    run: (stage) => transplanted(stage, { team: newId() }, 'a touch in one team counts in another'),
  },
  {
    ref: 'S-approval-other-terms',
    area: AREA,
    title: 'an approval transplanted to wider terms',
    tried: 'has Abel touch for one minute, and hands it in for what Dana asked',
    refusal: 'approval.assertion',
    weakened: {
      without: 'the terms in what an approving touch signs',
      edits: statementWithout('  terms: statement.terms,\n'),
    },
    run: (stage) => transplanted(stage, { terms: null }, 'a touch over less counts for more'),
  },
  {
    ref: 'S-origin-phishing',
    area: AREA,
    title: 'an approval touched on a page of the server’s',
    tried: 'has Abel touch for this very request on a page of another origin',
    refusal: 'approval.assertion',
    weakened: {
      without: 'the origin in an assertion',
      edits: [
        {
          file: 'packages/crypto/src/client-data.ts',
          find: "if (!expected.origins.includes(data.origin)) return 'origin'",
          replace: '',
        },
      ],
    },
    run: async (stage) => {
      const all = await scene(stage, 1)
      const { company, abel } = all
      const request = await asked(all)
      const { statement, body } = approvalOf(abel, request)
      const assertion = abel.keys.touch({
        challenge: challengeOf(statement),
        credentialIds: credentialsOf(abel),
        origin: 'https://sync.example',
      })
      const found = await shown(all, request, writeApproval(company, abel, request, body, assertion))
      if (typeof found !== 'number') return found
      if (found !== 1) throw new Error('it counts for nothing')
      return succeeded('a touch on a foreign page counts as an approval')
    },
  },
  {
    ref: 'S-one-person-twice',
    area: AREA,
    title: 'one person counted twice',
    tried:
      'hands in a second genuine approval of Abel’s, by his other security key, where two people are needed',
    refusal: 'approval.duplicate',
    weakened: {
      without: 'the rule that people are counted, not touches',
      edits: [
        {
          file: 'packages/ledger/src/reduce-approvals.ts',
          find: "if (live) return { code: 'approval.duplicate' }",
          replace: '',
        },
        {
          file: 'packages/ledger/src/reduce-approvals.ts',
          find: 'record.approvals = record.approvals.filter((each) => each.member !== member)',
          replace: '',
        },
      ],
    },
    run: async (stage) => {
      const all = await scene(stage, 2)
      const { company, abel } = all
      const { ada } = company
      const request = await asked(all)
      must(await company.approve(abel, request))
      await ada.inStepWith(abel)
      const { statement, body } = approvalOf(abel, request)
      const [, other] = credentialsOf(abel)
      if (other === undefined) throw new Error('Abel has one security key only')
      const assertion = abel.keys.touch({ challenge: challengeOf(statement), credentialIds: [other] })
      const found = await shown(all, request, writeApproval(company, abel, request, body, assertion))
      if (typeof found !== 'number') return found
      if (requestStatus(ada.session.ledger, request, ada.session.now())?.state !== 'awaiting_release')
        throw new Error('it counts for nothing')
      return succeeded('one person is a quorum of two')
    },
  },
  {
    ref: 'S-self-approval',
    area: AREA,
    title: 'a requester approves what they asked for',
    tried: 'has Ada, an approver, ask for production and touch for it herself',
    refusal: 'approval.self',
    weakened: {
      without: 'the exclusion of the requester',
      edits: [
        {
          file: 'packages/ledger/src/eligible.ts',
          find: 'return state.policies.get(body.terms.environment)?.policy.selfApproval !== true',
          replace: 'return false',
        },
      ],
    },
    run: async (stage) => {
      const { company, item } = await scene(stage, 1)
      const { ada } = company
      const request = await company.ask(ada, item)
      const refusal = refusedOutcome(await company.approve(ada, request))
      if (refusal !== null) return refusal
      if (ada.session.ledger.requests.get(request)?.approvals.length !== 1)
        throw new Error('it counts for nothing')
      return succeeded('Ada approved herself')
    },
  },
  {
    ref: 'S-request-changed',
    area: AREA,
    title: 'the request changes between reading and touching',
    tried: 'shows Abel one request and has his app asked for a touch over another one’s hash',
    refusal: 'request.changed',
    weakened: {
      without: 'the comparison of what was read with what is signed',
      edits: [
        {
          file: 'packages/client/src/requests/request-actions.ts',
          find: 'if (Buffer.compare(record.requestHash, approval.requestHash) !== 0) return changed()',
          replace: '',
        },
      ],
    },
    run: async (stage) => {
      const all = await scene(stage, 1)
      const { abel } = all
      const request = await asked(all)
      const refusal = refusedOutcome(
        await approveRequest(abel.session, abel.keys, {
          request,
          requestHash: randomBytes(32),
          terms: null,
          purpose: 'approve',
        }),
      )
      if (refusal !== null) return refusal
      await until(
        'the approval is there',
        () => abel.session.ledger.requests.get(request)?.approvals.length === 1,
      )
      return succeeded('Abel signed what he had not read')
    },
  },
]

import { cryptoReady } from '@countersign/crypto/ready'
import { type CborValue, decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import { newId } from '@countersign/schema/ids'
import { ledgerEntrySchemas } from '@countersign/schema/ledger-entries'
import type { Policy, Rule } from '@countersign/schema/policy'
import { beforeAll, describe, expect, it } from 'vitest'
import { company } from '../test/company.ts'
import { policyOf, quorumOf } from '../test/ledger-author.ts'
import { packState } from './state-checkpoint.ts'

beforeAll(cryptoReady)

const named = (...members: string[]): Rule => ({ op: 'quorum', k: 1, of: { kind: 'members', members } })

/** `inner` inside so many rules. */
const nested = (levels: number, inner: Rule): Rule =>
  levels === 0 ? inner : { op: 'all', rules: [nested(levels - 1, inner)] }

/** As it comes out of a sealed body. */
const decoded = (policy: Policy): Policy =>
  ledgerEntrySchemas['policy.set'].body.parse(decodeCanonical(encodeCanonical(policy as CborValue)))

describe('the rules of a policy', () => {
  it('L50 one that nests too deeply is refused wherever it stands: what was decoded can be encoded again', async () => {
    const { team, ada, dev, production } = await company()
    const vault = team.vault('deep')
    const plain = team.policyPlain(production.environment)
    const authority = team.askChange(ada, { type: 'policy.set', plain, body: policyOf(quorumOf(1)) })
    const create = (rule: Rule) => {
      const epoch = team.epochFor(newId(), 0, new Map([[ada.member, 'hold']]))
      const body = { name: `deep-${team.clock}`, policy: decoded(policyOf(rule)) }
      return team.write(ada, 'environment.create', { teamKeyEpoch: 0, vault, epoch }, body).outcome
    }
    for (const levels of [5, 6, 7]) {
      const rule = nested(levels, { op: 'none' })
      expect(create(rule)).toBe('policy.too_complex')
      const policy = decoded(policyOf(rule))
      expect(team.setPolicy(ada, production.environment, policy, authority).outcome).toBe(
        'policy.too_complex',
      )
      expect(() => team.askChange(ada, { type: 'policy.set', plain, body: policy })).toThrow(
        'policy.too_complex',
      )
    }
    const deepest = nested(4, named(dev.member))
    expect(create(deepest)).toBe('accepted')
    team.askChange(ada, { type: 'policy.set', plain, body: decoded(policyOf(deepest)) })
    expect(packState(team.state).state.length).toBeGreaterThan(0)
  })
})

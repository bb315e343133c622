import { describe, expect, it } from 'vitest'
import { company } from '../test/company.ts'
import { requestStatus } from './quorum.ts'

describe('reduceLedger', () => {
  it('P2 a requester reads nothing until two people approved and a holder released', async () => {
    const { team, ada, ben, cyd, dev, production, item } = await company()
    const request = team.ask(dev, team.terms(production, [item]))
    expect(requestStatus(team.state, request, team.clock)?.state).toBe('pending')
    expect(team.approve(cyd, request).outcome).toBe('accepted')
    expect(team.issue(ben, request).outcome).toBe('grant.no_quorum')
    expect(team.approve(ada, request).outcome).toBe('accepted')
    expect(requestStatus(team.state, request, team.clock)?.state).toBe('awaiting_release')
    expect(team.issue(ben, request).outcome).toBe('accepted')
    expect(requestStatus(team.state, request, team.clock)?.state).toBe('granted')
  })
})

import type { Installation } from '@countersign/desktop/headless/installation'
import type { CallReply } from '@countersign/desktop/shared/contract'
import { until } from './until.ts'

export type Vault = CallReply<'vaults.list'>[number]
type Invite = CallReply<'invite.create'>
type Roles = Invite['roles']
export interface AccessAsk {
  environment: string
  level: 'none' | 'view' | 'request' | 'hold'
  approve: boolean
}

/** What is needed of an installation here, wherever its host runs. */
type Member = Pick<Installation, 'must'>

const DAY = 86_400_000

/** Two software security keys: the floor before anything secret is accepted. */
export const enrolTwoKeys = async (installation: Member): Promise<void> => {
  await installation.must('setup.enrolKey', { label: 'Software key 1' })
  await installation.must('setup.enrolKey', { label: 'Software key 2' })
}

export const environmentId = (vault: Vault, name: string): string => {
  const found = vault.environments.find((environment) => environment.name === name)
  if (found === undefined) throw new Error(`the vault has no environment ${name}`)
  return found.environment
}

export interface Newcomer {
  name: string
  device: string
  roles: Roles
  access: AccessAsk[]
}

/** Both sides of an invite: the link, the keys, the code read aloud and confirmed by both, membership. */
export const inviteAndJoin = async (
  inviter: Member,
  newcomer: Member,
  { name, device, roles, access }: Newcomer,
): Promise<void> => {
  const invite = await inviter.must('invite.create', { name, roles, access, expiresInMs: DAY })
  if (invite.link === null) throw new Error('the new invite has no link')
  await newcomer.must('invite.read', { link: invite.link })
  await enrolTwoKeys(newcomer)
  await newcomer.must('invite.join', { name, device })
  const here = await until(async () => (await newcomer.must('invite.joinState', {})).code, {
    what: `${name} sees the short code`,
  })
  const there = await until(
    async () =>
      (await inviter.must('invites.list', {})).find((each) => each.invite === invite.invite)?.code ?? null,
    { what: `the inviter sees the short code for ${name}` },
  )
  if (here !== there) throw new Error('the two short codes differ: somebody is in between')
  await inviter.must('invite.confirm', { invite: invite.invite, same: true })
  await newcomer.must('invite.confirmJoin', { same: true })
  await until(
    async () => {
      const state = await newcomer.must('invite.joinState', {})
      if (state.error !== null) throw new Error(`${state.error.code}: ${state.error.message}`)
      return state.state === 'joined'
    },
    { what: `${name} has joined` },
  )
  await until(async () => (await newcomer.must('status.get', {})).phase === 'unlocked', {
    what: `${name} is in`,
  })
}

/** Waits until this person's app shows the request as theirs to approve, reads it, and approves it as asked with a touch. */
export const approve = async (approver: Installation, request: string): Promise<void> => {
  const detail = await until(
    async () => {
      const { rows } = await approver.must('requests.list', { limit: 100 })
      const found = rows.find((row) => row.request === request)
      return found?.mine === 'can_approve' ? approver.must('request.get', { request }) : null
    },
    { what: 'the request reaches an approver' },
  )
  await approver.mustSigning(request, 'signing.approve', {
    request,
    requestHash: detail.requestHash,
    terms: null,
  })
}

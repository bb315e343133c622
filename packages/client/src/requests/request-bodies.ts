import { randomInt } from 'node:crypto'
import { randomBytes } from '@countersign/crypto/random'
import { newId } from '@countersign/schema/ids'
import type { BindingRequest, Caller, ChangeRequest, Terms } from '@countersign/schema/request'

/** Six digits people compare between the program's terminal and what approvers see. */
const bindCode = (): string => String(randomInt(1_000_000)).padStart(6, '0')

export interface BindingAsked {
  readonly requester: string
  readonly device: string
  readonly terms: Terms
  readonly application: string
  readonly caller: Caller
  readonly reason: string
  readonly policyVersion: number
  readonly createdAt: number
  readonly deadlineMs: number
}

export const bindingRequest = (asked: BindingAsked): BindingRequest => {
  const { deadlineMs, ...rest } = asked
  return {
    kind: 'binding',
    request: newId(),
    ...rest,
    code: bindCode(),
    nonce: randomBytes(32),
    expiresAt: asked.createdAt + deadlineMs,
  }
}

export type ChangeAsked = Omit<ChangeRequest, 'kind' | 'request' | 'nonce' | 'expiresAt'> & {
  readonly deadlineMs: number
}

export const changeRequest = (asked: ChangeAsked): ChangeRequest => {
  const { deadlineMs, ...rest } = asked
  return {
    kind: 'change',
    request: newId(),
    ...rest,
    nonce: randomBytes(32),
    expiresAt: asked.createdAt + deadlineMs,
  }
}

/** The properties that hold after every step, by name. */
export const INVARIANTS = {
  'acknowledged-durable': 'no answer says that an entry landed before it is durable',
  'acknowledged-kept': 'no acknowledged entry is lost',
  authentic: 'no client takes an entry that no honest client made',
  'never-back': 'no client’s verified history gets shorter or changes',
  'one-history': 'with an honest server all clients have the one history of its store',
  'no-false-alarm': 'an honest server is never accused',
  'fork-seen': 'a fork ends in an alarm, or nobody on one side counts a witness on the other',
  'rollback-seen': 'nobody is at ease with a server that shows less than they have verified',
  'reducers-agree': 'at equal heads all clients decide alike',
  'grant-quorum': 'no grant without the touches of its quorum',
  'revoked-unread': 'a binding is never read again once its revocation was seen',
  'removed-blind': 'a removed member opens nothing written after the removal',
  'intent-kept': 'an acknowledged offline change waits until it has landed or a person gave it up',
  'intent-once': 'every acknowledged offline change lands exactly once',
  'read-true': 'a read gives the value that was written to that item',
  'read-fresh': 'nothing is served longer after the last contact than the policy allows',
  'read-witnessed':
    'nothing is served longer after the last statement of somebody else’s device than the policy allows',
  'read-audited': 'every read that was served is in the auditors’ log',
  converges: 'once faults stop and the server is honest, everyone converges in bounded time',
  'no-defect': 'nothing throws where nothing may',
  'comes-to-an-end': 'the run comes to its end: nothing is known of one that breaks or hangs',
} as const

export type InvariantName = keyof typeof INVARIANTS

export interface Violation {
  readonly invariant: InvariantName
  readonly detail: string
  /** Virtual time, ms. */
  readonly at: number
}

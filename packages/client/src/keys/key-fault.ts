import { ClientError } from '../client-error.ts'
import type { KeyProblem } from './key-ring.ts'

const WORDS: Readonly<Record<KeyProblem['code'], string>> = {
  'epoch.bad_wrap':
    'A key that was sealed to you is not the one the team was told of: whoever wrote it gave you another.',
  'epoch.bad_chain': 'A new key does not lead to the one before it, as it must.',
}

const FIX =
  'Nothing is sealed under it. Look in the audit log who wrote the last change of keys, and have another holder start a new epoch.'

/** A key that did not hold what was committed to (P4), in words for whoever has to do something about it. */
export const keyFault = ({ code }: KeyProblem): ClientError =>
  new ClientError(code, WORDS[code], { fix: FIX })

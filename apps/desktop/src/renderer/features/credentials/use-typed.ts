import { useState } from 'react'
import type { CallError, CallReply, CallRequest } from '../../../shared/contract.ts'
import { sealText } from '../../../shared/sealed-text.ts'
import type { SealedText } from '../../../shared/sealed-text-schema.ts'
import { useAction } from '../../data/use-call.ts'

type TypedCall = 'item.create' | 'item.update'

const NOT_SEALED: CallError = {
  code: 'value.not_sealed',
  message: 'The value could not be encrypted for the part of Countersign that holds the keys.',
  fix: 'Lock and unlock, then try again.',
}

/**
 * An action that takes what was typed. It is sealed to the core: main, which carries it, is left with nothing that opens. Busy from the
 * first call to the answer of the last.
 */
export const useTyped = <N extends TypedCall>(
  name: N,
): {
  busy: boolean
  error: CallError | null
  run: (
    value: Readonly<Record<string, string>>,
    requestOf: (sealed: SealedText) => CallRequest<N>,
  ) => Promise<CallReply<N> | null>
} => {
  const key = useAction('item.typingKey')
  const action = useAction(name)
  const [busy, setBusy] = useState(false)
  const [notSealed, setNotSealed] = useState<CallError | null>(null)
  const steps = async (
    value: Readonly<Record<string, string>>,
    requestOf: (sealed: SealedText) => CallRequest<N>,
  ) => {
    const given = await key.run({})
    if (given === null) return null
    const sealed = await sealText('typed-value', given.to, JSON.stringify(value)).catch(() => null)
    if (sealed !== null) return action.run(requestOf(sealed))
    setNotSealed(NOT_SEALED)
    return null
  }
  const run: typeof steps = async (value, requestOf) => {
    setBusy(true)
    setNotSealed(null)
    action.clear()
    try {
      return await steps(value, requestOf)
    } finally {
      setBusy(false)
    }
  }
  return { busy, error: notSealed ?? key.error ?? action.error, run }
}

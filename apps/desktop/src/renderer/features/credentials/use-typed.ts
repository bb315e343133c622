import type { CallError, CallRequest } from '../../../shared/contract.ts'
import { sealText } from '../../../shared/sealed-text.ts'
import { useAction } from '../../data/use-call.ts'

/** Seals what was typed to the core: main, which carries it, is left with nothing that opens. */
export const useTyped = (): {
  busy: boolean
  error: CallError | null
  seal: (value: Readonly<Record<string, string>>) => Promise<CallRequest<'item.create'>['value'] | null>
} => {
  const { busy, error, run } = useAction('item.typingKey')
  const seal = async (value: Readonly<Record<string, string>>) => {
    const key = await run({})
    return key === null ? null : sealText('typed-value', key.to, JSON.stringify(value))
  }
  return { busy, error, seal }
}

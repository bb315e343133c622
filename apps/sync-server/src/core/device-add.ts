import { addsDevice } from '@countersign/ledger/projection'
import type { ParsedBatch } from './parse-batch.ts'
import { type Refusal, refusal } from './refusal.ts'

/** Whether a batch is exactly one `device.add`, by this member and of this device: all that a member without a device may write (P11). */
export const checkDeviceAdd = (
  { parts }: ParsedBatch,
  { member, device }: { readonly member: string; readonly device: string },
): Refusal | null => {
  const entries = parts.flatMap((part) => part.entries)
  const [entry] = entries
  if (parts.length === 1 && entries.length === 1 && entry !== undefined) {
    if (addsDevice(entry.signed, member, device)) return null
  }
  return refusal(
    'append.not_allowed',
    'This login may add its own device and write nothing else. Nothing was written.',
  )
}

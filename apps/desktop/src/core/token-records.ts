import type { SealedRecords } from '@countersign/client/session/sealed-records'
import type { TokenRecord, TokenStore } from '@countersign/local-api/source'
import { hashSchema, timeSchema } from '@countersign/schema/bytes'
import { idSchema } from '@countersign/schema/ids'
import { boundSenderSchema } from '@countersign/schema/sender'
import { z } from 'zod'

const recordSchema = z.strictObject({
  binding: idSchema,
  claimHash: hashSchema,
  tokenHash: hashSchema.nullable(),
  used: z.boolean(),
  uses: timeSchema,
  process: z.strictObject({ pid: z.number().int(), startTime: z.string().max(40) }).nullable(),
  session: z.string().max(200).nullable(),
  sender: boundSenderSchema.nullable().default(null),
})

/** Hashes of tokens and claims, sealed under the member's store key (P22): they survive restart and unlock, and open to nobody else. */
export const tokenStore = (records: SealedRecords): TokenStore => ({
  load: async () => {
    const tokens: TokenRecord[] = []
    for (const { value } of await records.all()) {
      const parsed = recordSchema.safeParse(value)
      if (parsed.success) tokens.push(parsed.data)
    }
    return tokens
  },
  put: (record) => records.put(record.binding, { ...record }),
  remove: (binding) => records.remove(binding),
})

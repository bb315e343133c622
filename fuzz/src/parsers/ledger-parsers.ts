import { parseLedgerContent } from '@countersign/ledger/plain-content'
import { reduceLedger } from '@countersign/ledger/reduce'
import { unpackState } from '@countersign/ledger/state-checkpoint'
import {
  CanonicalError,
  type CborValue,
  decodeCanonical,
  encodeCanonical,
} from '@countersign/schema/canonical'
import { envelopeSchema } from '@countersign/schema/entry'
import { z } from 'zod'
import { type FuzzedParser, utf8 } from '../parser.ts'
import { sampleCompany } from './sample-company.ts'

/** A state is begun anew after so many entries, as each of them is remembered by its id. */
const ENTRIES_A_STATE = 200

/** The rules themselves: whatever a member signs and seals is accepted or refused with a code, never thrown at (L4). */
export const ledgerParsers = async (): Promise<FuzzedParser[]> => {
  const { written, checkpoint } = await sampleCompany()
  let state = unpackState(checkpoint)
  let taken = 0
  return [
    {
      name: 'ledger-rules',
      from: 'a member with a modified client',
      seeds: written.map(({ envelope, content }) =>
        encodeCanonical({ envelope: envelope as unknown, body: content?.body ?? null } as CborValue),
      ),
      dictionary: [
        'hold',
        'view',
        'request',
        'none',
        'admin',
        'auditor',
        'quorum',
        'any',
        'all',
        'sequence',
      ].map(utf8),
      parse: (input) => {
        let value: unknown
        try {
          value = decodeCanonical(input)
        } catch (error) {
          if (error instanceof CanonicalError) return 'canonical.refused'
          throw error
        }
        const parsed = z.object({ envelope: envelopeSchema, body: z.unknown() }).safeParse(value)
        if (!parsed.success) return 'schema.refused'
        if (taken++ % ENTRIES_A_STATE === 0) state = unpackState(checkpoint)
        const { head } = state.projection
        if (head === null) throw new Error('a team without a head')
        const { envelope, body } = parsed.data
        // At the place where it would stand, or every input would end at the chain.
        const placed = {
          ...envelope,
          stream: 'ledger' as const,
          seq: head.seq + 1,
          prev: head.hash,
          ledger: head,
        }
        const content = parseLedgerContent(placed, body) ?? null
        const verdict = reduceLedger(state, {
          envelope: placed,
          content,
          hash: new Uint8Array(32).fill(taken % 251),
        })
        if (!verdict.accepted) return verdict.code
        taken = 0
        return `accepted ${placed.type}`
      },
    },
  ]
}

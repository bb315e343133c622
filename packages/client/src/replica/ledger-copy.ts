import { HashLog } from '@countersign/ledger/hash-log'
import { emptyProjection, type Projection, project } from '@countersign/ledger/projection'
import { LEDGER } from '@countersign/schema/ids'
import { ClientError } from '../client-error.ts'
import type { StreamLog } from './stream-log.ts'

/** The plain projection of the ledger on this disk and the hashes of its entries. */
export interface LedgerCopy {
  readonly projection: Projection
  readonly hashes: HashLog
}

/** Replays the ledger on this disk, whose entries were verified before they were written. */
export const openLedgerCopy = async (log: StreamLog): Promise<LedgerCopy> => {
  const projection = emptyProjection()
  const hashes = new HashLog()
  for await (const page of log.pages(LEDGER)) {
    for (const { hash, entry } of page) {
      const verdict = project(projection, { envelope: entry.envelope, hash })
      if (!verdict.accepted && verdict.code.startsWith('chain.')) {
        throw new ClientError('replica.damaged', 'the ledger in the local store is not a whole chain', {
          fix: 'Move the store folder aside and start again: everything is fetched and verified anew.',
        })
      }
      hashes.push(hash)
    }
  }
  return { projection, hashes }
}

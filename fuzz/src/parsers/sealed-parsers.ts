import { openSlot, sealSlot } from '@countersign/client/mailbox/invite-messages'
import { open, seal } from '@countersign/crypto/aead'
import { CryptoError } from '@countersign/crypto/crypto-error'
import { kemKeypair, openSealed, sealTo } from '@countersign/crypto/kem'
import { randomBytes } from '@countersign/crypto/random'
import { unwrapRoot, wrapRoot } from '@countersign/crypto/root-wrap'
import { Secret } from '@countersign/crypto/secret'
import { restoreCompartment, restoreProjection } from '@countersign/ledger/checkpoint'
import { LedgerError } from '@countersign/ledger/ledger-error'
import { type PackedState, unpackState } from '@countersign/ledger/state-checkpoint'
import { CanonicalError, encodeCanonical } from '@countersign/schema/canonical'
import { newId } from '@countersign/schema/ids'
import { mailboxSlotSchema } from '@countersign/schema/wire'
import { z } from 'zod'
import type { FuzzedParser } from '../parser.ts'
import { sampleCompany } from './sample-company.ts'

const context = { type: 'fuzz', team: newId() }

/** Opening says one thing only, and opens nothing that was changed. */
const opens = (input: Uint8Array, genuine: readonly Uint8Array[], attempt: () => void): string => {
  try {
    attempt()
  } catch (error) {
    if (error instanceof CryptoError && error.code === 'open_failed') return 'open_failed'
    throw error
  }
  if (!genuine.some((each) => Buffer.compare(each, input) === 0)) throw new Error('opened what nobody sealed')
  return 'accepted'
}

/** Requests are read one by one, long after the rest. */
const readAll = (packed: PackedState): void => {
  for (const _ of unpackState(packed).requests.values());
}

/** The parsers of sealed bytes, and of what a peer may have put inside. */
export const sealedParsers = async (): Promise<FuzzedParser[]> => {
  const key = Secret.random()
  const pair = kemKeypair(Secret.random())
  const place = { team: randomBytes(16), member: randomBytes(16), credential: randomBytes(32) }
  const root = {
    root: Secret.random(),
    genesisHash: randomBytes(32),
    head: { seq: 4, hash: randomBytes(32) },
  }
  const blobs = [0, 40, 300].map((length) => seal(key, context, randomBytes(length)))
  const sealed = [sealTo(pair.publicKey, context, randomBytes(32))]
  const wraps = [wrapRoot({ kek: key, ...place, ...root })]
  const mailbox = { team: newId(), mailbox: randomBytes(32), seal: key }
  const slots = mailboxSlotSchema.options
  const { checkpoint } = await sampleCompany()
  const asState = (input: Uint8Array): void => readAll({ ...checkpoint, state: input })
  const asIndex = (input: Uint8Array): void => readAll({ ...checkpoint, index: input })
  const asClosed = (input: Uint8Array): void => readAll({ ...checkpoint, closed: [{ read: () => input }] })
  const hidden = [
    {},
    { commitment: randomBytes(32) },
    { nonce: randomBytes(32), signature: randomBytes(64) },
    [1],
  ]
  return [
    {
      name: 'sealed',
      from: 'a hostile server',
      seeds: blobs,
      parse: (input) => opens(input, blobs, () => open(key, context, input)),
    },
    {
      name: 'sealed-to-key',
      from: 'another member, a hostile server',
      seeds: sealed,
      parse: (input) => opens(input, sealed, () => openSealed(pair, context, input)),
    },
    {
      name: 'root-wrap',
      from: 'a hostile server',
      seeds: wraps,
      parse: (input) => opens(input, wraps, () => unwrapRoot({ kek: key, blob: input, ...place })),
    },
    {
      name: 'invite-message',
      from: 'whoever has the invite',
      seeds: hidden.map((value) => encodeCanonical(value)),
      parse: (input) => {
        const answers = slots.map((slot) => {
          const blob = seal(
            key,
            { type: 'invite', team: mailbox.team, mailbox: mailbox.mailbox, slot },
            input,
          )
          return openSlot(mailbox, slot, blob)
        })
        const taken = answers.find((answer) => answer !== undefined)
        if (taken === undefined) return 'refused'
        sealSlot(mailbox, taken)
        return `accepted ${taken.slot}`
      },
    },
    {
      name: 'checkpoint',
      from: 'a damaged disk',
      seeds: [checkpoint.state, checkpoint.index, ...checkpoint.closed.map((shelf) => shelf.read())],
      parse: (input) => {
        const readers = [asState, asIndex, asClosed, restoreProjection, restoreCompartment]
        for (const read of readers) {
          try {
            read(input)
            return 'accepted'
          } catch (error) {
            const expected =
              error instanceof LedgerError || error instanceof CanonicalError || error instanceof z.ZodError
            if (!expected) throw error
          }
        }
        return 'refused'
      },
    },
  ]
}

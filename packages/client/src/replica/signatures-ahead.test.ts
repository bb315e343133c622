import { sign } from '@countersign/crypto/sign'
import { HashLog } from '@countersign/ledger/hash-log'
import { emptyProjection } from '@countersign/ledger/projection'
import { company } from '@countersign/ledger/test/company'
import { decodeEntry, ENTRY_PURPOSE, encodeEntry } from '@countersign/schema/entry'
import { LEDGER } from '@countersign/schema/ids'
import { describe, expect, it } from 'vitest'
import { SignaturesAhead } from './signatures-ahead.ts'
import { verifyBatch } from './verify-batch.ts'

const REQUESTS = 40

/** A team's ledger up to here verified, and as many requests by its developer that are not. */
const scene = async () => {
  const { team, ada, dev, production, item } = await company()
  const before = team.entries.map(({ bytes }) => bytes)
  for (let i = 0; i < REQUESTS; i++) team.ask(dev, team.terms(production, [item]))
  const projection = emptyProjection()
  const ahead = new SignaturesAhead(projection)
  const genesisHash = team.entries[0]?.hash ?? new Uint8Array(0)
  const known = { team: team.id, genesisHash, projection, ledgerHashes: new HashLog(), ahead }
  const requests = team.entries.slice(before.length).map(({ bytes }) => bytes)
  const takeFirst = () => {
    expect(verifyBatch(known, LEDGER, null, before).problem).toBeNull()
    ahead.judged()
  }
  return { ahead, known, takeFirst, before, requests, ada, dev }
}

describe('L3 signatures verified ahead of their turn', () => {
  it('L3 finds good what is good, by its author’s key, and every entry is judged as ever', async () => {
    const { ahead, known, takeFirst, requests, dev } = await scene()
    takeFirst()
    ahead.offer(requests)
    await ahead.settled(requests)
    for (const bytes of requests) {
      const entry = ahead.entry(bytes)
      expect(entry).toEqual(decodeEntry(bytes))
      expect(entry && ahead.goodFor(entry)).toEqual(dev.sign.publicKey)
    }
    const { fresh, problem } = verifyBatch(known, LEDGER, known.projection.head, requests)
    expect(problem).toBeNull()
    expect(fresh.map(({ bytes }) => bytes)).toEqual(requests)
  })

  it('L3 refuses what somebody else signed, cut off or made up, in the midst of good ones', async () => {
    for (const forge of ['signed by another', 'flipped', 'no entry'] as const) {
      const { ahead, known, takeFirst, requests, ada } = await scene()
      takeFirst()
      const at = 20
      const { envelopeBytes, signature } = decodeEntry(requests[at] ?? new Uint8Array(0))
      const flipped = signature.map((byte, i) => (i === 9 ? byte ^ 1 : byte))
      const forged = {
        'signed by another': encodeEntry(
          envelopeBytes,
          sign(ada.sign.secretKey, ENTRY_PURPOSE, envelopeBytes),
        ),
        flipped: encodeEntry(envelopeBytes, flipped),
        'no entry': new Uint8Array([0x82, 0x41]),
      }[forge]
      const shown = requests.map((bytes, i) => (i === at ? forged : bytes))
      ahead.offer(shown)
      await ahead.settled(shown)
      const head = known.projection.head
      const { fresh, problem } = verifyBatch(known, LEDGER, head, shown)
      expect(fresh).toHaveLength(at)
      expect(problem).toMatchObject({ code: 'bad_entry', seq: (head?.seq ?? 0) + at + 1 })
    }
  })

  it('L3 what is offered before the team is known is checked once it is; what will not come is let go', async () => {
    const { ahead, known, takeFirst, before, requests } = await scene()
    ahead.offer(before)
    ahead.offer(requests)
    await ahead.settled(before)
    takeFirst()
    await ahead.settled(requests)
    const checked = requests.map((bytes) => ahead.entry(bytes)).filter((entry) => entry !== undefined)
    expect(checked.map((entry) => ahead.goodFor(entry)).filter((key) => key !== undefined)).toHaveLength(
      REQUESTS,
    )

    const other = new SignaturesAhead(emptyProjection())
    other.offer(requests)
    other.clear()
    await other.settled(requests)
    expect(
      verifyBatch({ ...known, ahead: other }, LEDGER, known.projection.head, requests).problem,
    ).toBeNull()
  })
})

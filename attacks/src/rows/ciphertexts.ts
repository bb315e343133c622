import { findItem, updateItem } from '@countersign/client/items/item-actions'
import { open } from '@countersign/crypto/aead'
import { parseCompartmentContent } from '@countersign/ledger/compartment-content'
import { decodeEntry, type Envelope } from '@countersign/schema/entry'
import { compartmentStream } from '@countersign/schema/ids'
import type { ItemPut } from '@countersign/schema/item'
import { type Attack, type Finding, nobodyToTell, refused, succeeded } from '../attack.ts'
import type { Actor } from '../cast/actor.ts'
import { penOf, stranger } from '../cast/attacker.ts'
import { Company, must } from '../cast/company.ts'
import { alarmed, judgementOf } from '../cast/judgement.ts'
import { readAsHolder } from '../cast/read-as.ts'
import { until } from '../cast/until.ts'
import { forgeEntry } from '../double/forge.ts'
import type { Timeline } from '../double/timeline.ts'
import { itemContextsWithout, UNAUTHENTICATED, UNSIGNED } from '../weakenings.ts'

const AREA = 'hostile server: published'

/** A version of an item as the server has it; the newest, unless said otherwise. */
const putOf = (timeline: Timeline, environment: string, item: string, version?: number): ItemPut => {
  const stream = compartmentStream(environment)
  for (let seq = timeline.entries(stream).length - 1; seq >= 0; seq--) {
    const content = parseCompartmentContent(timeline.envelope(stream, seq))
    if (content?.type !== 'item.put' || content.plain.item !== item) continue
    if (version === undefined || content.plain.version === version) return content.plain
  }
  throw new Error('the server has no such version')
}

const envelopeOf = (entry: Uint8Array | undefined): Envelope => {
  if (entry === undefined) throw new Error('an append of nothing')
  return decodeEntry(entry).envelope
}

/** Signs the next version of an item with a holder's stolen signing key, which opens nothing, and shows it to everybody. */
const writeVersion = async (
  company: Company,
  thief: Actor,
  item: string,
  blobs: Partial<ItemPut>,
): Promise<Finding | null> => {
  const { server, production, ada } = company
  const stream = compartmentStream(production)
  const before = putOf(server.timeline, production, item)
  const put = { ...before, ...blobs, item, base: before.version, version: before.version + 1 }
  const entry = forgeEntry(penOf(company, thief), server.timeline, {
    stream,
    type: 'item.put',
    plain: put,
    body: null,
  })
  server.push(server.timeline, stream, entry)
  return judgementOf(ada, entry)
}

/** What Ada's app makes of an item: the refusal that she reads, or null with the value. */
const adaReads = async (company: Company, item: string): Promise<Finding | string> => {
  const read = await readAsHolder(company.ada, item).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error) return { code: String(error.code), told: error.message }
    throw error
  })
  return 'value' in read ? (read.value.api_key ?? '') : refused(read.code, read.told)
}

export const ciphertexts: readonly Attack[] = [
  {
    ref: 'BW04',
    area: AREA,
    title: 'metadata read: names, providers and notes in what the server keeps',
    tried:
      'searches everything it was ever given for the names of team, people, vaults, items, and for a note',
    refusal: 'nothing.readable',
    weakened: {
      without: 'the sealing of items’ descriptions',
      edits: [
        {
          file: 'packages/client/src/items/item-blobs.ts',
          find: 'meta: seal(keys.meta, metaContext(place, epoch), encodeCanonical(withHash), META_AT_LEAST_BYTES),',
          replace:
            'meta: Uint8Array.from([...seal(keys.meta, metaContext(place, epoch), encodeCanonical(withHash), META_AT_LEAST_BYTES), ...encodeCanonical(withHash)]),',
        },
      ],
    },
    run: async (stage) => {
      const company = await Company.found(stage)
      const { server } = company
      await company.developer('Dana-Canary-Name')
      await company.item('canary-item-name', stage.canary('value'))
      const names = [
        'Company',
        'Dana-Canary-Name',
        'canary-item-name',
        'production',
        'development',
        'openai',
        'api_key',
        'Key 1',
      ]
      const kept = server.everything().map((bytes) => Buffer.from(bytes))
      const found = names.filter((name) => kept.some((bytes) => bytes.includes(name)))
      if (found.length > 0) return succeeded(`the server reads: ${found.join(', ')}`)
      const bytes = kept.reduce((sum, each) => sum + each.length, 0)
      return nobodyToTell(
        'nothing.readable',
        `${kept.length} entries of ${bytes} bytes: ids, public keys, role bits and padded sizes only`,
      )
    },
  },
  {
    ref: 'LP06',
    area: AREA,
    title: 'metadata changed: the server deletes a credential by itself',
    tried: 'writes item.delete in Ada’s name: it holds nothing sealed, so no key is needed for it',
    refusal: 'bad_entry',
    weakened: UNSIGNED,
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server, production } = company
      const eve = await stranger(company)
      const item = await company.item('openai', stage.canary('value'))
      const put = putOf(server.timeline, production, item)
      const stream = compartmentStream(production)
      const forged = forgeEntry(penOf(company, ada, eve.signKeys), server.timeline, {
        stream,
        type: 'item.delete',
        plain: { item, base: put.version, version: put.version + 1, epoch: put.epoch },
        body: null,
      })
      server.push(server.timeline, stream, forged)
      const refusal = await judgementOf(ada, forged)
      if (refusal !== null) return refusal
      if (findItem(ada.session, item)?.current.deleted !== true)
        throw new Error('it counts and nothing is deleted')
      return succeeded('the credential is gone from Ada’s list')
    },
  },
  {
    ref: 'BW05',
    area: AREA,
    title: 'ciphertexts swapped between items',
    tried:
      'signs, with a holder’s stolen signing key, a version of one item that carries the sealed blobs of another',
    refusal: 'item.damaged',
    weakened: itemContextsWithout('item, version'),
    run: async (stage) => {
      const company = await Company.found(stage)
      const abel = await company.approver()
      const harmless = await company.item('harmless', stage.canary('harmless value'))
      const precious = stage.canary('precious value')
      const other = await company.item('precious', precious)
      const { meta, value, itemKey } = putOf(company.server.timeline, company.production, other)
      const refusal = await writeVersion(company, abel, harmless, { meta, value, itemKey })
      if (refusal !== null) return refusal
      const read = await adaReads(company, harmless)
      if (typeof read !== 'string') return read
      if (read !== precious) throw new Error('neither refused nor swapped')
      return succeeded('Ada’s app shows one credential’s value as another’s')
    },
  },
  {
    ref: 'LP02',
    area: AREA,
    title: 'ciphertexts swapped between the parts of an item: the old value under the new description',
    tried:
      'signs, with a holder’s stolen signing key, a version made of version 2’s description and version 1’s value',
    refusal: 'item.damaged',
    weakened: {
      without: 'the version in the blobs’ contexts, and the value’s hash in its description',
      edits: [
        ...itemContextsWithout('version').edits,
        {
          file: 'packages/client/src/items/item-blobs.ts',
          find: 'if (!equalBytes(sha256(valueBlob), valueHash)) {',
          replace: 'if (!equalBytes(sha256(valueBlob), valueHash) && valueHash.length === 0) {',
        },
      ],
    },
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server, production } = company
      const abel = await company.approver()
      const old = stage.canary('the value before the rotation')
      const item = await company.item('openai', old)
      must(
        await updateItem(ada.session, {
          item,
          base: 1,
          value: { api_key: stage.canary('rotated value') },
          note: 'rotated',
        }),
      )
      const first = putOf(server.timeline, production, item, 1)
      const second = putOf(server.timeline, production, item, 2)
      const refusal = await writeVersion(company, abel, item, {
        meta: second.meta,
        value: first.value,
        itemKey: first.itemKey,
      })
      if (refusal !== null) return refusal
      const read = await adaReads(company, item)
      if (typeof read !== 'string') return read
      if (read !== old) throw new Error('neither refused nor rolled back')
      return succeeded('the rotated-away value is served under the new description')
    },
  },
  {
    ref: 'LP05',
    area: AREA,
    title: 'malleability: bits of a sealed name flipped',
    tried:
      'flips chosen bits in the ciphertext of a description and signs it with a holder’s stolen signing key',
    refusal: 'item.damaged',
    weakened: UNAUTHENTICATED,
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server, production, team } = company
      const abel = await company.approver()
      const item = await company.item('openai-a', stage.canary('value'))
      const put = putOf(server.timeline, production, item)
      // The layout of a description is public; where its name stands follows from it.
      const key = ada.session.ring.metaKey(production, put.epoch)
      if (key === null) throw new Error('Ada has no key of names')
      const plain = open(
        key,
        { type: 'item-meta', team, environment: production, item, version: 1, epoch: put.epoch },
        put.meta,
      )
      const lastLetter = Buffer.from(plain).indexOf('openai-a') + 'openai-a'.length - 1
      const meta = Uint8Array.from(put.meta)
      const at = 57 + 4 + lastLetter
      meta[at] = (meta[at] ?? 0) ^ ('a'.charCodeAt(0) ^ 'b'.charCodeAt(0))
      const refusal = await writeVersion(company, abel, item, { meta })
      if (refusal !== null) return refusal
      if (findItem(ada.session, item)?.meta.name === 'openai-b') return succeeded('the name reads openai-b')
      const read = await adaReads(company, item)
      if (typeof read === 'string') throw new Error('neither refused nor changed')
      return read
    },
  },
  {
    ref: 'DL03',
    area: AREA,
    title: 'downgrade of the sealed format: a blob that says it is of an older version',
    tried: 'lets a holder’s client write an item whose blobs begin with version 0 instead of 1',
    refusal: 'item.damaged',
    weakened: {
      without: 'the check of a blob’s version',
      edits: [
        {
          file: 'packages/crypto/src/aead.ts',
          find: ' || blob[0] !== VERSION) throw openFailed()',
          replace: ') throw openFailed()',
        },
      ],
    },
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server, production } = company
      const abel = await company.approver()
      const item = await company.item('openai', stage.canary('value'))
      const canary = stage.canary('value in the old format')
      const stream = compartmentStream(production)
      // Abel's own client seals it properly; on the way the first bytes are lowered and the entry is signed again.
      server.intercept = (message, link) => {
        if (message.type !== 'append' || message.parts[0]?.stream !== stream || link.device !== abel.device)
          return false
        const content = parseCompartmentContent(envelopeOf(message.parts[0].entries[0]))
        if (content?.type !== 'item.put') return false
        const lowered = (blob: Uint8Array) => Uint8Array.of(0, ...blob.subarray(1))
        const { meta, value, itemKey } = content.plain
        const plain = { ...content.plain, meta: lowered(meta), value, itemKey: lowered(itemKey) }
        server.push(
          server.timeline,
          stream,
          forgeEntry(penOf(company, abel), server.timeline, { stream, type: 'item.put', plain, body: null }),
        )
        return true
      }
      await until('Abel sees the item', () => findItem(abel.session, item) !== undefined)
      void updateItem(abel.session, { item, base: 1, value: { api_key: canary } })
      await until(
        'Ada has the lowered version',
        () => ada.alarm !== null || findItem(ada.session, item)?.current.version === 2,
      )
      const sounded = alarmed(ada)
      if (sounded !== null) return sounded
      const read = await adaReads(company, item)
      if (typeof read !== 'string') return read
      if (read !== canary) throw new Error('neither refused nor opened')
      return succeeded('Ada’s client opened blobs of another version')
    },
  },
]

import type { Secret } from '@countersign/crypto/secret'
import { activeDevice } from '@countersign/ledger/projection-lookup'
import type { ItemMeta, ItemValue } from '@countersign/schema/item'
import type { Release } from '@countersign/schema/ledger-entries'
import { type Author, type EntryDraft, holderKeys, itemDraft, ledgerDraft } from '../team/author.ts'
import { type ItemPlace, sealItemVersion, sealRelease } from './item-blobs.ts'

/** A live grant that covers an item: where a new version's key goes (P2). */
export interface LiveGrant {
  readonly request: string
  readonly device: string
}

/** Most releases one `grant.release` carries. */
const MAX_RELEASES = 1000

/** An item key sealed to the devices of grants; the devices' keys come from the verified ledger. Removed devices get nothing. */
export const releasesTo = (
  author: Author,
  place: ItemPlace,
  itemKey: Secret,
  grants: readonly LiveGrant[],
): Release[] =>
  grants.flatMap(({ request, device }) => {
    const keys = activeDevice(author.projection, device)
    return keys === undefined ? [] : [sealRelease(place, request, { device, kemKey: keys.kemKey }, itemKey)]
  })

export interface ItemChange {
  readonly environment: string
  readonly item: string
  /** Version replaced; 0 for a new item. */
  readonly base: number
  readonly meta: Omit<ItemMeta, 'valueHash'>
  readonly value: ItemValue
  /** Entry id, the same however often the change is tried (P19). */
  readonly id: string
}

/**
 * A new item version, and in the same batch its key for every live grant (P2). The releases stand first, so that the item entry
 * cites a ledger that has them.
 */
export const itemPutDrafts = (
  author: Author,
  change: ItemChange,
  grants: readonly LiveGrant[],
): EntryDraft[] => {
  const { environment, item, base, meta, value, id } = change
  const { epoch, meta: metaKey, value: valueKey } = holderKeys(author, environment)
  const place = { team: author.team, environment, item, version: base + 1 }
  const { put, itemKey } = sealItemVersion(place, epoch, { meta: metaKey, value: valueKey }, meta, value)
  const releases = releasesTo(author, place, itemKey, grants)
  itemKey.wipe()
  const drafts: EntryDraft[] = []
  for (let at = 0; at < releases.length; at += MAX_RELEASES) {
    const part = releases.slice(at, at + MAX_RELEASES)
    drafts.push(ledgerDraft(author, 'grant.release', { releases: part }, {}))
  }
  drafts.push(itemDraft(environment, { type: 'item.put', plain: put }, id))
  return drafts
}

export const itemDeleteDraft = (
  author: Author,
  change: Pick<ItemChange, 'environment' | 'item' | 'base' | 'id'>,
): EntryDraft => {
  const { environment, item, base, id } = change
  const { epoch } = holderKeys(author, environment)
  const plain = { item, base, version: base + 1, epoch }
  return itemDraft(environment, { type: 'item.delete', plain }, id)
}

import { open, seal } from '@countersign/crypto/aead'
import { CryptoError } from '@countersign/crypto/crypto-error'
import { equalBytes, sha256 } from '@countersign/crypto/hash'
import { openSealed, sealTo } from '@countersign/crypto/kem'
import type { KeyPair } from '@countersign/crypto/key-pair'
import { Secret } from '@countersign/crypto/secret'
import { CanonicalError, decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import {
  type ItemMeta,
  type ItemPut,
  type ItemValue,
  itemMetaSchema,
  itemValueSchema,
} from '@countersign/schema/item'
import type { Release } from '@countersign/schema/ledger-entries'
import { isItemMeta } from '@countersign/schema/shape'
import { z } from 'zod'
import { ClientError } from '../client-error.ts'

/** Where an item version lives; every context is rebuilt from this, never read from the entry's author. */
export interface ItemPlace {
  readonly team: string
  readonly environment: string
  readonly item: string
  readonly version: number
}

/**
 * Sizes below which all metas, and all values, look alike on the server (crypto SPEC C10): a key's length would tell its provider, a
 * description's its fields. Every provider of the catalogue fits, but for temporary AWS credentials with a long session token.
 */
const META_AT_LEAST_BYTES = 512
const VALUE_AT_LEAST_BYTES = 512

const metaContext = ({ team, environment, item, version }: ItemPlace, epoch: number) =>
  ({ type: 'item-meta', team, environment, item, version, epoch }) as const
const valueContext = ({ team, environment, item, version }: ItemPlace) =>
  ({ type: 'item-value', team, environment, item, version }) as const
const keyContext = ({ team, environment, item, version }: ItemPlace, epoch: number) =>
  ({ type: 'item-key', team, environment, item, version, epoch }) as const
const releaseContext = ({ team, environment, item, version }: ItemPlace, request: string, device: string) =>
  ({ type: 'release', team, environment, item, version, request, device }) as const

/** Seals a version: meta under the meta key, value under a fresh item key, that key under the value key (P2, P7). */
export const sealItemVersion = (
  place: ItemPlace,
  epoch: number,
  keys: { readonly meta: Secret; readonly value: Secret },
  meta: Omit<ItemMeta, 'valueHash'>,
  value: ItemValue,
): { put: ItemPut; itemKey: Secret } => {
  const itemKey = Secret.random()
  const plain = encodeCanonical(value)
  const valueBlob = seal(itemKey, valueContext(place), plain, VALUE_AT_LEAST_BYTES)
  plain.fill(0)
  const withHash: ItemMeta = { ...meta, valueHash: sha256(valueBlob) }
  return {
    itemKey,
    put: {
      item: place.item,
      version: place.version,
      base: place.version - 1,
      epoch,
      meta: seal(keys.meta, metaContext(place, epoch), encodeCanonical(withHash), META_AT_LEAST_BYTES),
      value: valueBlob,
      itemKey: seal(keys.value, keyContext(place, epoch), itemKey.expose()),
    },
  }
}

const placeOf = (team: string, environment: string, put: ItemPut): ItemPlace => ({
  team,
  environment,
  item: put.item,
  version: put.version,
})

/** The meta of a version; throws CryptoError, or ZodError where its author sealed nonsense. */
export const openItemMeta = (team: string, environment: string, put: ItemPut, metaKey: Secret): ItemMeta => {
  const plain = open(metaKey, metaContext(placeOf(team, environment, put), put.epoch), put.meta)
  const meta = decodeCanonical(plain)
  return isItemMeta(meta) ? meta : itemMetaSchema.parse(meta)
}

/** The meta of a version; undefined where it does not open: another key, or its author sealed nonsense. */
export const readItemMeta = (
  team: string,
  environment: string,
  put: ItemPut,
  metaKey: Secret,
): ItemMeta | undefined => {
  try {
    return openItemMeta(team, environment, put, metaKey)
  } catch (error) {
    const nonsense =
      error instanceof CryptoError || error instanceof CanonicalError || error instanceof z.ZodError
    if (nonsense) return undefined
    throw error
  }
}

/** The item key of a version, through the compartment's value key. */
export const openItemKey = (team: string, environment: string, put: ItemPut, valueKey: Secret): Secret =>
  Secret.take(open(valueKey, keyContext(placeOf(team, environment, put), put.epoch), put.itemKey))

/**
 * The value of a version. `valueHash` comes from the same version's meta, so two halves of different versions never pass
 * for one (P7).
 */
export const openItemValue = (
  place: ItemPlace,
  itemKey: Secret,
  valueBlob: Uint8Array,
  valueHash: Uint8Array,
): ItemValue => {
  if (!equalBytes(sha256(valueBlob), valueHash)) {
    throw new ClientError('item.mismatch', 'the value of this version does not belong to its description', {
      fix: 'Roll the item back to an earlier version and tell your admin who wrote this one.',
    })
  }
  const plain = open(itemKey, valueContext(place), valueBlob)
  const value = itemValueSchema.parse(decodeCanonical(plain))
  plain.fill(0)
  return value
}

/** An item key sealed to one device for one request (P2). The key of the device comes from the verified ledger. */
export const sealRelease = (
  place: ItemPlace,
  request: string,
  device: { readonly device: string; readonly kemKey: Uint8Array },
  itemKey: Secret,
): Release => ({
  request,
  item: place.item,
  version: place.version,
  device: device.device,
  blob: sealTo(device.kemKey, releaseContext(place, request, device.device), itemKey.expose()),
})

export const openRelease = (
  team: string,
  environment: string,
  release: Release,
  deviceKem: KeyPair,
): Secret =>
  Secret.take(
    openSealed(
      deviceKem,
      releaseContext(
        { team, environment, item: release.item, version: release.version },
        release.request,
        release.device,
      ),
      release.blob,
    ),
  )

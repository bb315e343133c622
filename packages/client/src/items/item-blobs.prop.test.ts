import { kemKeypair } from '@countersign/crypto/kem'
import { cryptoReady } from '@countersign/crypto/ready'
import { Secret } from '@countersign/crypto/secret'
import { newId } from '@countersign/schema/ids'
import { PROVIDERS } from '@countersign/schema/providers'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  openItemKey,
  openItemMeta,
  openItemValue,
  openRelease,
  readItemMeta,
  sealItemVersion,
  sealRelease,
} from './item-blobs.ts'

beforeAll(cryptoReady)

const place = { team: newId(), environment: newId(), item: newId(), version: 3 }
const keys = () => ({ meta: Secret.random(), value: Secret.random() })
const meta = { name: 'openai', provider: 'openai', fields: ['api_key'], note: '', models: [] }

describe('item versions', () => {
  it('P7 any value comes back through meta, key and value, and only from its own place', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 400 }), (text) => {
        const both = keys()
        const { put } = sealItemVersion(place, 2, both, meta, { api_key: text })
        const { team, environment } = place
        const opened = openItemMeta(team, environment, put, both.meta)
        const key = openItemKey(team, environment, put, both.value)
        expect(openItemValue(place, key, put.value, opened.valueHash)).toEqual({ api_key: text })
        expect(() => openItemMeta(team, newId(), put, both.meta)).toThrow()
        expect(() => openItemKey(team, environment, { ...put, epoch: 3 }, both.value)).toThrow()
        expect(() => openItemKey(team, environment, { ...put, version: 4 }, both.value)).toThrow()
        expect(() => openItemKey(team, environment, put, both.meta)).toThrow()
        expect(() => openItemValue({ ...place, item: newId() }, key, put.value, opened.valueHash)).toThrow()
      }),
      { numRuns: 60 },
    )
  })

  it('P18 what another key sealed, or nonsense under the right one, is not read, and is no failure', () => {
    const both = keys()
    const { team, environment } = place
    const { put } = sealItemVersion(place, 2, both, meta, { api_key: 'one' })
    expect(readItemMeta(team, environment, put, both.meta)).toMatchObject({ name: 'openai' })
    expect(readItemMeta(team, environment, put, keys().meta)).toBeUndefined()
    expect(readItemMeta(team, environment, { ...put, meta: put.meta.slice(1) }, both.meta)).toBeUndefined()
    const nonsense = sealItemVersion(place, 2, both, { ...meta, name: 'No Slug At All' }, { api_key: 'one' })
    expect(readItemMeta(team, environment, nonsense.put, both.meta)).toBeUndefined()
  })

  it('P7 the value of another version is no value of this one, even under a key that would open it', () => {
    const both = keys()
    const one = sealItemVersion(place, 2, both, meta, { api_key: 'one' })
    const two = sealItemVersion(place, 2, both, meta, { api_key: 'two' })
    const described = openItemMeta(place.team, place.environment, one.put, both.meta)
    expect(() => openItemValue(place, two.itemKey, two.put.value, described.valueHash)).toThrow(
      expect.objectContaining({ code: 'item.mismatch' }),
    )
  })

  it('C10 sealed, no credential of the catalogue tells its provider by its size', () => {
    // As long as providers make them today, in characters.
    const lengths: Readonly<Record<string, number>> = {
      openai: 164,
      anthropic: 108,
      'azure-openai': 84,
      'aws-bedrock': 40,
      'google-gemini': 39,
      mistral: 32,
      groq: 56,
      xai: 84,
      openrouter: 73,
      cohere: 40,
      deepseek: 35,
      'hugging-face': 37,
      custom: 300,
    }
    const sizes = PROVIDERS.map((provider) => {
      const fields = provider.fields.filter(({ name }) => name !== 'session_token')
      const value = Object.fromEntries(
        fields.map(({ name, secret, placeholder }) => [
          name,
          'x'.repeat(secret ? lengths[provider.id]! : Math.max(40, placeholder.length)),
        ]),
      )
      const described = {
        ...meta,
        name: `${provider.id}-production`,
        provider: provider.id,
        fields: Object.keys(value),
      }
      const { put } = sealItemVersion(place, 2, keys(), described, value)
      return [put.meta.length, put.value.length, put.itemKey.length].join(' ')
    })
    expect(sizes).toHaveLength(13)
    expect(new Set(sizes)).toEqual(new Set([sizes[0]]))
  })

  it('P2 a release opens for its device and its request only', () => {
    const device = { device: newId(), keys: kemKeypair(Secret.random()) }
    const other = kemKeypair(Secret.random())
    const key = Secret.random()
    const release = sealRelease(place, newId(), { device: device.device, kemKey: device.keys.publicKey }, key)
    const { team, environment } = place
    expect(openRelease(team, environment, release, device.keys).expose()).toEqual(key.expose())
    expect(() => openRelease(team, environment, release, other)).toThrow()
    expect(() => openRelease(team, environment, { ...release, request: newId() }, device.keys)).toThrow()
    expect(() => openRelease(team, environment, { ...release, version: 4 }, device.keys)).toThrow()
    expect(() => openRelease(team, newId(), release, device.keys)).toThrow()
  })
})

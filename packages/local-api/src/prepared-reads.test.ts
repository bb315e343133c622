import { newAppToken } from '@countersign/crypto/app-token'
import { newId } from '@countersign/schema/ids'
import { expect, test } from 'vitest'
import { type PreparedRead, PreparedReads } from './prepared-reads.ts'
import type { BindingSnapshot } from './source.ts'
import type { TokenEntry } from './token-book.ts'

const binding = newId()
const snapshot: BindingSnapshot = {
  id: binding,
  state: 'granted',
  application: 'checkout',
  code: '042137',
  terms: {
    vault: newId(),
    environment: newId(),
    items: [],
    models: [],
    mode: 'reveal',
    lease: { durationMs: 1000, uses: null, untilLock: false, untilProcessEnds: false },
  },
  narrowed: false,
  caller: {
    executable: null,
    executableHash: null,
    pid: null,
    parents: [],
    workingDirectory: null,
    container: null,
    user: 'ada',
    via: 'tcp',
  },
  decisions: [],
  missing: 0,
  maxUnrecordedMs: 0,
  expiresAt: 1,
}
const entry: TokenEntry = {
  record: {
    binding,
    claimHash: newAppToken().hash,
    tokenHash: newAppToken().hash,
    used: true,
    uses: 0,
    process: null,
    session: null,
    sender: null,
  },
  token: newAppToken().hash,
  writes: Promise.resolve(),
  useWritten: true,
}
const read: Omit<PreparedRead, 'body'> = {
  snapshot,
  subject: {
    item: {
      vaultName: 'acme',
      environmentName: 'production',
      name: 'openai',
      environment: newId(),
      item: newId(),
      provider: 'openai',
      fields: ['api_key'],
      version: 1,
      updatedAt: 1,
    },
    version: 1,
    field: null,
  },
  etag: 'W/"1"',
  ageMs: 0,
}
const body = new TextEncoder().encode('{"value":"sk-canary"}')
const AT = '/v1/credentials/acme/production/openai'

const kept = () => {
  const source = { now: 7, stamp: () => source.now }
  const reads = new PreparedReads(source)
  reads.keep(entry, AT, 7, read, body)
  return { source, reads, found: reads.find(entry, snapshot, AT) }
}

test('a prepared read is found for its token, address and terms only', () => {
  const { reads, found } = kept()
  expect(found?.body.expose()).toEqual(body)
  expect(found?.body.expose()).not.toBe(body)
  expect(reads.find({ ...entry }, snapshot, AT)).toBeUndefined()
  expect(reads.find(entry, { ...snapshot }, AT)).toBeUndefined()
  expect(reads.find(entry, snapshot, `${AT}?version=1`)).toBeUndefined()
  reads.close()
})

test('a prepared value is wiped when anything moves, without waiting for a read of it', async () => {
  const { source, reads, found } = kept()
  source.now = 8
  expect(reads.find({ ...entry }, snapshot, '/other')).toBeUndefined()
  expect(found?.body.wiped).toBe(true)
  expect(reads.size).toBe(0)

  const later = kept()
  later.source.now = 8
  const bytes = later.found?.body.expose()
  while (later.reads.size > 0) await new Promise((resolve) => setTimeout(resolve, 20))
  expect(bytes).toEqual(new Uint8Array(body.length))
})

test('nothing is kept of what was worked out before something moved, nor after the end', () => {
  const source = { now: 7, stamp: () => source.now }
  const reads = new PreparedReads(source)
  source.now = 8
  reads.keep(entry, AT, 7, read, body)
  expect(reads.size).toBe(0)
  reads.keep(entry, AT, 8, read, new Uint8Array(70_000))
  expect(reads.size).toBe(0)
  reads.keep(entry, AT, 8, read, body)
  const found = reads.find(entry, snapshot, AT)
  reads.close()
  expect(found?.body.wiped).toBe(true)
  reads.keep(entry, AT, 8, read, body)
  expect([reads.size, reads.find(entry, snapshot, AT)]).toEqual([0, undefined])
})

test('a read that is kept again wipes the one before, and counts once', () => {
  const { reads, found } = kept()
  reads.keep(entry, AT, 7, read, body)
  expect([found?.body.wiped, reads.size]).toEqual([true, 1])
  reads.close()
})

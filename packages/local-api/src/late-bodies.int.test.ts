import { bindingCreatedSchema, bindingPollSchema } from '@countersign/schema/local-api'
import { expect, onTestFinished, test } from 'vitest'
import { handOn } from './test/handed-on.ts'
import { holdBody } from './test/held-body.ts'
import { copyOfBash, startRelay } from './test/relay.ts'
import { ASK, serveVault } from './test/served-vault.ts'

const VALUE = 'sk-proj-canary-0001'
const REFERENCES = ['cs://acme/production/openai']

const fresh = async () => {
  const served = await serveVault()
  onTestFinished(() => served.close())
  return served
}

test('P22 a token that is voided while the body of a list comes in opens nothing', async () => {
  const served = await fresh()
  const { id, token, claim } = await served.granted()
  const late = await holdBody(served, token, REFERENCES)
  const next = JSON.parse((await served.call(`/v1/bindings/${id}`, { token: claim })).text).token
  const answer = await late.finish()
  expect(answer).toContain('"code":"token.unknown"')
  expect(answer).not.toContain(VALUE)
  expect((await served.call('/v1/credentials', { token: next })).status).toBe(200)
})

test('P2 what ends while the body of a list comes in has ended: a grant, a lease, a session', async () => {
  for (const [way, code] of [
    ['revoke', 'binding.revoked'],
    ['expire', 'lease.expired'],
    ['lock', 'locked'],
  ] as const) {
    const served = await fresh()
    const { id, token } = await served.granted()
    const late = await holdBody(served, token, REFERENCES)
    if (way === 'revoke') served.vault.decide(id, 'revoked')
    else if (way === 'expire') served.vault.decide(id, 'granted', { expiresAt: Date.now() - 1 })
    else served.api.lock()
    expect([way, await late.finish()]).toEqual([way, expect.stringContaining(`"code":"${code}"`)])
    expect(served.vault.records.some(({ action }) => action === 'credential.read')).toBe(false)
  }
})

test('T14 a program that becomes another between head and body of a list is refused', async () => {
  const served = await fresh()
  const { port } = served.api
  const approved = await copyOfBash(served.folder, 'approved')
  const relay = startRelay(approved, port)
  onTestFinished(() => relay.stop())
  const host = `Host: 127.0.0.1:${port}`
  const json = (text: string) => `Content-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n`
  const ask = JSON.stringify(ASK)
  const asked = await relay.send(`POST /v1/bindings HTTP/1.1\r\n${host}\r\n${json(ask)}${ask}`)
  const { id, claim } = bindingCreatedSchema.parse(JSON.parse(asked))
  served.vault.decide(id, 'granted')
  const polled = await relay.send(
    `GET /v1/bindings/${id} HTTP/1.1\r\n${host}\r\nAuthorization: Bearer ${claim}\r\n\r\n`,
  )
  const { token } = bindingPollSchema.parse(JSON.parse(polled))
  const said = await handOn(served, approved, token ?? '', REFERENCES)
  expect(said).toContain('"code":"caller.changed"')
  expect(said).not.toContain(VALUE)
  expect(served.vault.alerts).toContainEqual(expect.objectContaining({ code: 'caller.changed' }))
})

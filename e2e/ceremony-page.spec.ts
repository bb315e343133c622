import { lookup } from 'node:dns/promises'
import { randomBytes } from '@countersign/crypto/random'
import {
  cryptoReady,
  parseAttestedCredential,
  RP_ID,
  RP_ORIGIN,
  verifyAssertion,
} from '@countersign/crypto/verify'
import type { CeremonyCreate, CeremonyGet, FromCeremony } from '@countersign/desktop/shared/ceremony-wire'
import { decodeCanonical } from '@countersign/schema/canonical'
import { expect, test } from '@playwright/test'
import { type Browser, chromium, type Page } from 'playwright'
import { askForSecret, FOREIGN_PAGES, OWN_PAGES } from './hostile/phishing.ts'
import {
  ceremonyAnswer,
  openCeremony,
  runCeremonyIn,
  sendToCeremony,
  serveCeremonyPage,
} from './src/ceremony-page.ts'
import { VirtualKey, type VirtualKeyOptions } from './src/virtual-key.ts'

// The built ceremony page itself in a current Chromium, whose virtual keys can behave like real ones: PRF only at `get`.

let browser: Browser
let page: Page

test.beforeAll(async () => {
  await cryptoReady()
  browser = await chromium.launch({
    executablePath: process.env.COUNTERSIGN_CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  })
})
test.afterAll(() => browser.close())
test.beforeEach(async () => {
  const context = await browser.newContext()
  await serveCeremonyPage(context)
  page = await context.newPage()
})
test.afterEach(() => page.context().close())

const plugIn = async (options: VirtualKeyOptions): Promise<VirtualKey> =>
  VirtualKey.plugIn(await page.context().newCDPSession(page), options)

const createRequest = (more: Partial<CeremonyCreate> = {}): CeremonyCreate => ({
  type: 'create',
  rpId: RP_ID,
  rpName: 'Countersign',
  userId: randomBytes(16),
  userName: 'Ada',
  challenge: randomBytes(32),
  exclude: [],
  prfSalt: randomBytes(32),
  timeoutMs: 10_000,
  ...more,
})
const getRequest = (credentialId: Uint8Array, more: Partial<CeremonyGet> = {}): CeremonyGet => ({
  type: 'get',
  rpId: RP_ID,
  challenge: randomBytes(32),
  allow: [{ credentialId, prfSalt: randomBytes(32) }],
  timeoutMs: 10_000,
  ...more,
})
const created = (answer: FromCeremony) => {
  if (answer.type !== 'created') throw new Error(`expected a credential, got ${JSON.stringify(answer)}`)
  return answer
}
const got = (answer: FromCeremony) => {
  if (answer.type !== 'got') throw new Error(`expected an assertion, got ${JSON.stringify(answer)}`)
  return answer
}
const enrol = async () => {
  const answer = created(await runCeremonyIn(page, createRequest()))
  const attestation = decodeCanonical(answer.attestationObject)
  const authData =
    attestation instanceof Map || attestation === null
      ? undefined
      : Reflect.get(Object(attestation), 'authData')
  const credential = parseAttestedCredential(authData)
  if (credential === undefined) throw new Error('no attested credential')
  return { answer, credential }
}
const verdict = (answer: FromCeremony, publicKey: Uint8Array, challenge: Uint8Array) => {
  const { credentialId, authenticatorData, clientDataJSON, signature } = got(answer)
  const assertion = { credentialId, authenticatorData, clientDataJSON, signature }
  return verifyAssertion({ assertion, publicKey, challenge, rpId: RP_ID, origins: [RP_ORIGIN] })
}

test('P21 a key like a real one: enabled at create, its PRF output only at get, the same each time', async () => {
  await plugIn({ prf: 'hmac-secret' })
  const { answer, credential } = await enrol()
  expect(answer.prfEnabled).toBe(true)
  expect(answer.prf).toBeNull()
  expect(credential.credentialId).toEqual(answer.credentialId)

  const request = getRequest(answer.credentialId)
  const first = got(await runCeremonyIn(page, request))
  expect(first.prf).toHaveLength(32)
  expect(verdict(first, credential.publicKey, request.challenge)).toMatchObject({
    ok: true,
    userVerified: true,
  })
  expect(got(await runCeremonyIn(page, request)).prf).toEqual(first.prf)
  expect(got(await runCeremonyIn(page, getRequest(answer.credentialId))).prf).not.toEqual(first.prf)
})

test('P9 the PRF output is beside the assertion, in no other member of the answer', async () => {
  await plugIn({ prf: 'hmac-secret' })
  const { answer } = await enrol()
  const { prf, ...rest } = got(await runCeremonyIn(page, getRequest(answer.credentialId)))
  expect(prf).toHaveLength(32)
  expect(Object.keys(rest).sort()).toEqual([
    'authenticatorData',
    'clientDataJSON',
    'credentialId',
    'signature',
    'type',
  ])
  for (const bytes of [rest.authenticatorData, rest.clientDataJSON, rest.signature])
    expect(Buffer.from(bytes).includes(Buffer.from(prf ?? []))).toBe(false)
})

test('P9 an approval asks for no PRF and gets none', async () => {
  await plugIn({ prf: 'prf' })
  const { answer } = await enrol()
  const request = getRequest(answer.credentialId, {
    allow: [{ credentialId: answer.credentialId, prfSalt: null }],
  })
  expect(got(await runCeremonyIn(page, request)).prf).toBeNull()
})

test('P21 of two enrolled keys the one that is there answers, under its own salt', async () => {
  const one = await plugIn({ prf: 'hmac-secret' })
  const first = await enrol()
  await one.touch(false)
  await plugIn({ prf: 'hmac-secret' })
  const second = await enrol()
  const request = getRequest(first.answer.credentialId, {
    allow: [first, second].map(({ answer }) => ({
      credentialId: answer.credentialId,
      prfSalt: randomBytes(32),
    })),
  })
  const answer = got(await runCeremonyIn(page, request))
  expect(answer.credentialId).toEqual(second.answer.credentialId)
  expect(answer.prf).toHaveLength(32)
})

test('P21 a key that is enrolled already is refused', async () => {
  await plugIn({ prf: 'hmac-secret' })
  const { answer } = await enrol()
  expect(await runCeremonyIn(page, createRequest({ exclude: [answer.credentialId] }))).toMatchObject({
    type: 'failed',
    code: 'already_enrolled',
  })
})

test('P21 a key without PRF says so: not enabled, no output', async () => {
  await plugIn({ prf: 'none' })
  const { answer } = await enrol()
  expect(answer).toMatchObject({ prfEnabled: false, prf: null })
  expect(got(await runCeremonyIn(page, getRequest(answer.credentialId))).prf).toBeNull()
})

test('P21 a synced credential shows it in its flags', async () => {
  await plugIn({ prf: 'prf', backupEligible: true })
  expect((await enrol()).credential.flags.backupEligible).toBe(true)
})

test('P9 the wrong key is refused', async () => {
  await plugIn({ prf: 'prf' })
  expect(await runCeremonyIn(page, getRequest(randomBytes(32), { timeoutMs: 1_500 }))).toMatchObject({
    type: 'failed',
    code: expect.stringMatching(/^(not_allowed|timeout)$/),
  })
})

test('P9 a person the key does not recognise is refused, at create and at get', async () => {
  const key = await plugIn({ prf: 'prf' })
  const { answer } = await enrol()
  await key.verifyUser(false)
  for (const request of [createRequest(), getRequest(answer.credentialId)])
    expect(await runCeremonyIn(page, request)).toMatchObject({ type: 'failed', code: 'not_allowed' })
})

test('P9 nobody touches: the answer is a timeout', async () => {
  const key = await plugIn({ prf: 'prf' })
  const { answer } = await enrol()
  await key.touch(false)
  expect(await runCeremonyIn(page, getRequest(answer.credentialId, { timeoutMs: 1_500 }))).toMatchObject({
    type: 'failed',
    code: 'timeout',
  })
})

test('S-rp-phishing a real browser gives the secret of a key to no page of a foreign origin, whichever RP ID it claims', async () => {
  await plugIn({ prf: 'hmac-secret' })
  const { answer } = await enrol()
  const prfSalt = randomBytes(32)
  const request = getRequest(answer.credentialId, { allow: [{ credentialId: answer.credentialId, prfSalt }] })
  const secret = got(await runCeremonyIn(page, request)).prf
  const bait = { credentialId: answer.credentialId, prfSalt }
  for (const url of FOREIGN_PAGES) {
    const { protocol, hostname } = new URL(url)
    const withoutTls = protocol === 'http:' && hostname !== 'localhost'
    const claimed = await askForSecret(page, url, { ...bait, rpId: RP_ID })
    expect(claimed, url).toBe(withoutTls ? 'no security keys here' : 'SecurityError')
    // Under the page's own name no key knows the credential.
    const own = await askForSecret(page, url, { ...bait, rpId: hostname })
    expect(own, url).toBe(withoutTls ? 'no security keys here' : 'NotAllowedError')
  }
  // The control: the same page on the app's origin, or below it, is given the secret. So nobody may ever serve these names.
  for (const url of OWN_PAGES) {
    expect(await askForSecret(page, url, { ...bait, rpId: RP_ID }), url).toEqual(secret)
    await expect(lookup(new URL(url).hostname)).rejects.toThrow(/ENOTFOUND|EAI_AGAIN/)
  }
})

for (const how of ['the button', 'Escape', 'the core'] as const)
  test(`P9 cancelled by ${how}`, async () => {
    const key = await plugIn({ prf: 'prf' })
    const { answer } = await enrol()
    await key.touch(false)
    await openCeremony(page, 'Unlock Countersign')
    await expect(page.getByText('Unlock Countersign')).toBeVisible()
    await sendToCeremony(page, getRequest(answer.credentialId))
    const answered = ceremonyAnswer(page)
    if (how === 'the button') await page.getByRole('button', { name: 'Cancel' }).click()
    else if (how === 'Escape') await page.keyboard.press('Escape')
    else await sendToCeremony(page, { type: 'cancel' })
    expect(await answered).toMatchObject({ type: 'failed', code: 'cancelled' })
  })

for (const [bits, code] of [
  [{ isBogusSignature: true }, 'assertion.signature'],
  [{ isBadUV: true }, 'assertion.user_verified'],
  [{ isBadUP: true }, 'assertion.user_present'],
] as const)
  test(`P9 an answer that only looks successful is refused: ${code}`, async () => {
    const key = await plugIn({ prf: 'prf' })
    const { answer, credential } = await enrol()
    await key.misbehave(bits)
    const request = getRequest(answer.credentialId, {
      allow: [{ credentialId: answer.credentialId, prfSalt: null }],
    })
    const response = await runCeremonyIn(page, request)
    // Chromium may itself refuse it; what it lets through, the verifier does not.
    if (response.type === 'failed') expect(response.code).toBe('not_allowed')
    else expect(verdict(response, credential.publicKey, request.challenge)).toEqual({ ok: false, code })
  })

test('P9 one document runs one ceremony: a second request and a second port get no answer', async () => {
  await plugIn({ prf: 'prf' })
  const { answer } = await enrol()
  await openCeremony(page, 'Test')
  await sendToCeremony(page, getRequest(answer.credentialId))
  got(await ceremonyAnswer(page))
  await sendToCeremony(page, getRequest(answer.credentialId))
  const second = await Promise.race([
    ceremonyAnswer(page),
    new Promise<null>((resolve) => setTimeout(() => resolve(null), 1_000)),
  ])
  expect(second).toBeNull()
})

test('P9 the page itself is calm and can be read by everybody: named button, heading, no colour alone', async () => {
  await openCeremony(page, 'Unlock Countersign')
  await expect(page.getByRole('heading', { name: 'Touch your security key' })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Cancel' })).toBeEnabled()
})

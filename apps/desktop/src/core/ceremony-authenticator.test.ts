import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { randomBytes } from '@countersign/crypto/random'
import { cryptoReady } from '@countersign/crypto/ready'
import { RP_ID, RP_ORIGIN } from '@countersign/crypto/rp'
import { SoftwareAuthenticator } from '@countersign/crypto/software-authenticator'
import { beforeAll, describe, expect, it } from 'vitest'
import type { FromCeremony, ToCeremony } from '../shared/ceremony-wire.ts'
import type { CoreEvent } from '../shared/contract.ts'
import { CeremonyAuthenticator, type CeremonyHost } from './ceremony-authenticator.ts'
import type { CeremonyPort } from './core-channel.ts'

/** Node's port with Electron's shape of events. */
const portOf = (port: MessagePort): CeremonyPort => ({
  postMessage: (message) => port.postMessage(message),
  on: (event: 'message' | 'close', listener: (event: { data: unknown }) => void) =>
    event === 'message'
      ? port.on('message', (data) => listener({ data }))
      : port.on('close', () => listener({ data: null })),
  start: () => undefined,
  close: () => port.close(),
})

/** A window whose page answers with `page`; what happened to it is in `log`. */
const windowWith = (page: (request: ToCeremony, answer: (message: unknown) => void) => void) => {
  const log: string[] = []
  const events: CoreEvent[] = []
  const closers: (() => void)[] = []
  const host: CeremonyHost = {
    event: (event) => events.push(event),
    openCeremony: async (purpose) => {
      log.push(`open ${purpose}`)
      const { port1, port2 } = new MessageChannel()
      port2.on('message', (request: ToCeremony) => {
        log.push(request.type)
        page(request, (message) => port2.postMessage(message))
      })
      return {
        port: portOf(port1),
        onClosed: (listener) => closers.push(listener),
        done: () => {
          log.push('done')
          port1.close()
        },
      }
    },
  }
  return { host, log, events, closeWindow: () => closers.forEach((close) => void close()) }
}

const key = new SoftwareAuthenticator({ prfAtCreate: false })
/** What the real page would send, from a genuine software key. */
const realPage = (request: ToCeremony, answer: (message: FromCeremony) => void): void => {
  if (request.type === 'create') {
    const created = key.create({ ...request, origin: RP_ORIGIN, excludeCredentials: request.exclude })
    if ('code' in created) return
    const { credentialId, attestationObject, clientDataJSON, prfEnabled } = created
    answer({
      type: 'created',
      credentialId,
      attestationObject,
      clientDataJSON,
      transports: ['usb'],
      prfEnabled,
      prf: created.prfOutput?.copy().expose() ?? null,
    })
  } else if (request.type === 'get') {
    const got = key.get({
      rpId: RP_ID,
      origin: RP_ORIGIN,
      challenge: request.challenge,
      allowCredentials: request.allow.map(({ credentialId }) => credentialId),
      prfSalts: request.allow.flatMap(({ credentialId, prfSalt }) =>
        prfSalt === null ? [] : [{ credentialId, salt: prfSalt }],
      ),
    })
    if ('code' in got) answer({ type: 'failed', code: 'not_allowed', detail: 'NotAllowedError' })
    else answer({ type: 'got', ...got.assertion, prf: got.prfOutput?.copy().expose() ?? null })
  }
}

const CREATE = {
  purpose: 'Add a key',
  challenge: randomBytes(32),
  userName: 'Ada',
  prfSalt: randomBytes(32),
  exclude: [],
}
const get = (credentialId: Uint8Array, prfSalt: Uint8Array | null = randomBytes(32)) => ({
  purpose: 'Unlock',
  challenge: randomBytes(32),
  allow: [{ credentialId, prfSalt }],
})

beforeAll(cryptoReady)

describe('ceremony authenticator', () => {
  it('P21 enrols a key and gets its PRF output beside the assertion', async () => {
    const { host, log, events } = windowWith(realPage)
    const authenticator = new CeremonyAuthenticator(host)
    const created = await authenticator.create(CREATE)
    if (!created.ok) throw new Error(created.code)
    const got = await authenticator.get(get(created.credentialId))
    if (!got.ok) throw new Error(got.code)
    expect(got.prf?.length).toBe(32)
    expect(Object.keys(got.assertion).sort()).toEqual([
      'authenticatorData',
      'clientDataJSON',
      'credentialId',
      'signature',
    ])
    expect(log).toEqual(['open Add a key', 'create', 'done', 'open Unlock', 'get', 'done'])
    expect(events.map((event) => event.type === 'ceremony' && event.state)).toEqual([
      'waiting',
      'done',
      'waiting',
      'done',
    ])
  })

  it.each([
    ['cancelled', 'get', 'authenticator.cancelled'],
    ['timeout', 'get', 'authenticator.timeout'],
    ['not_allowed', 'get', 'authenticator.no_credential'],
    ['not_allowed', 'create', 'authenticator.user_not_verified'],
    ['already_enrolled', 'create', 'authenticator.already_enrolled'],
    ['not_supported', 'create', 'authenticator.not_supported'],
    ['failed', 'get', 'authenticator.failed'],
  ] as const)('P9 %s at %s is %s', async (code, asked, expected) => {
    const { host } = windowWith((_request, answer) => answer({ type: 'failed', code, detail: 'x' }))
    const authenticator = new CeremonyAuthenticator(host)
    const result = await (asked === 'create'
      ? authenticator.create(CREATE)
      : authenticator.get(get(randomBytes(16))))
    expect(result).toEqual({ ok: false, code: expected })
  })

  it.each([
    ['nothing', null],
    ['an answer with more in it', { type: 'failed', code: 'cancelled', detail: '', prf: randomBytes(32) }],
    ['a PRF output of the wrong length', { type: 'got', prf: randomBytes(31) }],
    ['text', 'got'],
  ])('P9 refuses %s from the page', async (_what, message) => {
    const { host } = windowWith((_request, answer) => answer(message))
    expect(await new CeremonyAuthenticator(host).get(get(randomBytes(16)))).toEqual({
      ok: false,
      code: 'authenticator.failed',
    })
  })

  it('P9 a closed window is a cancelled ceremony', async () => {
    const { host, log, closeWindow } = windowWith(() => closeWindow())
    expect(await new CeremonyAuthenticator(host).create(CREATE)).toMatchObject({
      code: 'authenticator.cancelled',
    })
    expect(log.at(-1)).toBe('done')
  })

  it('P9 no window, no ceremony', async () => {
    const host: CeremonyHost = { event: () => undefined, openCeremony: async () => null }
    expect(await new CeremonyAuthenticator(host).create(CREATE)).toMatchObject({
      code: 'authenticator.cancelled',
    })
  })

  it('P9 cancel ends it and tells the page; a second one meanwhile is refused', async () => {
    let asked = (): void => undefined
    const waiting = new Promise<void>((resolve) => {
      asked = resolve
    })
    const { host, log } = windowWith(() => asked())
    const authenticator = new CeremonyAuthenticator(host)
    const first = authenticator.get(get(randomBytes(16)))
    await waiting
    expect(await authenticator.get(get(randomBytes(16)))).toMatchObject({ code: 'authenticator.cancelled' })
    authenticator.cancel()
    expect(await first).toMatchObject({ code: 'authenticator.cancelled' })
    expect(log.filter((line) => line.startsWith('open'))).toHaveLength(1)
  })

  it('P9 asked for no PRF, a page that sends one anyway gives none away', async () => {
    const { host } = windowWith((request, answer) =>
      realPage(request, (message) =>
        answer(message.type === 'got' ? { ...message, prf: randomBytes(32) } : message),
      ),
    )
    const authenticator = new CeremonyAuthenticator(host)
    const created = await authenticator.create(CREATE)
    if (!created.ok) throw new Error(created.code)
    const got = await authenticator.get(get(created.credentialId, null))
    expect(got).toMatchObject({ ok: true, prf: null })
  })
})

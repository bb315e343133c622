import { describe, expect, it } from 'vitest'
import { APP_ORIGIN, APP_PAGE, CEREMONY_PAGE, SIGNING_PAGE } from './origins.ts'
import { checkSender, type KnownWindow } from './sender.ts'

const APP: KnownWindow = { kind: 'app', page: APP_PAGE }
const windows = new Map<number, KnownWindow>([[1, APP]])
const from = (url: string, contentsId = 1, origin = new URL(url).origin) =>
  checkSender(windows, { contentsId, mainFrame: { url, origin } })

describe('senders of IPC messages', () => {
  it('S1 the main frame of a known window on its own page is heard', () => {
    expect(from(APP_PAGE)).toEqual({ ok: true, window: APP })
    expect(from(`${APP_PAGE}#/members`)).toEqual({ ok: true, window: APP })
  })
  it('S1 contents that main did not make are refused', () => {
    expect(from(APP_PAGE, 2)).toEqual({ ok: false, code: 'sender.unknown' })
  })
  it('S1 a frame that is not the main frame is refused', () => {
    expect(checkSender(windows, { contentsId: 1, mainFrame: null })).toEqual({
      ok: false,
      code: 'sender.frame',
    })
  })
  it.each([
    ['another page of the same origin', `${APP_ORIGIN}/renderer/other.html`],
    ["the signing window's page in the app window", SIGNING_PAGE],
    ['the ceremony page', CEREMONY_PAGE],
    ['http', APP_PAGE.replace('https:', 'http:')],
    ['a name that only starts like it', APP_PAGE.replace('.invalid', '.invalid.example')],
    ['a user name in front', APP_PAGE.replace('app.', 'app.countersign.invalid@')],
    ['another port', APP_PAGE.replace('.invalid', '.invalid:8443')],
  ])('S1 %s is refused', (_what, url) => {
    expect(from(url)).toEqual({ ok: false, code: 'sender.page' })
  })
  it('S1 an opaque origin on the right address (a sandboxed document) is refused', () => {
    expect(from(APP_PAGE, 1, 'null')).toEqual({ ok: false, code: 'sender.page' })
  })
})

import { expect, test } from '@playwright/test'
import {
  callFromStrangeWindow,
  callUnderAnotherAddress,
  openConsoles,
  startAgain,
  strangeCalls,
} from './hostile/calling.ts'
import { APP_PAGE, shellStand } from './src/shell-stand.ts'

// The hardening of the desktop's main process, each guard from the side that is refused: what it takes from windows and sessions.

const stand = shellStand()

test('H8 calls: unknown names, malformed requests and calls of another window are refused', async () => {
  expect(await strangeCalls(stand())).toEqual({
    unknown: 'call.unknown',
    inherited: 'call.unknown',
    proto: 'call.unknown',
    notText: 'call.unknown',
    missing: 'call.malformed',
    wrongType: 'call.malformed',
    extra: 'call.malformed',
    nothing: 'call.malformed',
    tooLong: 'call.malformed',
    signing: 'call.wrong_window',
    approve: 'call.wrong_window',
  })
})

test('H8 the app window is told nothing of a signing window’s first half second', async () => {
  const { inPage } = stand()
  expect(await inPage('window.countersign.settled().then(() => "told", (error) => String(error))')).toContain(
    'sender.page',
  )
})

test('H8 senders: a window main did not make, and a known window on another page, are refused', async () => {
  const outcomes = await callFromStrangeWindow(stand())
  expect(outcomes).toHaveLength(6)
  for (const outcome of outcomes) expect(outcome).toContain('sender.unknown')
})

test('H8 senders: the app window under another address is not the app window any more', async () => {
  expect(await callUnderAnotherAddress(stand())).toContain('sender.page')
})

test('H9 only the catalogue’s addresses are opened in a browser', async () => {
  const opened = await openConsoles(stand())
  expect(opened).toHaveLength(1)
  expect(opened[0]).toMatch(/^https:\/\/platform\.openai\.com\//)
})

test('H10 a second instance of a profile ends at once, and reads nothing it was started with', async () => {
  expect(await startAgain(stand())).toBe('ended')
  expect(await stand().inPage('typeof window.countersign.call')).toBe('function')
})

test('H11 the pages carry their policy and nothing a page could be framed or read by', async () => {
  const { app } = stand()
  const headers = await app.electron.evaluate(async ({ session }, page) => {
    const response = await session.fromPartition('countersign-app').fetch(page)
    return Object.fromEntries(response.headers)
  }, APP_PAGE)
  expect(headers).toMatchObject({
    'content-security-policy': expect.stringContaining("default-src 'none'"),
    'cross-origin-opener-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  })
})

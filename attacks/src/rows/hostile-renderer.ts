import { APP_ORIGIN, APP_PAGE, SIGNING_PAGE } from '@countersign/desktop/main/origins'
import { checkSender, type KnownWindow } from '@countersign/desktop/main/sender'
import { SigningGuard, TOO_SOON } from '@countersign/desktop/main/signing-guard'
import { toHex } from '@countersign/schema/hex'
import { type Attack, type Finding, nobodyToTell, refused, succeeded } from '../attack.ts'
import { APP_WINDOW, type CallingWindow, DesktopCore } from '../cast/desktop-core.ts'
import type { Stage } from '../stage.ts'

const AREA = 'hostile renderer'

/** A page has one request's signing window (or none) and wants a touch on another; the keys touch as soon as they are asked. */
const touchWithout = async (stage: Stage, from: (other: string) => CallingWindow): Promise<Finding> => {
  const core = await DesktopCore.start(stage, stage.canary('value'))
  const [shown, wanted] = [await core.ask('harmless'), await core.ask('attacker')]
  const record = core.session.ledger.requests.get(wanted)
  if (record === undefined || record.body.kind !== 'binding') throw new Error('there is no request')
  const answer = await core.call(from(shown), 'signing.approve', {
    request: wanted,
    requestHash: toHex(record.requestHash),
    terms: record.body.terms,
  })
  const approvals = core.session.ledger.requests.get(wanted)?.approvals.length ?? 0
  if (approvals > 0) return succeeded('a touch on a request nobody was shown')
  if (answer.ok) throw new Error('the call was answered and nothing came of it')
  return refused(answer.error.code, answer.error.message)
}

const SIGNED = {
  file: 'apps/desktop/src/core/handlers/requests.ts',
  find: 'call.signing === request\n',
  replace: "call.signing === request || request !== ''\n",
}

export const hostileRenderer: readonly Attack[] = [
  {
    ref: 'R-wrong-window',
    area: AREA,
    title: 'the app’s window calls what only a signing window may',
    tried:
      'The app’s page, taken over, approves a waiting request itself, without the window that shows what is signed.',
    refusal: 'call.wrong_window',
    weakened: {
      without: 'the look at which window calls, and at which request it was opened for',
      edits: [
        {
          file: 'apps/desktop/src/core/dispatch.ts',
          find: 'if (contract[name].from !== window) {',
          replace: "if (contract[name].from !== window && name === 'status.get') {",
        },
        SIGNED,
      ],
    },
    run: (stage) => touchWithout(stage, () => APP_WINDOW),
  },
  {
    ref: 'R-other-request',
    area: AREA,
    title: 'a signing window signs another request',
    tried: 'The page of one request’s signing window, taken over, approves another request that waits.',
    refusal: 'signing.other_request',
    weakened: { without: 'the tie of a signing window to its request', edits: [SIGNED] },
    run: (stage) => touchWithout(stage, (shown) => ({ window: 'signing', signing: shown })),
  },
  {
    ref: 'R-malformed',
    area: AREA,
    title: 'malformed calls',
    tried:
      'The app’s page calls with members too many, of wrong types, with __proto__ and with five megabytes.',
    refusal: 'call.malformed',
    weakened: {
      without: 'the schemas of requests',
      edits: [
        {
          file: 'apps/desktop/src/core/dispatch.ts',
          find: 'const parsed = contract[name].request.safeParse(request)',
          replace: 'const parsed = { success: true, data: request }',
        },
      ],
    },
    run: async (stage) => {
      const core = await DesktopCore.start(stage, stage.canary('value'))
      const { item } = core
      const requests = [
        ['item.get', { item: 7 }],
        ['item.reveal', { item, field: 'api_key', window: 'all' }],
        ['item.reveal', JSON.parse(`{"item":"${item}","field":"api_key","__proto__":{"audited":true}}`)],
        ['invite.read', { link: 'x'.repeat(5_000_000) }],
        ['status.get', { all: true }],
        ['status.get', null],
      ] as const
      const codes: string[] = []
      let said = ''
      for (const [name, request] of requests) {
        const answer = await core.call(APP_WINDOW, name, request)
        if (answer.ok) return succeeded(`${name} is answered`)
        codes.push(answer.error.code)
        said = `${answer.error.message} ${answer.error.fix}`
      }
      const other = codes.find((code) => code !== 'call.malformed')
      if (other !== undefined) throw new Error(`refused by ${other}`)
      return refused('call.malformed', said)
    },
  },
  {
    ref: 'R-sender',
    area: AREA,
    silent: true,
    title: 'another page in a known window',
    tried:
      'Messages from the app’s window while it shows another page, another origin, or a sandboxed document of the same address.',
    refusal: 'sender.page',
    weakened: {
      without: 'the comparison of the sender’s page with the one main gave the window',
      edits: [
        {
          file: 'apps/desktop/src/main/sender.ts',
          find: "return { ok: false, code: 'sender.page' }",
          replace: 'return { ok: true, window }',
        },
      ],
    },
    run: async () => {
      const known = new Map<number, KnownWindow>([[1, { kind: 'app', page: APP_PAGE }]])
      const frames = [
        { url: SIGNING_PAGE, origin: APP_ORIGIN },
        { url: APP_PAGE.replace('.invalid', '.invalid.example'), origin: `${APP_ORIGIN}.example` },
        { url: APP_PAGE, origin: 'null' },
      ]
      const codes = frames.map((mainFrame) => {
        const check = checkSender(known, { contentsId: 1, mainFrame })
        return check.ok ? 'heard' : check.code
      })
      if (codes.includes('heard')) return succeeded('main listens to a page that is not its own')
      return nobodyToTell(codes[0] ?? '', 'main answers no such page')
    },
  },
  {
    ref: 'R-too-soon',
    area: AREA,
    silent: true,
    title: 'a click meant for what was there before',
    tried:
      'The signing window is made to appear under a click that is already on its way, a tenth of a second before.',
    refusal: 'signing.too_soon',
    weakened: {
      without: 'the half second in which nothing counts',
      edits: [
        {
          file: 'apps/desktop/src/main/signing-guard.ts',
          find: 'export const SIGNING_GUARD_MS = 500',
          replace: 'export const SIGNING_GUARD_MS = 0',
        },
      ],
    },
    run: async () => {
      const guard = new SigningGuard()
      guard.shown(1000)
      return guard.counts(1100)
        ? succeeded('a touch is asked for by a click on something else')
        : refused(TOO_SOON.code, `${TOO_SOON.message} ${TOO_SOON.fix}`)
    },
  },
]

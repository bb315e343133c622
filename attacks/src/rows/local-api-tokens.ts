import { createServer } from 'node:net'
import { newAppToken } from '@countersign/crypto/app-token'
import { type Attack, refused, succeeded } from '../attack.ts'
import { CREDENTIAL, hostOf, judge, leakedToken, refusedBy, serve, VALUE } from '../cast/local-api.ts'

const AREA = 'local API'

export const localApiTokens: readonly Attack[] = [
  {
    ref: 'L-token-in-url',
    area: AREA,
    title: 'a token in an address',
    tried:
      'A program puts its token into an address, where logs and histories keep it for whoever reads them.',
    refusal: 'token.in_url',
    weakened: {
      without: 'the look for tokens in addresses',
      edits: [
        {
          file: 'packages/local-api/src/read-target.ts',
          find: 'if (TOKEN_IN_URL.test(url)) return',
          replace: "if (url === '' && TOKEN_IN_URL.test(url)) return",
        },
      ],
    },
    run: async (stage) => {
      const served = await serve(stage)
      const token = await leakedToken(served)
      stage.plant('a token', new TextEncoder().encode(token))
      const answers: string[] = []
      for (const path of [
        `${CREDENTIAL}?token=${token}`,
        `${CREDENTIAL}?access_token=${token}`,
        `/${token}${CREDENTIAL}`,
      ])
        answers.push((await served.call(path)).text)
      for (const answer of answers) stage.wire.said(new TextEncoder().encode(answer))
      if (answers.some((answer) => answer.includes(VALUE))) return succeeded('the value')
      const alert = served.vault.alerts.find(({ code }) => code === 'token.in_url')
      if (alert === undefined) return succeeded('a token that lies in logs, still good, and nobody is told')
      return refused(alert.code, alert.message)
    },
  },
  {
    ref: 'L-brute-force',
    area: AREA,
    title: 'guessing on loopback',
    tried: 'Sixty wrong tokens of the right form, one after another, over connections of their own.',
    refusal: 'token.too_many_bad',
    weakened: {
      without: 'the limit of wrong tokens',
      edits: [
        {
          file: 'packages/local-api/src/bad-token-limit.ts',
          find: 'if (this.#tokens < 1) return',
          replace: 'if (this.#tokens < -1e9) return',
        },
      ],
    },
    run: async (stage) => {
      const served = await serve(stage)
      const token = await leakedToken(served)
      const answers: string[] = []
      for (let i = 0; i < 60; i++)
        answers.push((await served.call(CREDENTIAL, { token: newAppToken().token })).text)
      for (const answer of answers) stage.wire.said(new TextEncoder().encode(answer))
      const own = await served.call(CREDENTIAL, { token })
      if (own.status !== 200) return succeeded('the working program is locked out')
      const slowed = answers.filter((answer) => answer.includes('token.too_many_bad'))
      return slowed.length === 0
        ? succeeded('sixty guesses answered, none slowed down')
        : refusedBy('token.too_many_bad')
    },
  },
  {
    ref: 'L-claim-replay',
    area: AREA,
    title: 'a claim replayed',
    tried:
      'Whoever found the claim of a binding shows it again after its token was first used, to get a token of their own.',
    refusal: 'claim.used',
    weakened: {
      without: 'the end of a claim with the first use of its token',
      edits: [
        {
          file: 'packages/local-api/src/token-book.ts',
          find: 'if (entry.record.used) return\n',
          replace: '',
        },
      ],
    },
    run: async (stage) => {
      const served = await serve(stage)
      const { id, claim, token } = await served.granted({ tokenFor: 'any-program' })
      await served.call(CREDENTIAL, { token })
      const again = (await served.call(`/v1/bindings/${id}`, { token: claim })).text
      stage.wire.said(new TextEncoder().encode(again))
      const stolen = /cs_app_[0-9A-Za-z]+/.exec(again)?.[0]
      if (stolen !== undefined) {
        const read = await served.call(CREDENTIAL, { token: stolen })
        if (read.text.includes(VALUE)) return succeeded('a token of their own, and the value')
      }
      const alert = served.vault.alerts.find(({ code }) => code === 'claim.used')
      if (alert === undefined) throw new Error(`neither a token nor an alert: ${again}`)
      return refused(alert.code, alert.message)
    },
  },
  {
    ref: 'L-ssrf',
    area: AREA,
    title: 'the API made to fetch for a page or a program',
    tried:
      'There is no broker that would call providers yet; the nearest there is: targets that name another server, CONNECT, and a read with a binding that may only go through a broker.',
    refusal: 'mode.broker_only',
    weakened: {
      without: 'the difference between reading a value and having it used by a broker',
      edits: [
        {
          file: 'packages/local-api/src/read-credential.ts',
          find: "if (terms.mode === 'broker') return",
          replace: "if (terms.mode === 'broker' && terms.items.length === 0) return",
        },
      ],
    },
    run: async (stage) => {
      const served = await serve(stage)
      const heard: string[] = []
      const listener = createServer((socket) => {
        heard.push('connected')
        socket.destroy()
      })
      await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
      stage.later(() => new Promise((resolve) => listener.close(resolve)))
      const address = listener.address()
      if (address === null || typeof address === 'string') throw new Error('no port')
      const other = `127.0.0.1:${address.port}`
      const { token } = await served.granted({ tokenFor: 'any-program', mode: 'broker' })
      for (const line of [
        `GET http://${other}/ HTTP/1.1`,
        `CONNECT ${other} HTTP/1.1`,
        `GET /v1/credentials/http://${other}/ HTTP/1.1`,
      ])
        stage.wire.said(
          new TextEncoder().encode(
            await served.raw(`${line}\r\n${hostOf(served)}\r\nAuthorization: Bearer ${token}\r\n\r\n`),
          ),
        )
      if (heard.length > 0) return succeeded('a connection made by the core')
      return judge(stage, [(await served.call(CREDENTIAL, { token })).text])
    },
  },
]

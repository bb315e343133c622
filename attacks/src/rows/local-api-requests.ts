import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { type Attack, nobodyToTell, succeeded } from '../attack.ts'
import { CREDENTIAL, get, hostOf, judge, leakedToken, serve, VALUE } from '../cast/local-api.ts'
import { NO_HOST_CHECK, NO_PAGE_CHECK } from './local-api-pages.ts'

const AREA = 'local API'
/** Longer than the API waits for headers (5 s) and a look at its connections (1 s) on a busy machine. */
const HELD_MS = 15_000

/** What is said on a TCP connection to `host`, or the code of why there is none. */
const reach = (host: string, port: number, text: string): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect({ host, port })
    let got = ''
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      got += chunk
      if (got.includes('}')) socket.destroy()
    })
    socket.on('error', (error) => resolve('code' in error ? String(error.code) : 'unknown'))
    socket.on('close', () => resolve(got))
    socket.on('connect', () => socket.write(text))
  })

export const localApiRequests: readonly Attack[] = [
  {
    ref: 'L-host',
    area: AREA,
    title: 'a wrong Host',
    tried:
      'Requests with a good token and every spelling of a Host that is not one of the three names of this listener, 0.0.0.0 among them (as MCP Inspector CVE-2025-49596).',
    refusal: 'host.refused',
    weakened: NO_HOST_CHECK,
    run: async (stage) => {
      const served = await serve(stage)
      const token = await leakedToken(served)
      const { port } = served.api
      const answers: string[] = []
      for (const host of [
        'attacker.example',
        `attacker.example:${port}`,
        `0.0.0.0:${port}`,
        `127.1:${port}`,
        '127.0.0.1',
        `127.0.0.1.:${port}`,
        `LOCALHOST:${port}`,
        `user@127.0.0.1:${port}`,
      ])
        answers.push((await served.call(CREDENTIAL, { token, headers: { Host: host } })).text)
      answers.push(await served.raw(get(CREDENTIAL, [`Authorization: Bearer ${token}`])))
      return judge(stage, answers)
    },
  },
  {
    ref: 'L-page-headers',
    area: AREA,
    title: 'headers that only a page’s requests have',
    tried:
      'Requests with a good token and one header of a page each: any Origin (null, empty, the API’s own), Sec-Fetch-Site, -Dest, -User.',
    refusal: 'browser.refused',
    weakened: NO_PAGE_CHECK,
    run: async (stage) => {
      const served = await serve(stage)
      const token = await leakedToken(served)
      const answers: string[] = []
      for (const [name, value] of [
        ['Origin', 'null'],
        ['Origin', ''],
        ['oRiGiN', served.api.url],
        ['Sec-Fetch-Site', 'same-origin'],
        ['Sec-Fetch-Site', 'none'],
        ['Sec-Fetch-Dest', 'empty'],
        ['Sec-Fetch-User', '?1'],
      ])
        answers.push((await served.call(CREDENTIAL, { token, headers: { [name ?? '']: value ?? '' } })).text)
      return judge(stage, answers)
    },
  },
  {
    ref: 'L-other-interface',
    area: AREA,
    title: 'another machine on the same network',
    tried:
      'Calls with a good token to every other address of this machine, as a neighbour on the network would (as the MCP servers that listened on 0.0.0.0).',
    refusal: 'ECONNREFUSED',
    weakened: {
      without: 'the bind to 127.0.0.1 alone, and the look at where a connection comes from',
      edits: [
        {
          file: 'packages/local-api/src/listen.ts',
          find: "await listen(v4, { host: '127.0.0.1', port })",
          replace: "await listen(v4, { host: '0.0.0.0', port })",
        },
        {
          file: 'packages/local-api/src/defence.ts',
          find: "address === '::1' || ",
          replace: "address !== '' || ",
        },
      ],
    },
    run: async (stage) => {
      const served = await serve(stage)
      const token = await leakedToken(served)
      const others = Object.values(networkInterfaces())
        .flatMap((each) => each ?? [])
        .filter(({ internal, scopeid }) => !internal && !scopeid)
        .map(({ address }) => address)
      const codes: string[] = []
      for (const address of ['127.0.0.2', ...others]) {
        const said = await reach(
          address,
          served.api.port,
          get(CREDENTIAL, [hostOf(served), `Authorization: Bearer ${token}`]),
        )
        stage.wire.said(new TextEncoder().encode(said))
        if (said.includes(VALUE)) return succeeded(`the value, through ${address}`)
        codes.push(said)
      }
      const other = codes.find((code) => code !== 'ECONNREFUSED')
      if (other !== undefined) throw new Error(`an address answers: ${other}`)
      return nobodyToTell('ECONNREFUSED', `nothing listens on ${codes.length} other addresses`)
    },
  },
  {
    ref: 'L-smuggling',
    area: AREA,
    title: 'a request smuggled inside another',
    tried:
      'A body measured in two ways at once hides a second request, which a proxy in front would not have let through.',
    refusal: 'request.malformed',
    weakened: {
      without: 'the strict parser of HTTP',
      edits: [
        {
          file: 'packages/local-api/src/local-api.ts',
          find: 'insecureHTTPParser: false',
          replace: 'insecureHTTPParser: true',
        },
      ],
    },
    run: async (stage) => {
      const served = await serve(stage)
      const token = await leakedToken(served)
      const hidden = get(CREDENTIAL, [hostOf(served), `Authorization: Bearer ${token}`])
      const post = `POST /v1/resolve HTTP/1.1\r\n${hostOf(served)}\r\nContent-Type: application/json\r\n`
      const answers: string[] = []
      for (const body of [
        `Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
        `Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello${hidden}`,
        `Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${hidden}`,
        `Content-Length: +5\r\n\r\nhello${hidden}`,
      ])
        answers.push(await served.raw(post + body))
      return judge(stage, answers)
    },
  },
  {
    ref: 'L-huge-headers',
    area: AREA,
    title: 'huge headers',
    tried: 'A request with headers of 200 kB, one large or thousands small.',
    refusal: 'request.headers_too_large',
    weakened: {
      without: 'the limit of headers',
      edits: [
        {
          file: 'packages/local-api/src/local-api.ts',
          find: 'maxHeaderSize: 8192',
          replace: 'maxHeaderSize: 1 << 24',
        },
      ],
    },
    run: async (stage) => {
      const served = await serve(stage)
      const token = await leakedToken(served)
      const start = [hostOf(served), `Authorization: Bearer ${token}`]
      return judge(stage, [
        await served.raw(get(CREDENTIAL, [...start, `X: ${'a'.repeat(200_000)}`])),
        await served.raw(get(CREDENTIAL, [...start, ...Array.from({ length: 20_000 }, () => 'A: bcdef')])),
      ])
    },
  },
  {
    ref: 'L-huge-body',
    area: AREA,
    title: 'a huge body',
    tried: 'Without any token: a request to bind of 4 MB, announced and not announced.',
    refusal: 'body.too_large',
    weakened: {
      without: 'the limit of bodies',
      edits: [
        {
          file: 'packages/local-api/src/read-body.ts',
          find: 'const MAX_BODY_BYTES = 65_536',
          replace: 'const MAX_BODY_BYTES = 2 ** 31',
        },
      ],
    },
    run: async (stage) => {
      const served = await serve(stage)
      const body = JSON.stringify({ application: 'a'.repeat(4_000_000) })
      const head = `POST /v1/bindings HTTP/1.1\r\n${hostOf(served)}\r\nContent-Type: application/json\r\n`
      const chunk = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
      // Where all of it was taken, the refusal is about its form.
      return judge(
        stage,
        [
          await served.raw(`${head}Content-Length: ${body.length}\r\n\r\n${body}`),
          await served.raw(`${head}Transfer-Encoding: chunked\r\n\r\n${chunk}`),
        ],
        { holds: 'body.invalid', gained: 'all of it is kept and parsed' },
      )
    },
  },
  {
    ref: 'L-slow-loris',
    area: AREA,
    title: 'connections held by writing slowly',
    tried: 'Twenty connections that send a byte of a header now and then, to keep every place taken.',
    refusal: 'request.timeout',
    weakened: {
      without: 'the time within which a request has to arrive',
      edits: [
        {
          file: 'packages/local-api/src/local-api.ts',
          find: 'headersTimeout: 5000',
          replace: 'headersTimeout: 0',
        },
        {
          file: 'packages/local-api/src/local-api.ts',
          find: 'requestTimeout: 15_000',
          replace: 'requestTimeout: 0',
        },
      ],
    },
    run: async (stage) => {
      const served = await serve(stage)
      const token = await leakedToken(served)
      const drip = (): Promise<string> =>
        new Promise((resolve) => {
          const socket = connect(served.api.port, '127.0.0.1')
          let got = ''
          const writing = setInterval(() => socket.write('a'), 500)
          const held = setTimeout(() => {
            socket.destroy()
            resolve('held')
          }, HELD_MS)
          socket.setEncoding('utf8')
          socket.on('data', (chunk: string) => {
            got += chunk
          })
          socket.on('error', () => undefined)
          socket.on('close', () => {
            clearInterval(writing)
            clearTimeout(held)
            resolve(got)
          })
          socket.write(`GET ${CREDENTIAL} HTTP/1.1\r\n${hostOf(served)}\r\nX: `)
        })
      const all = Promise.all(Array.from({ length: 20 }, drip))
      if ((await served.call(CREDENTIAL, { token })).status !== 200) return succeeded('others are not served')
      return judge(stage, await all, { holds: 'held', gained: 'every connection is held' })
    },
  },
]

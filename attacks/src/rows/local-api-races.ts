import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { handOn } from '@countersign/local-api/test/handed-on'
import { holdBody } from '@countersign/local-api/test/held-body'
import { lendConnection } from '@countersign/local-api/test/lend-connection'
import { ASK, serveVault } from '@countersign/local-api/test/served-vault'
import { bindingPollSchema } from '@countersign/schema/local-api'
import { type Attack, refused, succeeded } from '../attack.ts'
import { get, hostOf, judge, type Served, serve } from '../cast/local-api.ts'
import { answerToNobody, servedProgram, started } from '../cast/programs.ts'
import { until } from '../cast/until.ts'

const AREA = 'local API'
const REFERENCE = 'cs://acme/production/openai'
/** A connection that says something and keeps what comes back. */
const opened = async (served: Served, text: string): Promise<{ socket: Socket; got: () => string }> => {
  const socket = connect(served.api.port, '127.0.0.1')
  let got = ''
  socket.setEncoding('utf8').on('data', (part: string) => {
    got += part
  })
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.write(text)
  return { socket, got: () => got }
}

/** Speaks IPv4 through a socket of the other family. */
const DUAL_STACK = `
import socket, sys
s = socket.socket(socket.AF_INET6)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
s.connect(('::ffff:127.0.0.1', int(sys.argv[1])))
s.sendall(sys.stdin.read().encode())
while True:
  d = s.recv(65536)
  if not d: break
  print(d.decode(), end='')
`

/** What hides, comes side by side, or holds something back. */
export const localApiRaces: readonly Attack[] = [
  {
    ref: 'L-other-user-dual-stack',
    area: AREA,
    title: 'another user of the machine, over a socket of the other family',
    tried:
      'A program of another user (uid 65534) calls ::ffff:127.0.0.1, where the system lists it elsewhere, with a token it found.',
    refusal: 'address.refused',
    weakened: {
      without: 'the look into both tables, and the refusal of whom the system does not show',
      edits: [
        {
          file: 'packages/local-api/src/caller/peer-inode.ts',
          find: 'FFFF0000',
          replace: 'EEEE0000',
        },
        {
          file: 'packages/local-api/src/connection-state.ts',
          find: 'uid === null && !this.#finder.tellsUsers',
          replace: 'uid === null',
        },
      ],
    },
    run: async (stage) => {
      const served = await serve(stage)
      const args = ['-c', DUAL_STACK, String(served.api.port)]
      return judge(stage, [await answerToNobody(served, '/usr/bin/python3', args)])
    },
  },
  {
    ref: 'L-connection-lent',
    area: AREA,
    title: 'a thief of the token lends its connection to the approved program',
    tried:
      'Another program connects, starts the approved one with the connection open in it, and shows the token through its own copy.',
    refusal: 'caller.unidentified',
    weakened: {
      without: 'the look for everybody who has the connection open',
      edits: [
        {
          file: 'packages/local-api/src/caller/linux-caller.ts',
          find: 'const seen = await Promise.all(\n      holders.map(',
          replace: 'const seen = await Promise.all(\n      holders.slice(0, 1).map(',
        },
      ],
    },
    run: async (stage) => {
      const served = await serve(stage)
      const { relay, read } = await servedProgram(served, 'approved')
      await relay.stop()
      return judge(stage, [await lendConnection(served.api.port, join(served.folder, 'approved'), read)])
    },
  },
  {
    ref: 'L-body-of-another',
    area: AREA,
    title: 'the approved program begins a request and another one ends it',
    tried:
      'It sends the head with its token, becomes another program by exec, and that one sends the body and reads the answer.',
    refusal: 'caller.changed',
    weakened: {
      without: 'the second look once the body is there',
      edits: [
        {
          file: 'packages/local-api/src/routes/resolve.ts',
          find: 'const bound = await admit(api, exchange, first)',
          replace: 'const bound = Date.now() === 0 ? await admit(api, exchange, first) : first',
        },
      ],
    },
    run: async (stage) => {
      const served = await serve(stage)
      const { relay, read } = await servedProgram(served, 'approved')
      await relay.stop()
      const token = /Bearer (\S+)/.exec(read)?.[1] ?? ''
      return judge(stage, [await handOn(served, join(served.folder, 'approved'), token, [REFERENCE])])
    },
  },
  {
    ref: 'L-void-token-held',
    area: AREA,
    title: 'a token that the claim has voided reads through a request begun before',
    tried:
      'Sends a request up to its last byte, has the claim fetch another token, which voids this one, and sends the byte.',
    refusal: 'token.unknown',
    weakened: {
      without: 'the question whether the token still stands',
      edits: [
        {
          file: 'packages/local-api/src/token-book.ts',
          find: 'return entry.token === token',
          replace: 'return token.length > 0 && entry !== null',
        },
      ],
    },
    run: async (stage) => {
      const served = await serve(stage)
      const { id, token, claim } = await served.granted({ tokenFor: 'any-program' })
      const late = await holdBody(served, token, [REFERENCE])
      const polled = bindingPollSchema.parse(
        JSON.parse((await served.call(`/v1/bindings/${id}`, { token: claim })).text),
      )
      if (polled.token === undefined) throw new Error('the claim fetched no other token')
      return judge(stage, [await late.finish()])
    },
  },
  {
    ref: 'L-polls-hogged',
    area: AREA,
    title: 'one request keeps every other program from hearing of its own',
    tried: 'A program whose request waits polls over two hundred connections at once.',
    refusal: 'overloaded',
    weakened: {
      without: 'the limit of polls of one binding',
      edits: [
        {
          file: 'packages/local-api/src/poll-limit.ts',
          find: 'const OF_A_BINDING = 4',
          replace: 'const OF_A_BINDING = 400',
        },
      ],
    },
    run: async (stage) => {
      const served = await serve(stage)
      const greedy = await served.bind({ application: 'greedy' })
      const honest = await served.bind({ application: 'honest' })
      const poll = get(`/v1/bindings/${greedy.id}?wait=60`, [
        hostOf(served),
        `Authorization: Bearer ${greedy.claim}`,
      ])
      const polls = await Promise.all(Array.from({ length: 220 }, () => opened(served, poll)))
      stage.later(async () => {
        for (const { socket } of polls) socket.destroy()
      })
      // More than there is room for is refused either way.
      await until('the room is taken', () => polls.some(({ got }) => got().includes('overloaded')))
      const waiting = served.call(`/v1/bindings/${honest.id}?wait=30`, { token: honest.claim })
      const early = await Promise.race([waiting, served.call('/livez').then(() => served.call('/livez'))])
      if (early.status === 503) return succeeded('an honest program is not heard')
      served.vault.decide(honest.id, 'granted')
      const { token } = bindingPollSchema.parse(JSON.parse((await waiting).text))
      if (token === undefined) throw new Error('the honest program got no token')
      return judge(
        stage,
        polls.map(({ got }) => got()).filter((answer) => answer !== ''),
      )
    },
  },
  {
    ref: 'L-asks-hogged',
    area: AREA,
    title: 'two programs take every place for requests',
    tried: 'Two copies of a program ask fifteen times each; then an honest one asks.',
    refusal: 'binding.too_many',
    weakened: {
      without: 'the room kept for programs that asked for nothing yet',
      edits: [
        {
          file: 'packages/local-api/src/request-storm.ts',
          find: 'const FOR_NEWCOMERS: Limit = { waiting: 15, made: 30 }',
          replace: 'const FOR_NEWCOMERS: Limit = { waiting: 0, made: 0 }',
        },
      ],
    },
    run: async (stage) => {
      const served = await serveVault()
      stage.later(() => served.close())
      let last = ''
      for (const name of ['one', 'two']) {
        const relay = await started(served, name)
        for (let i = 0; i < 16; i++) {
          const body = JSON.stringify({ ...ASK, application: `${name} ${i}` })
          const length = `Content-Length: ${body.length}`
          const head = [
            'POST /v1/bindings HTTP/1.1',
            hostOf(served),
            'Content-Type: application/json',
            length,
            '',
            '',
          ]
          last = await relay.send(head.join('\r\n') + body)
        }
        await relay.stop()
      }
      const { status } = await served.call('/v1/bindings', {
        method: 'POST',
        body: { ...ASK, application: 'honest' },
      })
      if (status === 429) return succeeded('an honest program can ask for nothing')
      if (status !== 202) throw new Error(`the honest program is answered ${status}`)
      const alert = served.vault.alerts.find(({ code }) => code === 'request.storm')
      if (alert === undefined) throw new Error('nobody is told of the storm')
      const finding = judge(stage, [last])
      return finding.outcome === 'refused' ? refused(finding.code, alert.message) : finding
    },
  },
]

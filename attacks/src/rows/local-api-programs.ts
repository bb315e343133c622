import { chmod, readFile, readlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { serveLocalApi } from '@countersign/local-api/local-api'
import { MemoryVault } from '@countersign/local-api/test/memory-vault'
import { copyOfBash, type Relay, startRelay } from '@countersign/local-api/test/relay'
import { ASK } from '@countersign/local-api/test/served-vault'
import { discoverySchema } from '@countersign/schema/local-api'
import { type Attack, type Finding, nobodyToTell, refused, succeeded } from '../attack.ts'
import { CREDENTIAL, get, judge, leakedToken, refusedBy, serve, VALUE } from '../cast/local-api.ts'
import { answerToNobody, asNobody, servedProgram } from '../cast/programs.ts'
import { until } from '../cast/until.ts'

const AREA = 'local API'
/** Well beyond the time for which what was seen of a caller holds. */
const STALE_MS = 300

/** Starts programs until one has this process id. */
const startedAs = async (pid: number, start: () => Relay): Promise<Relay> => {
  for (let tries = 0; tries < 500; tries++) {
    await writeFile('/proc/sys/kernel/ns_last_pid', String(pid - 1))
    const relay = start()
    if (relay.pid === pid) return relay
    await relay.stop()
  }
  throw new Error('the process id could not be had again')
}

const STILL_OPEN = 'still open'

/** Asks once and says whether the other end ended the connection: an idle one that is kept lasts 75 s. */
const STAYS = `
import socket, sys
s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
s.sendall(sys.stdin.read().encode())
s.settimeout(5)
try:
  while True:
    d = s.recv(65536)
    if not d: break
    print(d.decode(), end='')
except TimeoutError:
  print('${STILL_OPEN}', end='')
`

export const localApiPrograms: readonly Attack[] = [
  {
    ref: 'L-port-squatting',
    area: AREA,
    title: 'somebody else has the port',
    tried:
      'Another program listens on the installation’s port, on ::1 alone, and waits for programs to send it their tokens.',
    refusal: 'port.taken',
    weakened: {
      without: 'the demand for both loopback addresses of a port',
      edits: [
        {
          file: 'packages/local-api/src/listen.ts',
          find: "if (codeOf(error) === 'EADDRINUSE') {",
          replace: "if (codeOf(error) === '') {",
        },
      ],
    },
    run: async (stage) => {
      const token = stage.canary('token of a program', 'cs_app_')
      let heard = ''
      const squatter = createServer((req, res) => {
        heard += req.headers.authorization ?? ''
        res.end('{}')
      })
      await new Promise<void>((resolve) => squatter.listen({ port: 0, host: '::1', ipv6Only: true }, resolve))
      stage.later(() => new Promise((resolve) => squatter.close(resolve)))
      const address = squatter.address()
      if (address === null || typeof address === 'string') throw new Error('no port')
      const vault = await MemoryVault.open(join(stage.folder, 'audit'))
      stage.later(() => vault.close())
      const runtimeDir = join(stage.folder, 'run')
      const api = await serveLocalApi({ source: vault.unlocked(), port: address.port, runtimeDir })
      stage.later(() => api.close())
      // The program believes what the installation wrote down, and `localhost` is ::1 first for many.
      const text = await readFile(join(runtimeDir, 'agent.json'), 'utf8')
      const { port } = new URL(discoverySchema.parse(JSON.parse(text)).url)
      await fetch(`http://[::1]:${port}/v1/credentials`, { headers: { authorization: `Bearer ${token}` } })
      stage.wire.said(new TextEncoder().encode(heard))
      if (heard !== '') return succeeded('a program’s token')
      const alert = vault.alerts.find(({ code }) => code === 'port.taken')
      if (alert === undefined) return succeeded('nobody is told that the port is somebody else’s')
      return refused(alert.code, alert.message)
    },
  },
  {
    ref: 'L-other-user-tcp',
    area: AREA,
    title: 'another user of the machine, over TCP',
    tried: 'A program of another user (uid 65534) calls with a token it found, with the right Host.',
    refusal: 'address.refused',
    weakened: {
      without: 'the look at whose program calls',
      edits: [
        {
          file: 'packages/local-api/src/connection-state.ts',
          find: 'own === undefined || uid === own',
          replace: 'own === undefined || uid !== own || uid === own',
        },
      ],
    },
    run: async (stage) => {
      const served = await serve(stage)
      const script = `exec 3<>/dev/tcp/127.0.0.1/${served.api.port}; cat >&3; cat <&3`
      return judge(stage, [await answerToNobody(served, '/bin/bash', ['-c', script])])
    },
  },
  {
    ref: 'L-other-user-stays',
    area: AREA,
    title: 'another user of the machine keeps a connection that others could have',
    tried: 'A program of another user (uid 65534) asks over TCP, is refused, and keeps its connection open.',
    refusal: 'address.refused',
    weakened: {
      without: 'the end of a connection that was refused',
      edits: [
        {
          file: 'packages/local-api/src/handle-request.ts',
          find: "res.setHeader('Connection', 'close')",
          replace: "res.setHeader('Connection', 'keep-alive')",
        },
      ],
    },
    run: async (stage) => {
      const served = await serve(stage)
      const got = await answerToNobody(served, '/usr/bin/python3', ['-c', STAYS, String(served.api.port)], [])
      if (got.endsWith(STILL_OPEN)) return succeeded('a place among the connections, for as long as it likes')
      return judge(stage, [got])
    },
  },
  {
    ref: 'L-other-user-socket',
    area: AREA,
    title: 'another user of the machine, on the socket',
    tried: 'A program of another user (uid 65534) opens the Unix socket, having found its path and a token.',
    refusal: 'EACCES',
    weakened: {
      without: 'the modes of the socket and of its folder',
      edits: [
        {
          file: 'packages/local-api/src/listen.ts',
          find: 'await chmod(path, 0o600)',
          replace: 'await chmod(path, 0o666)',
        },
        {
          file: 'packages/local-api/src/runtime-directory.ts',
          find: 'await mkdir(path, { recursive: true, mode: 0o700 })',
          replace: 'await mkdir(path, { recursive: true, mode: 0o755 })',
        },
        {
          file: 'packages/local-api/src/runtime-directory.ts',
          find: 'await chmod(path, 0o700)',
          replace: 'await chmod(path, 0o755)',
        },
      ],
    },
    run: async (stage) => {
      const served = await serve(stage)
      await chmod(served.folder, 0o755)
      const token = await leakedToken(served)
      const script =
        'use IO::Socket::UNIX; my $s = IO::Socket::UNIX->new(Peer => shift) or do { print $!{EACCES} ? "EACCES" : "$!"; exit }; local $/; print $s <STDIN>; $s->flush; print <$s>'
      const request = get(CREDENTIAL, [
        'Host: localhost',
        `Authorization: Bearer ${token}`,
        'Connection: close',
      ])
      const said = await asNobody('/usr/bin/perl', ['-e', script, served.api.socket], request)
      stage.wire.said(new TextEncoder().encode(said))
      if (said.includes(VALUE)) return succeeded('the value')
      if (said !== 'EACCES') throw new Error(`neither served nor kept out: ${said}`)
      return nobodyToTell(said, 'the system lets no other user open the socket')
    },
  },
  {
    ref: 'L-binary-swapped',
    area: AREA,
    title: 'the approved program becomes another one',
    tried:
      'A program binds, is approved and served, and then becomes another by exec: same process, same open connection.',
    refusal: 'caller.changed',
    weakened: {
      without: 'the comparison of the caller’s file with the one approvers saw',
      edits: [
        {
          file: 'packages/local-api/src/authenticate.ts',
          find: 'if (equalBytes(seen.hash, pinned)) return bound',
          replace: 'if (seen.hash.length === pinned.length) return bound',
        },
      ],
    },
    run: async (stage) => {
      const served = await serve(stage)
      const { relay, read } = await servedProgram(served, 'approved')
      stage.later(() => relay.stop())
      const other = await copyOfBash(served.folder, 'another')
      relay.become(other)
      await until('it is another program', async () => (await readlink(`/proc/${relay.pid}/exe`)) === other)
      await sleep(STALE_MS)
      const answer = await relay.send(read)
      const finding = judge(stage, [answer])
      const alert = served.vault.alerts.find(({ code }) => code === 'caller.changed')
      return finding.outcome === 'succeeded' || alert === undefined
        ? finding
        : refused(alert.code, alert.message)
    },
  },
  {
    ref: 'L-pid-reused',
    area: AREA,
    title: 'a process id used again',
    tried:
      'A lease holds until its process ends; when it has, another program is started under the very same process id and shows the token.',
    refusal: 'lease.process_ended',
    weakened: {
      without: 'the start time that tells a process from a later one of the same id',
      edits: [
        {
          file: 'packages/local-api/src/caller/process-files.ts',
          find: "'latin1'))?.startTime === process.startTime",
          replace: "'latin1'))?.startTime !== undefined",
        },
      ],
    },
    run: async (stage) => {
      const served = await serve(stage)
      const lease = { durationMs: 3_600_000, untilProcessEnds: true }
      const { relay, read } = await servedProgram(served, 'leaseholder', { lease, tokenFor: 'any-program' })
      const program = await copyOfBash(served.folder, 'another')
      await relay.stop()
      const other = await startedAs(relay.pid, () => startRelay(program, served.api.port))
      stage.later(() => other.stop())
      return judge(stage, [await other.send(read)])
    },
  },
  {
    ref: 'L-approval-fatigue',
    area: AREA,
    title: 'approvers tired out',
    tried:
      'One program asks sixty times within seconds, each time under another name and with another reason.',
    refusal: 'binding.too_many',
    weakened: {
      without: 'the limits of what one program may ask',
      edits: [
        {
          file: 'packages/local-api/src/request-storm.ts',
          find: 'return wait === 0 ? null : wait',
          replace: 'return wait === -1 ? wait : null',
        },
      ],
    },
    run: async (stage) => {
      const served = await serve(stage)
      const answers: string[] = []
      for (let i = 0; i < 60; i++) {
        const body = { ...ASK, application: `update ${i}`, reason: `please ${i}` }
        answers.push((await served.call('/v1/bindings', { method: 'POST', body })).text)
      }
      for (const answer of answers) stage.wire.said(new TextEncoder().encode(answer))
      const shown = served.vault.bindings.length
      if (shown > 15) return succeeded(`${shown} requests on approvers’ screens`)
      const alert = served.vault.alerts.find(({ code }) => code === 'request.storm')
      if (alert === undefined) throw new Error('nobody is told of the storm')
      const finding: Finding = refusedBy('binding.too_many')
      return finding.outcome === 'refused' ? refused(finding.code, alert.message) : finding
    },
  },
  {
    ref: 'L-same-again',
    area: AREA,
    title: 'the same request again and again',
    tried:
      'One program asks for exactly the same four more times while the first request waits, some at the same moment.',
    refusal: 'binding.already_asked',
    weakened: {
      without: 'the look for the same request of the same process',
      edits: [
        {
          file: 'packages/local-api/src/request-storm.ts',
          find: 'if (this.#alike.has(key)) return false',
          replace: "if (key === '') return false",
        },
      ],
    },
    run: async (stage) => {
      const served = await serve(stage)
      const ask = async (): Promise<string> =>
        (await served.call('/v1/bindings', { method: 'POST', body: ASK })).text
      const first = await Promise.all([ask(), ask(), ask()])
      const answers = [...first, await ask(), await ask()]
      if (served.vault.bindings.length > 1)
        return succeeded(`${served.vault.bindings.length} requests where one was meant`)
      return judge(
        stage,
        answers.filter((answer) => !answer.includes('"claim"')),
      )
    },
  },
]

import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { bindingCreatedSchema, bindingPollSchema } from '@countersign/schema/local-api'
import { answerTo, type Load, load } from './load/http-load.ts'
import { median, type Row, report, reportGrowth } from './report.ts'

// One credential read (token, scope, lease, caller, opened value, durable audit record) against bare node:http sending the same bytes.
// Servers in processes of their own, the load in this one (so two cores are enough for either side); both sides run by run, in turn. The audit is
// the shipped journal: one durable write a group, on the disk that holds the temporary folder. Processor time is measured as well: it stays
// true when other programs keep the machine or its disk busy, where requests per second do not.

const RUNS = 5
/** What one read alone adds to the audit journal: a frame with one entry of one sealed record. */
const ENTRY_BYTES = 530
const RUN_MS = 1500
/** A server is measured once its code is compiled, which takes a number of requests, not a time: on a busy machine few are made in a second. */
const WARM_UP_REQUESTS = 40_000
const WARM_UP_AT_MOST_MS = 30_000
const TICK_US = 10_000

interface Server {
  readonly port: number
  readonly child: ChildProcessByStdio<Writable, Readable, null>
}

const start = async (file: string, args: readonly string[], input?: string): Promise<Server> => {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'load', file), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  if (input !== undefined) child.stdin.write(`${input}\n`)
  const [line] = await once(child.stdout, 'data')
  return { port: JSON.parse(String(line)).port, child }
}

const stop = async ({ child }: Server): Promise<void> => {
  const exited = once(child, 'exit')
  child.stdin.end()
  await exited
}

interface Measured extends Load {
  /** Processor time of the server for one request, all its threads, µs; 0 where the system does not tell. */
  readonly cpuUs: number
}

/** Processor time a process has used, µs, in steps of 10 ms (Linux). */
const cpuOf = ({ child }: Server): number => {
  try {
    const stat = readFileSync(`/proc/${child.pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) * TICK_US
  } catch {
    return 0
  }
}

const measure = async (server: Server, request: string, connections: number): Promise<Measured> => {
  const before = cpuOf(server)
  const measured = await load(server.port, request, connections, RUN_MS)
  const requests = (measured.perSecond * RUN_MS) / 1000
  return { ...measured, cpuUs: (cpuOf(server) - before) / requests }
}

const warmUp = async (server: Server, request: string): Promise<void> => {
  const until = performance.now() + WARM_UP_AT_MOST_MS
  for (let made = 0; made < WARM_UP_REQUESTS && performance.now() < until; ) {
    made += ((await load(server.port, request, 64, 500)).perSecond * 500) / 1000
  }
}

/** Binds as any program does, and gives the request that reads. */
const readRequest = async (port: number): Promise<string> => {
  const url = `http://127.0.0.1:${port}/v1/bindings`
  const ask = {
    application: 'bench',
    vault: 'acme',
    environment: 'production',
    items: ['openai-7'],
    lease: { durationMs: 3_600_000 },
    reason: 'measures',
  }
  const asked = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(ask),
  })
  const { id, claim } = bindingCreatedSchema.parse(await asked.json())
  const polled = await fetch(`${url}/${id}`, { headers: { authorization: `Bearer ${claim}` } })
  const { token } = bindingPollSchema.parse(await polled.json())
  return `GET /v1/credentials/acme/production/openai-7 HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\n\r\n`
}

/** The same head and body for the bare server; Date, Connection and Keep-Alive it adds itself. */
const sameBytes = (answer: string, syncBytes: number): string => {
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  const headers = head
    .split('\r\n')
    .slice(1)
    .flatMap((line) => line.split(/: (.*)/s).slice(0, 2))
  const kept: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] ?? ''
    if (!/^(?:date|connection|keep-alive)$/i.test(name)) kept.push(name, headers[i + 1] ?? '')
  }
  return JSON.stringify({ headers: kept, body, syncBytes })
}

const small = await start('local-api-server.ts', ['100'])
const large = await start('local-api-server.ts', ['10000'])
const ours = await readRequest(small.port)
const oursLarge = await readRequest(large.port)
const answer = await answerTo(small.port, ours)
const bare = await start('bare-server.ts', [], sameBytes(answer, 0))
/** Bare as well, but what a record of one read takes is appended and synced first: what one connection could have at best. */
const floor = await start('bare-server.ts', [], sameBytes(answer, ENTRY_BYTES))

for (const [server, request] of [
  [small, ours],
  [large, oursLarge],
  [bare, ours],
  [floor, ours],
] as const) {
  await warmUp(server, request)
}

// First, while both have served as many: what a server has compiled and kept grows with what it served.
const tenThousand: number[] = []
const hundred: number[] = []
for (let run = 0; run < RUNS; run++) {
  tenThousand.push((await load(large.port, oursLarge, 16, RUN_MS)).perSecond)
  hundred.push((await load(small.port, ours, 16, RUN_MS)).perSecond)
}

const rows: Row[] = []
for (const connections of [1, 16, 64]) {
  const mine: Measured[] = []
  const limit: Measured[] = []
  for (let run = 0; run < RUNS; run++) {
    mine.push(await measure(small, ours, connections))
    limit.push(await measure(bare, ours, connections))
  }
  const name = `read, ${connections} connection${connections === 1 ? '' : 's'}`
  rows.push({
    what: name,
    ours: mine.map((each) => each.perSecond),
    theirs: limit.map((each) => each.perSecond),
    unit: 'req/s',
    target: { min: connections === 1 ? 0.1 : 0.5 },
  })
  if (connections === 1) {
    rows.push({
      what: `${name}, p50`,
      ours: mine.map((each) => each.p50Ms),
      theirs: limit.map((each) => each.p50Ms),
      unit: 'ms',
      target: { max: 10 },
    })
  }
  rows.push({
    what: `${name}, p99`,
    ours: mine.map((each) => each.p99Ms),
    theirs: limit.map((each) => each.p99Ms),
    unit: 'ms',
    target: { max: connections === 1 ? 10 : 2 },
  })
  if (mine.every(({ cpuUs }) => cpuUs > 0)) {
    rows.push({
      what: `${name}, processor time`,
      ours: mine.map(({ cpuUs }) => cpuUs),
      theirs: limit.map(({ cpuUs }) => cpuUs),
      unit: 'µs',
      target: { max: connections === 1 ? 10 : 2 },
    })
  }
}
const alone: Measured[] = []
const synced: Measured[] = []
for (let run = 0; run < RUNS; run++) {
  alone.push(await measure(small, ours, 1))
  synced.push(await measure(floor, ours, 1))
}
rows.push({
  what: '1 connection against bare + one fdatasync, p50',
  ours: alone.map((each) => each.p50Ms),
  theirs: synced.map((each) => each.p50Ms),
  unit: 'ms',
  target: { max: 1.5 },
})
rows.push({
  what: '10,000 items against 100, 16 connections',
  ours: tenThousand,
  theirs: hundred,
  unit: 'req/s',
  target: { min: 0.9 },
})
for (const server of [small, large, bare, floor]) await stop(server)
report('local-api', rows)
const msOf = (perSecond: readonly number[]): number => 1000 / median(perSecond)
reportGrowth('a read by items in the vault', [
  { size: 100, ms: msOf(hundred) },
  { size: 10_000, ms: msOf(tenThousand) },
])

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { cryptoReady } from '@countersign/crypto/verify'
import { newId } from '@countersign/schema/ids'
import { decodeServerMessage, encodeMessage } from '@countersign/schema/wire'
import { TestClient } from '@countersign/sync-server/test/test-client'
import { TestMember } from '@countersign/sync-server/test/test-member'
import { TestTeam } from '@countersign/sync-server/test/test-team'
import { type Row, report } from './report.ts'

// Durable appends of one signed entry each, acknowledged before the writer sends the next, through the real server process over
// WebSockets, each writer to the audit stream of its own device (which is pushed to nobody: pushing has a bench of its own); against bare node:sqlite (WAL, synchronous FULL) writing the same bytes, one row a transaction, in the same run.

const RUNS = 5
const TOKEN = 'the set-up token of the bench'
const MAIN = createRequire(import.meta.url).resolve('@countersign/sync-server/main')

const startServer = async (file: string): Promise<{ url: string; stop: () => Promise<unknown> }> => {
  const child = spawn(process.execPath, [MAIN, '--port', '0', '--data', file], {
    env: { PATH: process.env.PATH, COUNTERSIGN_SETUP_TOKEN: TOKEN, COUNTERSIGN_LOG_LEVEL: 'silent' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(child.stdout, 'data')
  const exited = once(child, 'exit')
  return {
    url: JSON.parse(String(line)).url,
    stop: () => {
      child.kill('SIGTERM')
      return exited
    },
  }
}

/** Rows per second of one writer on the same disk. */
const rawSqlite = (folder: string, entries: readonly Uint8Array[]): number => {
  const db = new DatabaseSync(join(folder, `${newId()}.db`))
  db.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE entries (seq INTEGER PRIMARY KEY, bytes BLOB)',
  )
  const insert = db.prepare('INSERT INTO entries (bytes) VALUES (?)')
  const startedAt = performance.now()
  for (const entry of entries) insert.run(entry)
  const seconds = (performance.now() - startedAt) / 1000
  db.close()
  return entries.length / seconds
}

/** Sends each frame after the one before was acknowledged. */
const write = async (client: TestClient, frames: readonly Uint8Array[]): Promise<void> => {
  let next = 0
  await new Promise<void>((resolve, reject) => {
    const step = (data: Buffer) => {
      const message = decodeServerMessage(new Uint8Array(data))
      if (message.type !== 'appended') reject(new Error(`not appended: ${message.type}`))
      const frame = frames[next++]
      if (frame === undefined) resolve()
      else client.ws.send(frame)
    }
    client.ws.removeAllListeners('message')
    client.ws.on('message', step)
    const first = frames[next++]
    if (first !== undefined) client.ws.send(first)
  })
}

interface Writer {
  readonly client: TestClient
  readonly member: TestMember
}

const signed = (team: TestTeam, { member }: Writer, count: number) =>
  Array.from({ length: count }, (_, ref) => {
    const part = team.audit(member, { bodyBytes: 300 })
    return {
      frame: encodeMessage({ type: 'append', ref, parts: [part] }),
      entry: part.entries[0] ?? new Uint8Array(),
    }
  })

const measure = async (
  team: TestTeam,
  writers: readonly Writer[],
  count: number,
): Promise<{ rate: number; entries: Uint8Array[] }> => {
  const work = writers.map((writer) => ({
    writer,
    items: signed(team, writer, Math.ceil(count / writers.length)),
  }))
  const startedAt = performance.now()
  await Promise.all(
    work.map(({ writer, items }) =>
      write(
        writer.client,
        items.map((each) => each.frame),
      ),
    ),
  )
  const seconds = (performance.now() - startedAt) / 1000
  const entries = work.flatMap(({ items }) => items.map((each) => each.entry))
  return { rate: entries.length / seconds, entries }
}

const main = async (): Promise<void> => {
  await cryptoReady()
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
  const server = await startServer(join(folder, 'server.db'))
  try {
    const team = new TestTeam()
    const admin = await TestClient.open(server.url)
    const created = await admin.create(team, TOKEN)
    if (created.type !== 'created') throw new Error('the team was not created')
    await admin.hello(team.id, team.founder.device, team.founder.deviceSign)
    await admin.next('caught_up')
    const rows: Row[] = []
    for (const [count, target] of [
      [1, 0.5],
      [16, 2],
    ] as const) {
      const writers: Writer[] = []
      for (let i = 0; i < count; i++) {
        const member = new TestMember([])
        await admin.append(team.add(member))
        writers.push({ client: await TestClient.login(server.url, team, member), member })
      }
      await measure(team, writers, 500)
      const ours: number[] = []
      const theirs: number[] = []
      for (let run = 0; run < RUNS; run++) {
        const { rate, entries } = await measure(team, writers, count === 1 ? 1500 : 6400)
        ours.push(rate)
        theirs.push(rawSqlite(folder, entries.slice(0, 2000)))
      }
      for (const { client } of writers) client.ws.terminate()
      rows.push({
        what: `durable append, ${count} writer${count === 1 ? '' : 's'}`,
        ours,
        theirs,
        unit: 'per s',
        target: { min: target },
      })
    }
    admin.ws.terminate()
    report('server append, embedded store / bare node:sqlite one row a transaction', rows)
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

await main()

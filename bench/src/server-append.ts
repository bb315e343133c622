import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { useNativeSodium } from '@countersign/crypto/native-sodium'
import { cryptoReady, verifySignature } from '@countersign/crypto/verify'
import { decodeEntry, ENTRY_PURPOSE } from '@countersign/schema/entry'
import { newId } from '@countersign/schema/ids'
import { decodeServerMessage, encodeMessage } from '@countersign/schema/wire'
import { TestClient } from '@countersign/sync-server/test/test-client'
import { TestMember } from '@countersign/sync-server/test/test-member'
import { TestTeam } from '@countersign/sync-server/test/test-team'
import { median, type Row, report } from './report.ts'

// Durable appends of one signed entry each, acknowledged before the writer sends the next, through the real server process over
// WebSockets, each writer to the audit stream of its own device (which is pushed to nobody: pushing has a bench of its own); against bare node:sqlite (WAL, synchronous FULL) writing the same bytes, one row a transaction, in the same run.
// Then the same against a floor: what any server that checks must do for each entry, with nothing around it (no socket, no parsing, no head
// to compare): one Ed25519 verification by the library that the server uses, and its row, as many rows a transaction as there are writers.
// Last, ten times as many: the exponent says how the time for all grows with their number (1: each costs the same).

const RUNS = 5
const SIZE = { 1: 1500, 16: 6400 } as const
/** What one connection sends before the next takes over: the server's fence against spam lets 5000 messages pass at once. */
const PER_CONNECTION = 4000
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

/** Rows per second of one writer on the same disk, `group` rows a transaction, each let in by `check`. */
const rawSqlite = (
  folder: string,
  entries: readonly Uint8Array[],
  group: number,
  check: (at: number) => boolean,
): number => {
  const db = new DatabaseSync(join(folder, `${newId()}.db`))
  db.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE entries (seq INTEGER PRIMARY KEY, bytes BLOB)',
  )
  const insert = db.prepare('INSERT INTO entries (bytes) VALUES (?)')
  const begin = db.prepare('BEGIN')
  const commit = db.prepare('COMMIT')
  const startedAt = performance.now()
  for (let at = 0; at < entries.length; at += group) {
    const rows = entries.slice(at, at + group)
    if (!rows.every((_, i) => check(at + i))) throw new Error('a signature of the bench does not verify')
    begin.run()
    for (const entry of rows) insert.run(entry)
    commit.run()
  }
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

const signed = (team: TestTeam, member: TestMember, count: number) =>
  Array.from({ length: count }, (_, ref) => {
    const part = team.audit(member, { bodyBytes: 300 })
    return {
      frame: encodeMessage({ type: 'append', ref, parts: [part] }),
      entry: part.entries[0] ?? new Uint8Array(),
    }
  })

interface Measured {
  readonly perSecond: number
  readonly entries: { readonly bytes: Uint8Array; readonly by: TestMember }[]
}

/** `count` appends by these writers at once, on connections of their own that take no time in the figure. */
const measure = async (
  url: string,
  team: TestTeam,
  members: readonly TestMember[],
  count: number,
): Promise<Measured> => {
  const entries: Measured['entries'] = []
  let seconds = 0
  for (let left = Math.ceil(count / members.length); left > 0; left -= PER_CONNECTION) {
    const work: { client: TestClient; frames: Uint8Array[] }[] = []
    for (const member of members) {
      const cursors = [...team.heads].map(([stream, head]) => ({ stream, head }))
      const client = await TestClient.login(url, team, member, cursors)
      const items = signed(team, member, Math.min(left, PER_CONNECTION))
      work.push({ client, frames: items.map((each) => each.frame) })
      entries.push(...items.map((each) => ({ bytes: each.entry, by: member })))
    }
    const startedAt = performance.now()
    await Promise.all(work.map(({ client, frames }) => write(client, frames)))
    seconds += (performance.now() - startedAt) / 1000
    for (const { client } of work) client.ws.terminate()
  }
  return { perSecond: entries.length / seconds, entries }
}

/** The two rates that ours is held against, over the same entries: bare rows, and rows that were verified first. */
const peers = (folder: string, entries: Measured['entries'], group: number) => {
  const some = entries.slice(0, 2000)
  const bytes = some.map((each) => each.bytes)
  const decoded = some.map(({ bytes, by }) => ({ key: by.deviceSign.publicKey, entry: decodeEntry(bytes) }))
  const verifies = (at: number): boolean => {
    const each = decoded[at]
    if (each === undefined) return false
    return verifySignature(each.key, ENTRY_PURPOSE, each.entry.envelopeBytes, each.entry.signature)
  }
  return { bare: rawSqlite(folder, bytes, 1, () => true), floor: rawSqlite(folder, bytes, group, verifies) }
}

const main = async (): Promise<void> => {
  await cryptoReady()
  const native = useNativeSodium()
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
  const server = await startServer(join(folder, 'server.db'))
  try {
    const team = new TestTeam()
    const admin = await TestClient.open(server.url)
    const created = await admin.create(team, TOKEN)
    if (created.type !== 'created') throw new Error('the team was not created')
    await admin.hello(team.id, team.founder.device, team.founder.deviceSign)
    await admin.next('caught_up')
    const all = Array.from({ length: 16 }, () => new TestMember([]))
    for (const member of all) await admin.append(team.add(member))
    admin.ws.terminate()
    const bareRows: Row[] = []
    const floorRows: Row[] = []
    const growth: string[] = []
    for (const [count, target] of [
      [1, 0.5],
      [16, 2],
    ] as const) {
      const members = all.slice(0, count)
      await measure(server.url, team, members, 500)
      const ours: number[] = []
      const bare: number[] = []
      const floor: number[] = []
      for (let run = 0; run < RUNS; run++) {
        const { perSecond, entries } = await measure(server.url, team, members, SIZE[count])
        const peer = peers(folder, entries, count)
        ours.push(perSecond)
        bare.push(peer.bare)
        floor.push(peer.floor)
      }
      const what = `durable append, ${count} writer${count === 1 ? '' : 's'}`
      bareRows.push({ what, ours, theirs: bare, unit: 'per s', target: { min: target } })
      floorRows.push({ what, ours, theirs: floor, unit: 'per s', target: { min: 0.5 } })
      const { perSecond } = await measure(server.url, team, members, 10 * SIZE[count])
      const exponent = Math.log10((10 * median(ours)) / perSecond)
      growth.push(`  ${what}: ${Math.round(perSecond)} per s, exponent ${exponent.toFixed(2)}`)
    }
    report('server append, embedded store / bare node:sqlite one row a transaction', bareRows)
    const sodium = native.ok ? 'native' : 'wasm'
    report(
      `server append, embedded store / floor: ${sodium} libsodium verifies, node:sqlite takes a row a writer in a transaction`,
      floorRows,
    )
    console.log(`\nten times as many\n${growth.join('\n')}`)
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

await main()

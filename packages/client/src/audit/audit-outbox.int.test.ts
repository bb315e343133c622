import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import { openLevelStore } from '../store/level-store.ts'
import { AuditOutbox } from './audit-outbox.ts'

const ROUNDS = 12

/** Numbers written by a program that says which are durable, until it is killed after so many. */
const killedAfter = async (
  location: string,
  acknowledged: number,
): Promise<{ dropped: number; durable: number }> => {
  const program = join(import.meta.dirname, '../../test/outbox-program.ts')
  const child: ChildProcessByStdio<null, Readable, null> = spawn(process.execPath, [program, location], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const said = { dropped: 0, durable: 0 }
  let text = ''
  child.stdout.setEncoding('utf8')
  child.stdout.on('data', (chunk: string) => {
    text += chunk
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n')) {
      const [what, number] = text.slice(0, end).split(' ')
      text = text.slice(end + 1)
      if (what === 'durable') said.durable = Number(number)
      if (what === 'dropped') said.dropped = Number(number)
    }
    if (said.durable >= acknowledged) child.kill('SIGKILL')
  })
  await exited
  return said
}

test('P18 killed at any moment, nothing that was durable and not sent is lost, and nothing comes twice', async () => {
  const location = await mkdtemp(join(tmpdir(), 'countersign-outbox-'))
  onTestFinished(() => rm(location, { recursive: true, force: true }))
  let until = 0
  for (let round = 0; round < ROUNDS; round++) {
    until += 40 + 37 * round
    const { dropped, durable } = await killedAfter(location, until)
    const store = await openLevelStore(location)
    const outbox = await AuditOutbox.open(store)
    const { records } = await outbox.oldest({ records: 1e9, bytes: 1e12 })
    const numbers = records.map((bytes) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(0))
    const first = numbers[0] ?? 0
    expect(numbers).toEqual(numbers.map((_, i) => first + i))
    expect(first).toBeLessThanOrEqual(dropped + 1)
    expect(numbers.at(-1)).toBeGreaterThanOrEqual(durable)
    until = numbers.at(-1) ?? until
    await store.close()
  }
})

import { AuditOutbox } from '../src/audit/audit-outbox.ts'
import { openLevelStore } from '../src/store/level-store.ts'

// A process of its own, to be killed: writes numbered records into the outbox of a folder (argument), in groups, and says each time up to
// which number they are durable; drops some now and then, as if they were sent. Numbers go on after those of the run before.

const store = await openLevelStore(process.argv[2] ?? '')
const outbox = await AuditOutbox.open(store)
const numberOf = (bytes: Uint8Array): number => new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
const { records } = await outbox.oldest({ records: 1e9, bytes: 1e12 })
const last = records.at(-1)
let number = last === undefined ? 0 : numberOf(last)
for (let group = 0; ; group++) {
  const made = Array.from({ length: 1 + (group % 5) }, () => {
    number += 1
    const bytes = new Uint8Array(20_000 + 97 * (number % 50)).fill(number)
    new DataView(bytes.buffer).setUint32(0, number)
    return bytes
  })
  await outbox.append(made)
  process.stdout.write(`durable ${number}\n`)
  if (group % 7 !== 6) continue
  const oldest = await outbox.oldest({ records: 15, bytes: 1e9 })
  const dropped = oldest.records.at(-1)
  if (dropped !== undefined && numberOf(dropped) < number) {
    process.stdout.write(`dropped ${numberOf(dropped)}\n`)
    await outbox.drop(oldest.end)
  }
}

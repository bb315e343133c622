import { UnlockedSession } from '@countersign/client/session/unlocked-session'
import { cryptoReady } from '@countersign/crypto/ready'
import { verifySignature } from '@countersign/crypto/verify-signature'
import { ENTRY_PURPOSE } from '@countersign/schema/entry'
import { LEDGER } from '@countersign/schema/ids'
import { openDevice, unlockRoot } from './bench-team.ts'
import { readInstalled } from './installed-file.ts'

// node ledger-client.ts FILE REQUESTS unlock|checkpoint|genesis — `unlock`: what is on the disk, from the touch to the ledger's state, the locked
// core being there already. `genesis`: from an empty store, every entry fetched, verified and judged. Then the loop that only verifies the same
// signatures. `checkpoint`: an unlock that stays until it has written one. Prints one JSON line.

const CHECKPOINT_MS = 4_000

const [file = '', wanted = '', mode = ''] = process.argv.slice(2)
const requests = Number(wanted)
await cryptoReady()
const installed = readInstalled(file)
const root = await unlockRoot(installed)

/** Of all threads, in milliseconds. */
const processorMs = (since?: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1000
}

const fromEmpty = mode === 'genesis'
const beginning = performance.now()
const beginningCpu = process.cpuUsage()
const { store, session: device } = await openDevice(installed)
const startedAt = fromEmpty ? beginning : performance.now()
const startedCpu = fromEmpty ? beginningCpu : process.cpuUsage()
const session = await UnlockedSession.open(device, installed.deviceSecret, root)
while (session.ledger.requests.size < requests || session.ledger.open.size > 0) {
  await new Promise<void>((resolve) => {
    const forget = session.onChanges(() => {
      forget()
      resolve()
    })
  })
}
const ms = performance.now() - startedAt
const cpuMs = processorMs(startedCpu)

const signed: (readonly [Uint8Array, Uint8Array])[] = []
for await (const { entry } of device.replica.entries(LEDGER)) {
  signed.push([entry.envelopeBytes, entry.signature])
}
const { publicKey } = session.memberSign
const loopAt = performance.now()
const good = signed.filter(([bytes, signature]) =>
  verifySignature(publicKey, ENTRY_PURPOSE, bytes, signature),
)
const loopMs = performance.now() - loopAt
if (good.length !== signed.length) throw new Error('not all of the ledger is by the one member')
if (mode === 'checkpoint') await new Promise((resolve) => setTimeout(resolve, CHECKPOINT_MS))
process.stdout.write(`${JSON.stringify({ ms, cpuMs, loopMs, entries: signed.length })}\n`)
session.stop()
await device.stop()
await store.close()
process.exit(0)

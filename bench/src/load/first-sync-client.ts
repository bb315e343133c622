import { once } from 'node:events'
import { UnlockedSession } from '@countersign/client/session/unlocked-session'
import { rawOpen, rawSeal } from '@countersign/crypto/bench-primitive'
import { randomBytes } from '@countersign/crypto/random'
import { cryptoReady } from '@countersign/crypto/ready'
import { compartmentStream } from '@countersign/schema/ids'
import { openDevice, unlockRoot } from './bench-team.ts'
import { readInstalled } from './installed-file.ts'

// node first-sync-client.ts FILE ITEMS — one first sync in a process of its own, as a new installation's core does it: from an
// empty store to a list of names, then the rest of the check; afterwards the loop it is measured against, over the same bytes.
// Prints one JSON line.

const [file = '', wanted = ''] = process.argv.slice(2)
const items = Number(wanted)
await cryptoReady()
const installed = readInstalled(file)
const root = await unlockRoot(installed)
await new Promise((resolve) => setTimeout(resolve, 200))

const restingBytes = process.memoryUsage.rss()
/** The most that the process ever held, by the kernel's count. */
const peakBytes = (): number => process.resourceUsage().maxRSS * 1024

const cpuAt = process.cpuUsage()
const threadAt = process.threadCpuUsage()
const startedAt = performance.now()
const { store, session: device } = await openDevice(installed)
const session = await UnlockedSession.open(device, installed.deviceSecret, root)
const listed = (): number => session.index(installed.environment)?.size ?? 0
while (listed() < items) {
  await new Promise<void>((resolve) => {
    const forget = session.onChanges(() => {
      forget()
      resolve()
    })
  })
}
const usableMs = performance.now() - startedAt
const usablePeakBytes = peakBytes() - restingBytes
const sumMs = ({ user, system }: { user: number; system: number }): number => (user + system) / 1000
const usableCpuMs = sumMs(process.cpuUsage(cpuAt))
const usableThreadMs = sumMs(process.threadCpuUsage(threadAt))
while (device.replica.status().connection !== 'live' || device.replica.status().checking !== null) {
  await new Promise<void>((resolve) => {
    const forget = device.replica.onStatus(() => {
      forget()
      resolve()
    })
  })
}
const checkedMs = performance.now() - startedAt
const beyondRest = peakBytes() - restingBytes

const entries: Uint8Array[] = []
let plaintextBytes = 0
for await (const page of device.replica.pages(compartmentStream(installed.environment))) {
  for (const { bytes } of page) {
    entries.push(bytes)
    plaintextBytes += bytes.length
  }
}
const key = randomBytes(32)
const nonce = randomBytes(24)
const ad = randomBytes(100)
const loop = (): number => {
  const sealed = entries.map((bytes) => rawSeal(key, nonce, ad, bytes))
  const at = performance.now()
  for (const each of sealed) rawOpen(key, nonce, ad, each)
  return performance.now() - at
}
loop()
const loopMs = loop()
process.stdout.write(
  `${JSON.stringify({ usableMs, usableCpuMs, usableThreadMs, checkedMs, loopMs, usablePeakBytes, peakBytes: beyondRest, plaintextBytes })}\n`,
)
session.stop()
await device.stop()
await store.close()
if (process.stdout.writableLength > 0) await once(process.stdout, 'drain')
process.exit(0)

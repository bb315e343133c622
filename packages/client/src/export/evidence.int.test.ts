import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { LEDGER } from '@countersign/schema/ids'
import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../test/memory-store.ts'
import { memberDraft, Person, removalDraft, vaultDraft } from '../../test/people.ts'
import { ReplicaFixture } from '../../test/replica-fixture.ts'
import { type Tamper, tampering } from '../../test/tampering.ts'
import { live, QUICK, until } from '../../test/team.ts'
import { systemClock } from '../replica/clock.ts'
import { DeviceSession } from '../session/device-session.ts'
import { wsConnector } from '../transport/ws-connector.ts'
import { auditExport } from './audit-export.ts'
import { evidenceSource } from './export-source.ts'
import { writeExport } from './write-export.ts'

const AGENT = resolve(import.meta.dirname, '../../../../apps/agent/src/main.ts')
const at = new ReplicaFixture()

const deviceOf = (person: Person, tamper?: Tamper): Promise<DeviceSession> =>
  DeviceSession.open({
    store: memoryStore(),
    membership: {
      team: at.team.id,
      member: person.member,
      signKey: Uint8Array.from(person.keys.sign.publicKey),
      genesisHash: Uint8Array.from(at.team.genesisHash),
      server: { url: at.team.server.url, id: Uint8Array.from(at.team.server.id) },
      waysIn: [],
      floors: [],
      unconfirmedSince: null,
      sheetKept: false,
    },
    device: person.device,
    deviceSecret: person.deviceSecret,
    connect: tamper === undefined ? wsConnector : tampering(tamper),
    clock: systemClock,
    log: () => undefined,
    timing: QUICK ?? {},
  })

/** Exit code and report of the verifying command, run as its own program on the evidence of a device. */
const verdictOn = async (device: DeviceSession) => {
  const { source, disclosure } = await evidenceSource(device)
  const path = join(await at.folder(), 'evidence.csaudit')
  const options = { createdAt: Date.now(), disclosure }
  await writeExport(path, auditExport(source, options), new AbortController().signal)
  const again: Uint8Array[] = []
  for await (const chunk of auditExport(source, options)) again.push(chunk)
  expect(Buffer.concat(again).equals(await readFile(path)), 'the same history gives the same bytes').toBe(
    true,
  )
  const args = [AGENT, 'evidence', 'verify', '--json', path]
  const { code, stdout } = await promisify(execFile)(process.execPath, args).then(
    ({ stdout }) => ({ code: 0, stdout }),
    (error: { code: number; stdout: string }) => error,
  )
  return { code, report: JSON.parse(stdout).files[0] }
}

describe('Evidence of an alarm', () => {
  it('T24 the statement of who saw more convicts, offline and without anybody’s keys; both heads are signed', async () => {
    let from = Number.MAX_SAFE_INTEGER
    const suppress: Tamper = (message) => {
      if (message.type !== 'entries' || message.stream !== LEDGER) return [message]
      const entries = message.entries.slice(0, Math.max(0, from - message.from))
      return entries.length === 0 && message.ref === null ? [] : [{ ...message, entries }]
    }
    const founder = await at.replicaOf(at.team.founder)
    await live(founder)
    const [leaver, witness] = [new Person(), new Person()]
    await at.append(founder, memberDraft(at.team.id, leaver), memberDraft(at.team.id, witness))
    const device = await deviceOf(witness, suppress)
    try {
      await live(device.replica)
      from = 3
      await at.append(founder, removalDraft(leaver, [at.team.founder, witness]))
      await until(device.replica, ({ connection }) => connection === 'alarm')
      const { code, report } = await verdictOn(device)
      expect(code).toBe(1)
      expect(report).toMatchObject({ verdict: 'convicts', reason: 'evidence', opened: 'none' })
      expect(report.findings).toMatchObject([
        { kind: 'convicts', code: 'truncated' },
        { kind: 'convicts', code: 'truncated' },
      ])
      expect(report.findings[0].message).toContain(at.team.founder.device.slice(0, 8))
      // What this device itself had verified stands beside it, signed as well.
      expect(report.streams).toMatchObject([{ stream: LEDGER, entries: 3, witnessedBy: 1 }])
    } finally {
      await device.stop()
    }
  })

  it('T24 an entry that the server made up is kept as one that nobody signed, and convicts nobody in the team', async () => {
    const founder = await at.replicaOf(at.team.founder)
    await live(founder)
    const witness = new Person()
    await at.append(founder, memberDraft(at.team.id, witness))
    // The server shows this device another entry in place of the newest: here with a broken signature, as it has no member’s key.
    let forking = false
    const fork: Tamper = (message) => {
      if (!forking || message.type !== 'entries' || message.stream !== LEDGER) return [message]
      const bytes = Uint8Array.from(message.entries[0]!)
      bytes[bytes.length - 1]! ^= 1
      return [{ ...message, from: message.from, entries: [bytes] }]
    }
    const device = await deviceOf(witness, fork)
    try {
      await live(device.replica)
      forking = true
      await at.append(founder, vaultDraft())
      await until(device.replica, ({ connection }) => connection === 'alarm')
      const { report } = await verdictOn(device)
      expect(report.remarks.map(({ code }: { code: string }) => code)).toContain('evidence.unsigned')
      expect(report.approvals.failed).toBe(0)
    } finally {
      await device.stop()
    }
  })
})

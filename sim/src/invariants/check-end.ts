import { AuditTimeline } from '@countersign/client/audit/audit-timeline'
import { openItemKey, openRelease } from '@countersign/client/items/item-blobs'
import { openAsHolder, openedValue } from '@countersign/client/items/item-values'
import type { UnlockedSession } from '@countersign/client/session/unlocked-session'
import { CryptoError } from '@countersign/crypto/crypto-error'
import { parseCompartmentContent } from '@countersign/ledger/compartment-content'
import { parsePlain } from '@countersign/ledger/plain-content'
import { mayRead } from '@countersign/ledger/projection'
import { requestStatus } from '@countersign/ledger/quorum'
import { decodeEntry } from '@countersign/schema/entry'
import { auditStream, compartmentStream, LEDGER } from '@countersign/schema/ids'
import type { World } from '../run/world.ts'
import type { Machine } from '../team/machine.ts'
import { activeMachines } from './active-machines.ts'

const opens = (work: () => { wipe(): void }): boolean => {
  try {
    work().wipe()
    return true
  } catch (error) {
    if (error instanceof CryptoError) return false
    throw error
  }
}

/** With every key that a removed member ever came by, and every byte the server has: nothing later opens. */
const checkRemoved = (world: World, machine: Machine): void => {
  const { session } = machine
  const store = world.server.store
  const member = world.facts.members[machine.name]
  const anyone = activeMachines(world)[0]?.session
  if (session === null || store === null || anyone == null || member === undefined) return
  const removedAt = anyone.ledger.projection.members.get(member)?.removedAt
  if (removedAt == null) return
  const { team } = world.facts
  for (const environment of [world.facts.production, world.facts.development]) {
    for (const { bytes } of store.tables.stream(team, compartmentStream(environment))) {
      const { envelope } = decodeEntry(bytes)
      const content = parseCompartmentContent(envelope)
      if (content?.type !== 'item.put' || (envelope.ledger?.seq ?? 0) < removedAt) continue
      for (let epoch = 0; epoch <= content.plain.epoch + 1; epoch++) {
        const key = session.ring.valueKey(environment, epoch)
        if (key !== null && opens(() => openItemKey(team, environment, content.plain, key))) {
          world.oracle.fail('removed-blind', `${machine.name} opens ${environment} ${envelope.seq}`)
        }
      }
    }
  }
  for (const { bytes } of store.tables.stream(team, LEDGER).slice(removedAt + 1)) {
    const content = parsePlain(decodeEntry(bytes).envelope)
    if (content?.type !== 'grant.issue' && content?.type !== 'grant.release') continue
    for (const release of content.plain.releases) {
      if (opens(() => openRelease(team, world.facts.production, release, session.deviceKem))) {
        world.oracle.fail('removed-blind', `${machine.name} is given a key after its removal`)
      }
    }
  }
}

const readsStill = (machine: Machine | undefined, stream: string | undefined): boolean =>
  machine?.device != null &&
  stream !== undefined &&
  mayRead(machine.device.replica.projection, machine.file.device, stream)

/** Every offline change that was acknowledged landed once, or waits for a person to choose. */
const checkIntents = (world: World): void => {
  const store = world.server.store
  if (store === null) return
  const { team } = world.facts
  const counts = new Map<string, number>()
  const streamOf = new Map<string, string>()
  for (const stream of store.tables.streams(team)) {
    for (const { id } of store.tables.stream(team, stream)) {
      counts.set(id, (counts.get(id) ?? 0) + 1)
      streamOf.set(id, stream)
    }
  }
  for (const [id, { machine, conflict, waits, given }] of world.oracle.intents) {
    const landed = counts.get(id) ?? 0
    const author = activeMachines(world).find((each) => each.name === machine)
    const active = author !== undefined
    if (landed > 1) world.oracle.fail('intent-once', `a change of ${machine} stands ${landed} times`)
    if (landed === 0 && active && !conflict && !given) {
      world.oracle.fail('intent-once', `a change of ${machine} ${waits ? 'still waits' : 'never landed'}`)
    }
    // Who lost the environment meanwhile is shown nothing more of it, and cannot know that the change had landed.
    if (landed === 1 && conflict && waits && readsStill(author, streamOf.get(id))) {
      world.oracle.fail('intent-once', `a change of ${machine} landed and is kept as a conflict as well`)
    }
  }
}

/** No value was written twice, under whatever ids. */
const checkValuesOnce = async (world: World, session: UnlockedSession): Promise<void> => {
  const seen = new Map<string, string>()
  for (const environment of [world.facts.production, world.facts.development]) {
    for (const record of session.index(environment)?.list() ?? []) {
      for (const version of record.history) {
        if (version.deleted) continue
        const opened = await openAsHolder(session, record, version)
        if (!opened.ok) continue
        const value = openedValue(session.team, opened.value).api_key ?? ''
        const place = `${record.item} ${version.seq}`
        if (seen.has(value))
          world.oracle.fail('intent-once', `one change stands at ${seen.get(value)} and ${place}`)
        seen.set(value, place)
      }
    }
  }
}

const checkAudit = async (world: World, session: UnlockedSession): Promise<void> => {
  const events = await AuditTimeline.of(session).read()
  const counts = new Map<string, number>()
  for (const event of events) {
    if (event.source !== 'device' || event.record.outcome !== 'ok') continue
    const { action, binding, version, count, unrecorded } = event.record
    // What a policy let by is on record by its counts, from when the disk had room again.
    const reads = action === 'credential.read' ? [{ version, count }] : (unrecorded?.reads ?? [])
    for (const read of reads) {
      const key = `${event.device} ${binding} ${read.version}`
      counts.set(key, (counts.get(key) ?? 0) + read.count)
    }
  }
  const served = new Map<string, number>()
  for (const { device, binding, version } of world.oracle.reads) {
    const key = `${device} ${binding} ${version}`
    served.set(key, (served.get(key) ?? 0) + 1)
  }
  for (const [key, count] of served) {
    const device = key.slice(0, 32)
    // A removed device cannot send what it still had to report.
    if (world.server.store?.tables.head(world.facts.team, auditStream(device)) === null) continue
    if (session.ledger.projection.devices.get(device)?.removedAt != null) continue
    if (
      (session.ledger.projection.members.get(session.ledger.projection.devices.get(device)?.member ?? '')
        ?.removedAt ?? null) !== null
    )
      continue
    if ((counts.get(key) ?? 0) < count) {
      world.oracle.fail('read-audited', `${count} reads were served, ${counts.get(key) ?? 0} are on record`)
    }
  }
}

/** What a holder and an auditor find when everything is calm. Runs inside the world's time. */
export const checkEnd = async (world: World): Promise<void> => {
  for (const machine of world.machines.values()) checkRemoved(world, machine)
  if (world.hostile) return
  checkIntents(world)
  const active = activeMachines(world)
  const holder = active.find(({ name }) => name === 'ada' || name === 'abel')
  if (holder?.session != null && holder.process !== null) {
    const { session } = holder
    await world.drive(
      holder.process.run(() => checkValuesOnce(world, session)),
      'values are compared',
    )
    for (const id of session.ledger.open) {
      const status = requestStatus(session.ledger, id, holder.now())
      const body = session.ledger.requests.get(id)?.body
      const asker = active.find((each) => world.facts.members[each.name] === body?.requester)
      if (status?.state === 'awaiting_release' && body?.kind === 'binding' && asker !== undefined) {
        const items = body.terms.items.every(
          (item) => session.index(body.terms.environment)?.get(item)?.current.deleted === false,
        )
        if (items) world.oracle.fail('converges', `${id.slice(0, 6)} has its quorum and was not released`)
      }
    }
  }
  const auditor = active.find(({ name }) => name === 'ada')
  if (auditor?.session != null && auditor.process !== null) {
    const { session } = auditor
    await world.drive(
      auditor.process.run(() => checkAudit(world, session)),
      'the audit is read',
    )
  }
}

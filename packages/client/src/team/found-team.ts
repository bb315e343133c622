import { memberKeys } from '@countersign/crypto/derive'
import type { Secret } from '@countersign/crypto/secret'
import type { Head } from '@countersign/schema/entry'
import type { Enrolment } from '../keys/enrolment.ts'
import type { Membership } from '../keys/installation.ts'
import { wayInOfKey, wayInOfRecovery } from '../keys/ways-in.ts'
import type { NewMember } from '../members/new-member.ts'
import { type Outcome, ok, refuse } from '../refusal.ts'
import type { Connector } from '../transport/connector.ts'
import { createTeam } from '../transport/create-team.ts'
import { buildGenesis, type Genesis } from './genesis.ts'

/** An installation's place in a team: the ways in of an enrolled member, each with genesis hash and head as its floor (P11). */
export const joinedTeam = (
  enrolment: Enrolment,
  place: { genesisHash: Uint8Array; head: Head; server: { url: string; id: Uint8Array } },
): Membership => {
  const { team, member, root } = enrolment
  const keys = memberKeys(root)
  const rootPlace = { team, member, root, genesisHash: place.genesisHash, head: place.head }
  const recovery = enrolment.recoveryKeys()
  const waysIn = enrolment.keys.map((key) => wayInOfKey(rootPlace, key))
  if (recovery !== null) {
    waysIn.push(wayInOfRecovery(rootPlace, recovery))
    recovery.kek.wipe()
  }
  const { genesisHash, head, server } = place
  return {
    team,
    member,
    signKey: Uint8Array.from(keys.sign.publicKey),
    genesisHash: Uint8Array.from(genesisHash),
    server: { url: server.url, id: Uint8Array.from(server.id) },
    waysIn,
    floors: [{ seq: head.seq, hash: Uint8Array.from(head.hash) }],
    unconfirmedSince: null,
    sheetKept: false,
  }
}

/** Who an enrolment makes, with their installation. */
export const newMemberOf = (
  enrolment: Enrolment,
  device: { device: string; deviceSecret: Secret },
  names: { name: string; deviceName: string },
): NewMember => ({
  member: enrolment.member,
  root: enrolment.root,
  device: device.device,
  deviceSecret: device.deviceSecret,
  recovery: enrolment.recovery === 'confirmed',
  name: names.name,
  deviceName: names.deviceName,
  credentials: enrolment.keys.map((key) => key.record),
  labels: enrolment.keys.map((key) => key.label),
})

export interface TeamToFound {
  readonly enrolment: Enrolment
  /** 32 bytes; `enrolment.team` is made from it and the founder's signing key. */
  readonly nonce: Uint8Array
  readonly device: { readonly device: string; readonly deviceSecret: Secret }
  readonly name: string
  readonly deviceName: string
  readonly teamName: string
  readonly server: string
  readonly setupToken: string
  readonly connect: Connector
  readonly now: number
}

/** The genesis entry of a team to be. Made once and kept: asking the server again with the same entry is answered alike. */
export const genesisOf = (plan: TeamToFound): Genesis =>
  buildGenesis(
    plan.enrolment.team,
    plan.nonce,
    plan.teamName,
    newMemberOf(plan.enrolment, plan.device, { name: plan.name, deviceName: plan.deviceName }),
    plan.now,
  )

/** Creates the team on the server. Nothing is written here: the caller keeps what it returns. */
export const foundTeam = async (plan: TeamToFound, genesis: Genesis): Promise<Outcome<Membership>> => {
  const { enrolment, server, setupToken, connect } = plan
  const created = await createTeam({
    connect,
    url: server,
    setupToken,
    team: enrolment.team,
    genesis: genesis.entry,
  })
  if (!created.ok) {
    const fix =
      created.code === 'setup.refused'
        ? 'Ask whoever runs the server for a fresh set-up token.'
        : 'Check the server’s address and try again.'
    return refuse(created.code, created.message, fix)
  }
  return ok(
    joinedTeam(enrolment, {
      genesisHash: genesis.hash,
      head: { seq: 0, hash: genesis.hash },
      server: { url: server, id: created.server },
    }),
  )
}

import { encode, mapOf } from './cbor.ts'
import type { Entry } from './entry.ts'
import { Fields } from './fields.ts'
import { FormatError } from './format-error.ts'
import { hashFor, hex, same } from './hashes.ts'
import { signedUnder } from './signatures.ts'
import { challengeFor, touchProblem } from './touch.ts'

/** `…At`: seq of the ledger entry that did it; `removedAt`, `retiredAt` null while that did not happen. */
export interface Member {
  readonly member: string
  readonly signKey: Uint8Array
  roles: readonly string[]
  readonly addedAt: number
  removedAt: number | null
  name: string | null
}
export interface Device {
  readonly device: string
  readonly member: string
  readonly signKey: Uint8Array
  readonly addedAt: number
  removedAt: number | null
}
export interface Credential {
  readonly credentialId: Uint8Array
  readonly publicKey: Uint8Array
  readonly member: string
  readonly addedAt: number
  retiredAt: number | null
}

interface Newcomer {
  readonly member: Fields
  readonly device: Fields
  readonly credentials: readonly Fields[]
}

const newcomerOf = (plain: Fields): Newcomer => ({
  member: plain.fields('member'),
  device: plain.fields('device'),
  credentials: plain.list('credentials').map((each) => new Fields(each)),
})

/**
 * Whose keys are whose, from the clear part of the ledger alone, in its order. An entry that may not do what it does changes nothing, as
 * in the app; what only the sealed part could tell (policies, quorums) is not judged here.
 */
export class People {
  readonly members = new Map<string, Member>()
  readonly devices = new Map<string, Device>()
  readonly credentials = new Map<string, Credential>()
  team: string | null = null

  nameOf(member: string): string {
    return this.members.get(member)?.name ?? `member ${member.slice(0, 8)}`
  }

  /** The key that must have signed an entry, and null where nobody known could have. */
  authorKey(entry: Entry): Uint8Array | null {
    if (entry.stream === 'ledger' && entry.seq === 0) {
      const member = entry.plain.fields('member')
      return member.id('member') === entry.member ? member.bytes('signKey', 32) : null
    }
    const member = this.members.get(entry.member)
    if (member === undefined) return null
    const device = this.devices.get(entry.device)
    if (entry.stream.startsWith('a/')) return device?.member === entry.member ? device.signKey : null
    const adds = entry.type === 'device.add' && entry.plain.fields('device').id('device') === entry.device
    return device?.member === entry.member || (device === undefined && adds) ? member.signKey : null
  }

  /** Takes in the ledger's next entry, its signature verified; says why it changes nothing, or null. */
  take(entry: Entry): string | null {
    if (entry.seq === 0) return this.#found(entry)
    const author = this.members.get(entry.member)
    const device = this.devices.get(entry.device)
    if (author === undefined || author.removedAt !== null) return 'its author was no longer in the team'
    if (device !== undefined && device.removedAt !== null) return 'its device was no longer in the team'
    try {
      return this.#change(entry, author)
    } catch (error) {
      if (error instanceof FormatError) return `it is malformed: ${error.message}`
      throw error
    }
  }

  #change(entry: Entry, author: Member): string | null {
    const { plain, seq } = entry
    const admin = author.roles.includes('admin')
    switch (entry.type) {
      case 'member.add':
        return admin || plain.has('authority')
          ? this.#add(entry, newcomerOf(plain))
          : 'its author is no admin'
      case 'member.roles': {
        const member = this.members.get(plain.id('member'))
        if (!admin || member === undefined) return 'its author is no admin'
        member.roles = plain.list('roles').filter((role) => typeof role === 'string')
        return null
      }
      case 'member.remove': {
        const member = this.members.get(plain.id('member'))
        if (!admin || member === undefined || member === author)
          return 'its author may not remove this member'
        member.removedAt = seq
        return null
      }
      case 'device.add':
        return this.#addDevice(entry, author.member, author.signKey, plain.fields('device'))
      case 'device.remove': {
        const device = this.devices.get(plain.id('device'))
        if (device === undefined || (device.member !== author.member && !admin)) return 'its author may not'
        device.removedAt = seq
        return null
      }
      case 'credential.add':
        return this.#addCredential(entry, author.member, plain.fields('credential'))
      case 'credential.retire': {
        const credential = this.credentials.get(hex(plain.bytes('credentialId')))
        if (credential === undefined || (credential.member !== author.member && !admin))
          return 'its author may not'
        credential.retiredAt = seq
        return null
      }
      default:
        return null
    }
  }

  /** A team's id is a hash of its first member's key, so that no other first entry can stand for it. */
  #found(entry: Entry): string | null {
    const { plain } = entry
    const nonce = plain.bytes('nonce', 32)
    const signKey = plain.fields('member').bytes('signKey', 32)
    const team = hex(hashFor('team-id', encode(mapOf({ nonce, signKey }))).subarray(0, 16))
    if (entry.type !== 'team.create' || team !== entry.team) return 'it is not the first entry of this team'
    this.team = team
    return this.#add(entry, newcomerOf(plain))
  }

  #add(entry: Entry, { member, device, credentials }: Newcomer): string | null {
    const id = member.id('member')
    if (this.members.has(id)) return 'the member is there already'
    const signKey = member.bytes('signKey', 32)
    const roles = member.list('roles').filter((role) => typeof role === 'string')
    this.members.set(id, { member: id, signKey, roles, addedAt: entry.seq, removedAt: null, name: null })
    const problem =
      this.#addDevice(entry, id, signKey, device) ??
      credentials.map((each) => this.#addCredential(entry, id, each)).find((each) => each !== null) ??
      null
    if (problem === null) return null
    this.members.delete(id)
    this.devices.delete(device.id('device'))
    for (const each of credentials) {
      const known = hex(each.bytes('credentialId'))
      if (this.credentials.get(known)?.addedAt === entry.seq) this.credentials.delete(known)
    }
    return problem
  }

  #addDevice(entry: Entry, member: string, signKey: Uint8Array, record: Fields): string | null {
    const device = record.id('device')
    const key = record.bytes('signKey', 32)
    if (this.devices.has(device)) return 'the device is there already'
    for (const known of this.devices.values())
      if (same(known.signKey, key)) return 'the device’s key is another’s'
    const certified = mapOf({
      team: entry.team,
      member,
      device,
      signKey: key,
      kemKey: record.bytes('kemKey'),
    })
    if (!signedUnder(signKey, 'device-cert', encode(certified), record.bytes('signature', 64))) {
      return 'the member’s key did not certify the device'
    }
    this.devices.set(device, { device, member, signKey: key, addedAt: entry.seq, removedAt: null })
    return null
  }

  #addCredential(entry: Entry, member: string, record: Fields): string | null {
    const credentialId = record.bytes('credentialId')
    const publicKey = record.bytes('publicKey')
    if (this.credentials.has(hex(credentialId))) return 'the security key is there already'
    for (const known of this.credentials.values()) {
      if (same(known.publicKey, publicKey)) return 'the security key is another’s'
    }
    const challenge = challengeFor('enrol', { team: entry.team, member, credentialId, publicKey })
    const problem = touchProblem(record.fields('proof'), { credentialId, publicKey }, challenge)
    if (problem !== null) return `the security key did not sign its enrolment: ${problem}`
    this.credentials.set(hex(credentialId), {
      credentialId,
      publicKey,
      member,
      addedAt: entry.seq,
      retiredAt: null,
    })
    return null
  }
}

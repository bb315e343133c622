import { inviteKeys } from '@countersign/crypto/invite-key'
import type { KeyPair } from '@countersign/crypto/key-pair'
import { randomBytes } from '@countersign/crypto/random'
import { Secret } from '@countersign/crypto/secret'
import { sign } from '@countersign/crypto/sign'
import type { Head } from '@countersign/schema/entry'
import type { Replica } from '../replica/replica.ts'
import { ExchangeDriver } from './exchange-driver.ts'
import { encodeInviteLink } from './invite-link.ts'
import type { InviteAbout } from './invite-messages.ts'
import { INVITER_START, type InviterEvent, type InviterState, inviterStep } from './inviter-exchange.ts'
import type { WireRefusal } from './mailbox-wire.ts'
import { replicaMailbox } from './replica-mailbox.ts'
import { INVITE_NONCE_PURPOSE, nonceStatement } from './transcript.ts'

export interface OpenInviteOptions {
  readonly replica: Pick<Replica, 'request' | 'onMailbox' | 'onStatus' | 'status' | 'now'>
  readonly identity: { readonly team: string; readonly member: string; readonly genesisHash: Uint8Array }
  readonly server: { readonly url: string; readonly id: Uint8Array }
  /** The inviter's member key: signs the nonce step and is named in the link. */
  readonly signKey: KeyPair
  /** The ledger as it is now, the newcomer's floor. */
  readonly head: Head
  readonly about: InviteAbout
  /** At most seven days from now. */
  readonly expiresAt: number
  /** What an earlier run of the program kept of this invite. */
  readonly resume?: { readonly secret: Secret; readonly nonce: Uint8Array }
  readonly onState: (state: InviterState) => void
  /** The server ended it: `mailbox.expired`, `mailbox.full`, `mailbox.unknown`, … */
  readonly onRefused?: (refusal: WireRefusal) => void
}

export interface OpenInvite {
  readonly ok: true
  /** To be given to one person by a channel that knows them; holds the one-time secret. */
  readonly link: string
  readonly mailbox: Uint8Array
  /** For `resume`: to be kept sealed, or not at all. */
  readonly secret: Secret
  readonly nonce: Uint8Array
  state(): InviterState
  /** The code is the same on both sides. `agreed` follows once the newcomer has said so too. */
  confirm(): void
  decline(reason: string): void
  /** After the newcomer's `member.add` (with this transcript's hash) is in the ledger. Resolves once the newcomer can know. */
  accepted(head: Head): Promise<void>
  /** Ends it on the server too and wipes the secret. */
  close(): Promise<void>
}

/** Opens an invite's mailbox and runs the inviter's side (P12). Refusals: the server's (`mailbox.full`, `offline`, …). */
export const openInvite = async (
  options: OpenInviteOptions,
): Promise<OpenInvite | ({ ok: false } & WireRefusal)> => {
  const { replica, identity, server, signKey, about, expiresAt, head } = options
  const secret = options.resume?.secret ?? Secret.random()
  const nonce = options.resume?.nonce ?? randomBytes(32)
  const keys = inviteKeys(secret)
  const mailbox = keys.sign.publicKey
  const { team, member, genesisHash } = identity
  const ground = { server: server.id, team, genesisHash, mailbox, inviter: signKey.publicKey, expiresAt }
  const signNonce = (commitment: Uint8Array): Uint8Array =>
    sign(signKey.secretKey, INVITE_NONCE_PURPOSE, nonceStatement(ground, commitment, nonce, about))
  const driver = new ExchangeDriver<InviterState, InviterEvent>({
    key: { team, mailbox, seal: keys.seal },
    start: INVITER_START,
    step: (state, event) => inviterStep({ ...ground, about, nonce, signNonce }, state, event, replica.now()),
    onSlot: (message) => ({ type: 'slot', message }),
    altered: { type: 'altered' },
    onState: options.onState,
    onRefused: (refusal) => options.onRefused?.(refusal),
  })
  const wire = await replicaMailbox(replica, mailbox, expiresAt, {
    onSlot: (slot, blob) => driver.received(slot, blob),
    onRefused: (refusal) => options.onRefused?.(refusal),
  })
  if ('code' in wire) return { ok: false, ...wire }
  driver.attach(wire)
  const inviter = { member, signKey: signKey.publicKey }
  return {
    ok: true,
    link: encodeInviteLink({
      url: server.url,
      server: server.id,
      team,
      genesisHash,
      head,
      inviter,
      secret,
      expiresAt,
    }),
    mailbox,
    secret,
    nonce,
    state: () => driver.state,
    confirm: () => driver.dispatch({ type: 'confirm' }),
    decline: (reason) => driver.dispatch({ type: 'decline', reason }),
    accepted: async (added) => {
      driver.dispatch({ type: 'added', head: added })
      await driver.flushed()
    },
    close: async () => {
      driver.stop()
      await wire.close()
      secret.wipe()
    },
  }
}

import type { KeyPair } from '@countersign/crypto/key-pair'
import type { Head } from '@countersign/schema/entry'

/** Who this installation is, and what it pinned when it joined (P11, P14). */
export interface DeviceIdentity {
  readonly team: string
  readonly member: string
  readonly device: string
  /** The device key: logs in, signs audit entries and seen statements, nothing else. */
  readonly signKey: KeyPair
  readonly server: { readonly url: string; readonly id: Uint8Array }
  /** Hash of the team's first entry. */
  readonly genesisHash: Uint8Array
  /** Ledger heads known from elsewhere (wrapped root, recovery sheet, invite): the ledger must contain them. */
  readonly floors: readonly Head[]
  /** Logs in while the ledger has no such device, to add it (P11); only for the time that the vault is open. */
  readonly memberSign?: KeyPair
}

import { KeysAtHand } from '@countersign/client/authenticator/keys-at-hand'
import { SoftwareAuthenticator } from '@countersign/crypto/software-authenticator'

/** A person's security keys, in their pocket: real ES256 and PRF, no file. */
export class MemoryKeys extends KeysAtHand {
  constructor(serialized: readonly Uint8Array[] = []) {
    super(serialized.map((each) => SoftwareAuthenticator.restore(each)))
  }

  serialize(): Uint8Array[] {
    return this.keys.map((key) => key.serialize())
  }
}

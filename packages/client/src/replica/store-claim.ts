import { encodeCanonical } from '@countersign/schema/canonical'
import { ClientError } from '../client-error.ts'
import type { LocalStore } from '../store/local-store.ts'
import type { DeviceIdentity } from './device-identity.ts'

const KEY = 'replica/identity'

/** A store is one device's of one team, for good. Throws ClientError `replica.other_team`. */
export const claimStore = async (store: LocalStore, identity: DeviceIdentity): Promise<void> => {
  const { team, device, genesisHash } = identity
  const claim = encodeCanonical({ team, device, genesisHash })
  const before = await store.get(KEY)
  if (before === undefined) return store.batch({ puts: [[KEY, claim]] }, { durable: true })
  if (Buffer.compare(before, claim) !== 0) {
    throw new ClientError('replica.other_team', 'the local store belongs to another team or device', {
      fix: 'Use the profile folder that belongs to this team, or an empty one.',
    })
  }
}

import { localStoreContract } from '@countersign/client/test/local-store-contract'
import { cryptoReady } from '@countersign/crypto/ready'
import { storeContract } from '@countersign/sync-server/test/store-contract'
import { beforeAll } from 'vitest'
import { DiskLocalStore } from '../src/disk/disk-local-store.ts'
import { DiskServerStore } from '../src/disk/disk-server-store.ts'
import { SimDisk } from '../src/disk/sim-disk.ts'
import { SeededRandom } from '../src/runtime/seeded-random.ts'

beforeAll(() => cryptoReady())

const newDisk = (): SimDisk =>
  new SimDisk({ random: new SeededRandom('stores'), delay: () => Promise.resolve() })

localStoreContract('simulated disk', async () => new DiskLocalStore(newDisk()))

storeContract('simulated disk', () => {
  const disk = newDisk()
  return {
    open: () => DiskServerStore.open(disk),
    reopen: (store) => {
      disk.powerLost()
      return store.close().then(() => DiskServerStore.open(disk))
    },
    fill: async () => {
      disk.capacity = disk.size + 100_000
      return async () => {
        disk.capacity = Number.POSITIVE_INFINITY
      }
    },
    dispose: (store) => store.close(),
  }
})

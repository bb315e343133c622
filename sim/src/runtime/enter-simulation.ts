import { cryptoReady } from '@countersign/crypto/ready'
import { enterRandomness, installSeededCrypto } from './seeded-crypto.ts'
import { SeededRandom } from './seeded-random.ts'
import { installVirtualTimers } from './virtual-timers.ts'

/** From here on this process has no time and no chance of its own. To be called once, before any world is made. */
export const enterSimulation = async (): Promise<void> => {
  installSeededCrypto()
  enterRandomness(new SeededRandom('before any world'))
  await cryptoReady()
  installVirtualTimers()
}

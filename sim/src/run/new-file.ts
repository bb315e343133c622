import { randomBytes } from '@countersign/crypto/random'
import { newId } from '@countersign/schema/ids'
import type { MachineFile } from '../team/machine.ts'

/** What a fresh installation writes down. */
export const newFile = (name: string): MachineFile => ({
  name,
  device: newId(),
  deviceSecret: randomBytes(32),
  membership: null,
  keys: [],
})

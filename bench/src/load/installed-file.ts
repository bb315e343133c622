import { readFileSync, writeFileSync } from 'node:fs'
import { deserialize, serialize } from 'node:v8'
import { SoftwareKeys } from '@countersign/client/authenticator/software'
import { Secret } from '@countersign/crypto/secret'
import type { Installed } from './bench-team.ts'

/** Hands an installation of the bench's throw-away team to another process of the bench. */
export const writeInstalled = (file: string, installed: Installed, keysFolder: string): void => {
  const { membership, device, deviceSecret, storePath, environment } = installed
  writeFileSync(
    file,
    serialize({
      membership,
      device,
      deviceSecret: deviceSecret.expose(),
      storePath,
      environment,
      keysFolder,
    }),
  )
}

export const readInstalled = (file: string): Installed => {
  const { keysFolder, deviceSecret, ...rest } = deserialize(readFileSync(file))
  return { ...rest, deviceSecret: Secret.take(deviceSecret), keys: new SoftwareKeys(keysFolder) }
}

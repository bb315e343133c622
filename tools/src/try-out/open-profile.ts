import { SoftwareKeys } from '@countersign/client/authenticator/software'
import { InstallationFolder } from '@countersign/client/keys/installation'
import { unlockWithKey } from '@countersign/client/keys/ways-in'
import { systemClock } from '@countersign/client/replica/clock'
import { DeviceSession } from '@countersign/client/session/device-session'
import { UnlockedSession } from '@countersign/client/session/unlocked-session'
import { openLevelStore } from '@countersign/client/store/level-store'
import { wsConnector } from '@countersign/client/transport/ws-connector'
import { cryptoReady } from '@countersign/crypto/ready'
import { Secret } from '@countersign/crypto/secret'

export interface OpenProfile {
  readonly keys: SoftwareKeys
  readonly device: DeviceSession
  readonly session: UnlockedSession
  close(): Promise<void>
}

/** A try-out profile opened by a program that has every key of its member and none of the app's checks. Its own core is stopped. */
export const openProfile = async (profileDir: string): Promise<OpenProfile> => {
  await cryptoReady()
  const profile = new InstallationFolder(profileDir)
  const installation = profile.read()
  if (installation?.membership == null) throw new Error('this profile is in no team')
  const keys = new SoftwareKeys(profile.softwareKeysPath)
  const unlocked = await unlockWithKey(installation.membership, installation.device, keys)
  if (!unlocked.ok) throw new Error(unlocked.code)
  const deviceSecret = Secret.take(Uint8Array.from(installation.deviceSecret.bytes))
  const store = await openLevelStore(profile.storePath)
  const device = await DeviceSession.open({
    store,
    membership: installation.membership,
    device: installation.device,
    deviceSecret,
    connect: wsConnector,
    clock: systemClock,
    log: () => undefined,
  })
  const session = await UnlockedSession.open(device, deviceSecret, unlocked.value.root)
  return {
    keys,
    device,
    session,
    close: async () => {
      session.stop()
      await device.stop()
      await store.close()
    },
  }
}

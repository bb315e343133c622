import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

// sockaddr_un.sun_path holds 108 bytes on Linux and 104 on macOS, with a final zero; the socket's name takes some of them.
const LONGEST_RUNTIME_DIR = 80

export interface ProfileDirs {
  profileDir: string
  /** For the Unix socket and the discovery file. */
  runtimeDir: string
}

/**
 * Where an installation's socket and discovery file lie. The person's one default installation uses the place programs look in
 * (`$XDG_RUNTIME_DIR/countersign`); any other keeps them inside its profile, or, where that path is too long for a socket,
 * in a folder of the temporary directory named after it.
 */
export const profileDirs = (profile: string, isDefault: boolean, env: NodeJS.ProcessEnv): ProfileDirs => {
  const profileDir = resolve(profile)
  const shared = env.XDG_RUNTIME_DIR
  if (isDefault && shared !== undefined && shared !== '')
    return { profileDir, runtimeDir: join(shared, 'countersign') }
  const inside = join(profileDir, 'run')
  if (Buffer.byteLength(inside) <= LONGEST_RUNTIME_DIR) return { profileDir, runtimeDir: inside }
  const digest = createHash('sha256').update(profileDir).digest('hex').slice(0, 16)
  return { profileDir, runtimeDir: join(tmpdir(), `countersign-${digest}`) }
}

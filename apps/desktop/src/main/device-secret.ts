import { safeStorage } from 'electron'

/**
 * Whether the system can keep a secret for this user. On Linux `basic_text` is a fixed password, which is worse than
 * a 0600 file because it looks like more.
 */
export const canWrap = (): boolean => {
  if (!safeStorage.isEncryptionAvailable()) return false
  if (process.platform !== 'linux') return true
  const backend = safeStorage.getSelectedStorageBackend()
  return backend !== 'basic_text' && backend !== 'unknown'
}

/** Null: no real backend (P14); the core then keeps a 0600 file. */
export const wrap = (bytes: Uint8Array): Uint8Array | null =>
  canWrap() ? new Uint8Array(safeStorage.encryptString(Buffer.from(bytes).toString('base64'))) : null

/** Null: not wrapped here, by this user, or no backend any more. */
export const unwrap = (bytes: Uint8Array): Uint8Array | null => {
  if (!canWrap()) return null
  try {
    return new Uint8Array(Buffer.from(safeStorage.decryptString(Buffer.from(bytes)), 'base64'))
  } catch {
    // The one way safeStorage reports bytes it did not make; the core says what to do about it.
    return null
  }
}

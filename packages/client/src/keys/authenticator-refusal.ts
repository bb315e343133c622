import type { AuthenticatorCode } from '../authenticator/authenticator.ts'
import { type Refusal, refuse } from '../refusal.ts'

const WORDS: Readonly<Record<AuthenticatorCode, readonly [message: string, fix: string]>> = {
  'authenticator.cancelled': ['The touch was cancelled.', 'Try again when you are ready.'],
  'authenticator.timeout': ['No security key was touched in time.', 'Plug the key in and try again.'],
  'authenticator.no_credential': [
    'This security key is not one of yours here.',
    'Use a key that you enrolled on this installation, or your recovery code.',
  ],
  'authenticator.already_enrolled': ['This security key is enrolled already.', 'Use another key.'],
  'authenticator.no_prf': [
    'This security key cannot open a vault: it lacks the PRF (hmac-secret) extension.',
    'Use a FIDO2 key that has it, such as a recent YubiKey, Nitrokey or SoloKey.',
  ],
  'authenticator.user_not_verified': [
    'The security key did not check your PIN or fingerprint.',
    'Set a PIN or fingerprint on the key, then try again.',
  ],
  'authenticator.backup_eligible': [
    'This is a synced passkey: its provider can copy it to other machines.',
    'Use a hardware security key.',
  ],
  'authenticator.not_supported': [
    'This security key or system cannot do what is needed.',
    'Use another security key.',
  ],
  'authenticator.failed': ['The security key did not answer as it should.', 'Plug it in again and retry.'],
}

export const authenticatorRefusal = (code: AuthenticatorCode): Refusal => refuse(code, ...WORDS[code])

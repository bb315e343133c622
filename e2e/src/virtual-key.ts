import type { CDPSession } from 'playwright'

export interface VirtualKeyOptions {
  /** `prf`: answers at create and get. `hmac-secret`: like a real key, enabled at create, answers only at get (newer Chromium). */
  prf: 'prf' | 'hmac-secret' | 'none'
  userVerified?: boolean
  backupEligible?: boolean
}

/** A virtual security key plugged into one window, through the DevTools protocol. */
export class VirtualKey {
  readonly #cdp: CDPSession
  readonly #id: string

  private constructor(cdp: CDPSession, id: string) {
    this.#cdp = cdp
    this.#id = id
  }

  static async plugIn(cdp: CDPSession, options: VirtualKeyOptions): Promise<VirtualKey> {
    await cdp.send('WebAuthn.enable')
    const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        ctap2Version: 'ctap2_1',
        transport: 'usb',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: options.userVerified ?? true,
        automaticPresenceSimulation: true,
        ...(options.prf === 'prf' ? { hasPrf: true } : {}),
        ...(options.prf === 'hmac-secret' ? { hasHmacSecret: true } : {}),
        ...(options.backupEligible === true ? { defaultBackupEligibility: true } : {}),
      },
    })
    return new VirtualKey(cdp, authenticatorId)
  }

  /** Whether a touch comes by itself; several keys can be plugged in with one being touched. */
  async touch(enabled: boolean): Promise<void> {
    await this.#cdp.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId: this.#id, enabled })
  }

  async verifyUser(isUserVerified: boolean): Promise<void> {
    await this.#cdp.send('WebAuthn.setUserVerified', { authenticatorId: this.#id, isUserVerified })
  }

  /** Makes the key answer with something wrong that looks successful. */
  async misbehave(bits: { isBogusSignature?: boolean; isBadUV?: boolean; isBadUP?: boolean }): Promise<void> {
    await this.#cdp.send('WebAuthn.setResponseOverrideBits', { authenticatorId: this.#id, ...bits })
  }

  async unplug(): Promise<void> {
    await this.#cdp.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId: this.#id })
  }
}

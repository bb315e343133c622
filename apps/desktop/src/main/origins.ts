import { RP_ORIGIN } from '@countersign/crypto/rp'

/** Where the app's own pages live: a name nobody can serve (RFC 6761 `.invalid`), answered inside the app only. */
export const APP_ORIGIN = 'https://app.countersign.invalid'
/** Where the ceremony page lives; part of the key format, see the crypto SPEC. */
export const CEREMONY_ORIGIN = RP_ORIGIN

export const APP_PAGE = `${APP_ORIGIN}/renderer/index.html`
export const SIGNING_PAGE = `${APP_ORIGIN}/renderer/signing.html`
export const CEREMONY_PAGE = `${CEREMONY_ORIGIN}/ceremony/ceremony.html`

/**
 * The WebAuthn relying party of every credential. `.invalid` resolves nowhere (RFC 2606 §2), so nobody can serve a page
 * under it over https and ask for a vault's PRF output. Part of the format: another name orphans every credential.
 */
export const RP_ID = 'unlock.countersign.invalid'
export const RP_ORIGIN = 'https://unlock.countersign.invalid'

/**
 * Headers of every page the app serves to itself. No network of any kind, no inline or evaluated script, no frames, no forms,
 * no string may become script (Trusted Types, with no policy allowed to make one).
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'none'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

/** Everything a page could ask the browser for; only the ceremony page may use its security keys. */
const permissionsPolicy = (webauthn: boolean): string =>
  [
    'camera=()',
    'microphone=()',
    'geolocation=()',
    'usb=()',
    'hid=()',
    'serial=()',
    'clipboard-read=()',
    'clipboard-write=()',
    'display-capture=()',
    'payment=()',
    `publickey-credentials-get=${webauthn ? '(self)' : '()'}`,
    `publickey-credentials-create=${webauthn ? '(self)' : '()'}`,
  ].join(', ')

export const securityHeaders = (page: 'app' | 'ceremony'): Record<string, string> => ({
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'permissions-policy': permissionsPolicy(page === 'ceremony'),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-dns-prefetch-control': 'off',
  'cache-control': 'no-store',
})

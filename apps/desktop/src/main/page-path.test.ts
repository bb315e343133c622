import { describe, expect, it } from 'vitest'
import { CONTENT_SECURITY_POLICY, securityHeaders } from './content-policy.ts'
import { APP_ORIGIN, APP_PAGE, CEREMONY_ORIGIN, CEREMONY_PAGE } from './origins.ts'
import { pagePath } from './page-path.ts'

describe('pages served from inside the app', () => {
  it('S3 each origin answers for its own built files', () => {
    expect(pagePath('app', 'GET', APP_PAGE)).toMatchObject({ ok: true, path: 'renderer/index.html' })
    expect(pagePath('app', 'GET', `${APP_ORIGIN}/app/app-Ab_1-x.js?v=1`)).toMatchObject({
      path: 'app/app-Ab_1-x.js',
    })
    expect(pagePath('ceremony', 'GET', CEREMONY_PAGE)).toMatchObject({ path: 'ceremony/ceremony.html' })
  })
  it.each([
    ['app', CEREMONY_PAGE],
    ['app', 'https://example.com/renderer/index.html'],
    ['app', 'https://app.countersign.invalid.example/renderer/index.html'],
    ['app', 'https://user@app.countersign.invalid/renderer/index.html'],
    ['app', 'http://app.countersign.invalid/renderer/index.html'],
    ['app', 'https://app.countersign.invalid:444/renderer/index.html'],
    ['app', 'not an address'],
    ['ceremony', APP_PAGE],
  ] as const)('S3 the session of the %s refuses %s', (realm, url) => {
    expect(pagePath(realm, 'GET', url)).toEqual({ ok: false, status: 403 })
  })
  it.each([
    `${APP_ORIGIN}/`,
    `${APP_ORIGIN}/renderer/../../main/index.js`,
    `${APP_ORIGIN}/renderer/%2e%2e/%2e%2e/main/index.js`,
    `${APP_ORIGIN}/renderer/..%2f..%2fmain%2findex.js`,
    `${APP_ORIGIN}/renderer/..\\main\\index.js`,
    `${APP_ORIGIN}//renderer/index.html`,
    `${APP_ORIGIN}/renderer/index.html%00.js`,
    `${APP_ORIGIN}/ceremony/ceremony.html`,
    `${APP_ORIGIN}/main/core.js`,
    `${APP_ORIGIN}/app/app.js.map`,
    `${APP_ORIGIN}/app/secret.json`,
  ])('S3 %s is not there', (url) => {
    expect(pagePath('app', 'GET', url)).toEqual({ ok: false, status: 404 })
  })
  it('S3 nothing is sent to a page server', () => {
    for (const method of ['POST', 'PUT', 'HEAD', 'OPTIONS'])
      expect(pagePath('app', method, APP_PAGE)).toEqual({ ok: false, status: 405 })
  })
  it('S3 the policy starts from nothing and allows no inline or evaluated script, no network, no frame', () => {
    expect(CONTENT_SECURITY_POLICY).toMatch(/^default-src 'none'; /)
    expect(CONTENT_SECURITY_POLICY).toContain("connect-src 'none'")
    expect(CONTENT_SECURITY_POLICY).toContain("require-trusted-types-for 'script'")
    expect(CONTENT_SECURITY_POLICY).not.toMatch(/unsafe|https:|\*|blob:/)
  })
  it('S3 only the ceremony page may use security keys', () => {
    expect(securityHeaders('app')['permissions-policy']).toContain('publickey-credentials-get=()')
    expect(securityHeaders('ceremony')['permissions-policy']).toContain('publickey-credentials-get=(self)')
  })
  it('S3 the two origins differ', () => {
    expect(APP_ORIGIN).not.toBe(CEREMONY_ORIGIN)
  })
})

import { syncAddress } from '@countersign/client/transport/ws-connector'
import { describe, expect, it } from 'vitest'
import { exactAddress, serverAddress } from './server-address.ts'

describe('P12 the address of a server elsewhere', () => {
  it.each([
    'http://sync.example',
    'http:/sync.example',
    'HTTP:/sync.example',
    'http:\\\\sync.example',
    'h\nttp://sync.example',
    ' http://sync.example',
  ])('without TLS is refused as an invite or a sheet spells it: %j', (url) => {
    // It is one, to whoever connects.
    expect(syncAddress(url)).toMatch(/^ws:\/\/sync\.example\//)
    expect(exactAddress(url)).toMatchObject({ ok: false, code: 'server.insecure' })
  })

  it.each(['https://sync.example', 'http://127.0.0.1:8743', 'http://[::1]:8743'])(
    '%s is taken as it is',
    (url) => {
      expect(exactAddress(url)).toEqual({ ok: true, value: url })
    },
  )

  it('is typed without its scheme, and is one with TLS then', () => {
    expect(serverAddress('sync.example/')).toEqual({ ok: true, value: 'https://sync.example' })
    expect(serverAddress('http://sync.example')).toMatchObject({ code: 'server.insecure' })
  })

  it('without a scheme is none in an invite', () => {
    expect(exactAddress('sync.example')).toMatchObject({ ok: false, code: 'server.bad_address' })
  })
})

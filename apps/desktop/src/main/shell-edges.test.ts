import { PROVIDERS } from '@countersign/schema/providers'
import { describe, expect, it } from 'vitest'
import { profileDirs } from '../supervisor/profile-dirs.ts'
import { idleLockDue, idleMs } from './idle.ts'
import { launchOptions } from './launch-options.ts'
import { consoleAddress } from './open-console.ts'

describe('addresses the app opens in a browser', () => {
  it("S4 only the catalogue's, by provider id", () => {
    for (const { id, consoleUrl } of PROVIDERS) expect(consoleAddress(id)).toBe(consoleUrl)
  })
  it.each([
    'https://example.com',
    'javascript:alert(1)',
    'file:///etc/passwd',
    '__proto__',
    '',
    'constructor',
  ])('S4 refuses %j', (provider) => expect(consoleAddress(provider)).toBeNull())
  it('S4 refuses what is not text', () => {
    for (const provider of [null, undefined, 1, { id: 'openai' }, ['openai']])
      expect(consoleAddress(provider)).toBeNull()
  })
})

describe('what the app is started with', () => {
  it('S5 a profile and the try-out mode', () => {
    expect(launchOptions(['app', '--profile', '/p', '--try-out'], {})).toEqual({
      profile: '/p',
      tryOut: true,
    })
    expect(launchOptions(['app'], { COUNTERSIGN_PROFILE: '/q', COUNTERSIGN_TRY_OUT: '1' })).toEqual({
      profile: '/q',
      tryOut: true,
    })
  })
  it('S5 ignores everything else, links included', () => {
    expect(launchOptions(['--inspect=0', 'countersign://join#secret', '--profile', '', '-x'], {})).toEqual({
      profile: null,
      tryOut: false,
    })
  })
  it('S5 try-out is nothing that a vague value turns on', () => {
    expect(launchOptions([], { COUNTERSIGN_TRY_OUT: 'yes' }).tryOut).toBe(false)
  })
})

describe('where the socket lies', () => {
  it('S6 the default installation uses the runtime folder programs look in', () => {
    expect(profileDirs('/p', true, { XDG_RUNTIME_DIR: '/run/user/7' }).runtimeDir).toBe(
      '/run/user/7/countersign',
    )
  })
  it('S6 another one never takes its place', () => {
    expect(profileDirs('/p', false, { XDG_RUNTIME_DIR: '/run/user/7' }).runtimeDir).toBe('/p/run')
  })
  it('S6 a path too long for a socket is replaced by a short one that is its own', () => {
    const long = `/${'p'.repeat(90)}`
    const [one, two] = [profileDirs(long, false, {}), profileDirs(`${long}2`, false, {})]
    expect(one.runtimeDir.length).toBeLessThanOrEqual(80)
    expect(one.runtimeDir).not.toBe(two.runtimeDir)
  })
})

describe('idleness', () => {
  it('P13 working in another program is not being away', () => {
    expect(idleMs({ systemIdleMs: 1000, systemKnows: true, appIdleMs: 900_000 })).toBe(1000)
  })
  it('P13 where the system cannot tell, our own windows do', () => {
    expect(idleMs({ systemIdleMs: 0, systemKnows: false, appIdleMs: 900_000 })).toBe(900_000)
  })
  it('P13 locks at the limit, and only what is unlocked', () => {
    const presence = { systemIdleMs: 600_000, systemKnows: true, appIdleMs: 700_000 }
    expect(idleLockDue(presence, true, 600_000)).toBe(true)
    expect(idleLockDue(presence, true, 600_001)).toBe(false)
    expect(idleLockDue(presence, false, 600_000)).toBe(false)
  })
})

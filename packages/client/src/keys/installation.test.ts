import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DEFAULT_SETTINGS, type Installation, InstallationFolder } from './installation.ts'

const installation: Installation = {
  version: 1,
  device: 'a'.repeat(32),
  deviceSecret: { wrapped: false, bytes: new Uint8Array(32).fill(7) },
  localApiPort: null,
  tryOut: true,
  settings: DEFAULT_SETTINGS,
  membership: null,
}

describe('installation folder', () => {
  let dir: string
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'installation-'))
  })
  afterEach(() => rmSync(dir, { recursive: true, force: true }))

  it('P14 what was written is read again, 0600 in a 0700 folder, and no temporary file stays', () => {
    const folder = new InstallationFolder(join(dir, 'profile'))
    expect(folder.read()).toBeNull()
    folder.write(installation)
    folder.write({ ...installation, localApiPort: 4000 })
    expect(new InstallationFolder(join(dir, 'profile')).read()).toEqual({
      ...installation,
      localApiPort: 4000,
    })
    expect(statSync(folder.file).mode & 0o777).toBe(0o600)
    expect(statSync(folder.path).mode & 0o777).toBe(0o700)
    expect(readdirSync(folder.path)).toEqual(['installation.json'])
  })

  it('L24 set aside, the next start is a first one and nothing is gone', () => {
    const folder = new InstallationFolder(dir)
    folder.write(installation)
    mkdirSync(folder.storePath)
    writeFileSync(join(folder.storePath, 'entries'), 'kept')
    writeFileSync(folder.softwareKeysPath, 'keys in the pocket')
    const aside = folder.setAside(7)
    expect(folder.read()).toBeNull()
    expect(readdirSync(dir).sort()).toEqual(['former-7', 'software-keys'])
    expect(readFileSync(join(aside, 'store', 'entries'), 'utf8')).toBe('kept')
    expect(new InstallationFolder(aside).read()).toEqual(installation)
  })

  it.each(['{', '{"version":1}', '', 'null'])(
    'a damaged file (%j) is refused, kept, and says what to do',
    (content) => {
      const folder = new InstallationFolder(dir)
      writeFileSync(folder.file, content)
      const read = (): unknown => {
        try {
          return folder.read()
        } catch (error) {
          return error
        }
      }
      expect(read()).toMatchObject({
        code: 'installation.corrupt',
        fix: expect.stringContaining(folder.file),
      })
      expect(readFileSync(folder.file, 'utf8')).toBe(content)
    },
  )
})

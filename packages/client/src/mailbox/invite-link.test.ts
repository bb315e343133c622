import { randomBytes } from '@countersign/crypto/random'
import { Secret } from '@countersign/crypto/secret'
import { newId } from '@countersign/schema/ids'
import { describe, expect, it } from 'vitest'
import { encodeInviteLink, INVITE_SCHEME, type Invite, parseInviteLink } from './invite-link.ts'

const NOW = 1_900_000_000_000
const invite = (changes: Partial<Invite> = {}): Invite => ({
  url: 'https://sync.example.org',
  server: randomBytes(32),
  team: newId(),
  genesisHash: randomBytes(32),
  head: { seq: 7, hash: randomBytes(32) },
  inviter: { member: newId(), signKey: randomBytes(32) },
  secret: Secret.random(),
  expiresAt: NOW + 1000,
  ...changes,
})
const code = (text: string): string => {
  const parsed = parseInviteLink(text, NOW)
  return parsed.ok ? 'ok' : parsed.code
}

describe('P12 invite links', () => {
  it('P12 carry everything over, wrapped by a mail program or not', () => {
    const made = invite()
    const wrapped = encodeInviteLink(made).replace(/(.{60})/g, '$1\r\n  ')
    const parsed = parseInviteLink(`  ${wrapped}\n`, NOW)
    if (!parsed.ok) throw new Error(parsed.code)
    const { secret, ...rest } = parsed.invite
    const { secret: theirs, ...expected } = made
    expect(rest).toEqual(expected)
    expect(secret.expose()).toEqual(theirs.expose())
  })

  it('P12 refuse every single changed character', () => {
    const link = encodeInviteLink(invite())
    for (let at = INVITE_SCHEME.length; at < link.length; at++) {
      const other = link[at] === 'A' ? 'Z' : 'A'
      expect(code(link.slice(0, at) + other + link.slice(at + 1))).not.toBe('ok')
    }
    expect(code(link.replace(/.$/, '!'))).toBe('invite.altered')
  })

  it('P12 say truncated when the end is missing, and altered when there is more', () => {
    const link = encodeInviteLink(invite())
    for (const cut of [1, 4, 8, 100, link.length - INVITE_SCHEME.length]) {
      expect(code(link.slice(0, -cut))).toBe('invite.truncated')
    }
    expect(code(`${link}AAAA`)).toBe('invite.altered')
  })

  it('P12 expire', () => {
    expect(code(encodeInviteLink(invite({ expiresAt: NOW })))).toBe('invite.expired')
  })

  it('P12 are told from other text', () => {
    for (const text of ['', 'hello', 'https://example.org', 'countersign:invite']) {
      expect(code(text)).toBe('invite.not_a_link')
    }
  })
})

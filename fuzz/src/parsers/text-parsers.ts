import { parseEnvFile } from '@countersign/agent/env-file'
import { encodeInviteLink, INVITE_SCHEME, parseInviteLink } from '@countersign/client/mailbox/invite-link'
import { newAppToken, newClaim, parseToken } from '@countersign/crypto/app-token'
import { randomBytes } from '@countersign/crypto/random'
import { newRecoveryCode, parseRecoveryCode } from '@countersign/crypto/recovery-code'
import { Secret } from '@countersign/crypto/secret'
import { newId } from '@countersign/schema/ids'
import { formatReference, parseReference } from '@countersign/schema/reference'
import { type FuzzedParser, textOf, utf8 } from '../parser.ts'

const invite = (): string =>
  encodeInviteLink({
    url: 'https://sync.example',
    server: randomBytes(32),
    team: newId(),
    genesisHash: randomBytes(32),
    head: { seq: 1, hash: randomBytes(32) },
    inviter: { member: newId(), signKey: randomBytes(32) },
    secret: Secret.random(),
    expiresAt: 1_800_000_000_000,
  })

/** The parsers of what people paste and type, and of files they bring. */
export const textParsers = async (): Promise<FuzzedParser[]> => [
  {
    name: 'invite-link',
    from: 'whoever sends an invite',
    seeds: [utf8(invite())],
    dictionary: [utf8(INVITE_SCHEME), utf8(' '), utf8('\n'), utf8('AAAA')],
    parse: (input) => {
      const parsed = parseInviteLink(textOf(input), 1_700_000_000_000)
      return parsed.ok ? 'accepted' : parsed.code
    },
  },
  {
    name: 'recovery-code',
    from: 'a person',
    seeds: [utf8(newRecoveryCode().text)],
    dictionary: ['O', 'I', 'L', '-', ' ', '\u00a0', '\u{1d7d8}', 'ſ', 'İ'].map(utf8),
    parse: (input) => {
      const parsed = parseRecoveryCode(textOf(input))
      return parsed instanceof Secret ? 'accepted' : parsed.code
    },
  },
  {
    name: 'token',
    from: 'any program',
    seeds: [utf8(newAppToken().token), utf8(newClaim().token)],
    dictionary: [utf8('cs_app_'), utf8('cs_claim_'), utf8('zzzzzz')],
    parse: (input) => parseToken(textOf(input))?.kind ?? 'malformed',
  },
  {
    name: 'reference',
    from: 'any program',
    seeds: ['cs://llm/production/openai', 'cs://a/b/c/api_key?version=3'].map(utf8),
    dictionary: ['cs://', '/', '?version=', '..', '%2f', '%00', '#', '@'].map(utf8),
    parse: (input) => {
      const text = textOf(input)
      const parsed = parseReference(text)
      if (!parsed.ok) return parsed.code
      if (formatReference(parsed.reference) !== text) throw new Error('a reference is written back otherwise')
      return 'accepted'
    },
  },
  {
    name: 'env-file',
    from: 'a file of the developer',
    seeds: [utf8('A=1\nexport B="x y" # note\n# c\nC=\'cs://llm/production/openai\'\r\n')],
    dictionary: ['export ', '=', '"', "'", '#', '\r\n', '\n', '\ufeff', '__proto__=', '$(x)'].map(utf8),
    parse: (input) => {
      const parsed = parseEnvFile(textOf(input))
      if (!parsed.ok) return 'refused'
      if (Object.getPrototypeOf(parsed.variables) !== Object.prototype)
        throw new Error('a line changed the prototype')
      return 'accepted'
    },
  },
]

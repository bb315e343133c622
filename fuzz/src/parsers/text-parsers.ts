import { planImport } from '@countersign/client/import/import-plan'
import { parseImport } from '@countersign/client/import/read-import'
import { parseSheet, sheetLines } from '@countersign/client/keys/recovery-sheet'
import { encodeInviteLink, INVITE_SCHEME, parseInviteLink } from '@countersign/client/mailbox/invite-link'
import { newAppToken, newClaim, parseToken } from '@countersign/crypto/app-token'
import { randomBytes } from '@countersign/crypto/random'
import { newRecoveryCode, parseRecoveryCode } from '@countersign/crypto/recovery-code'
import { Secret } from '@countersign/crypto/secret'
import { parseStat } from '@countersign/local-api/caller/process-files'
import { parseEnvFile } from '@countersign/schema/env-file'
import { newId } from '@countersign/schema/ids'
import { PROVIDERS } from '@countersign/schema/providers'
import { formatReference, parseReference } from '@countersign/schema/reference'
import { isSlug } from '@countersign/schema/slug'
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

const sheet = (): string[] =>
  sheetLines({
    url: 'https://sync.example',
    team: newId(),
    member: newId(),
    genesisHash: randomBytes(32),
    head: { seq: 41, hash: randomBytes(32) },
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
    name: 'recovery-sheet',
    from: 'a person, or a file they saved',
    seeds: [utf8(sheet().join('\n')), utf8(`My team\n${sheet().join('\r\n')}\n`), utf8(sheet().join(' '))],
    dictionary: ['O', 'I', '-', ' ', '\n', '1. ', '\u00a0', '\u2010'].map(utf8),
    parse: (input) => {
      const parsed = parseSheet(textOf(input))
      if (!parsed.ok) return parsed.code
      const again = parseSheet(sheetLines(parsed.value).join('\n'))
      if (!again.ok) throw new Error('a sheet that was read cannot be printed and read again')
      return 'accepted'
    },
  },
  {
    name: 'process-stat',
    from: 'the kernel, with a name the program chose',
    seeds: [utf8(`4711 (node) S 1 ${Array.from({ length: 48 }, (_, i) => i).join(' ')}\n`)],
    dictionary: [')', '(', ' ', '\n', ') S 1 1 1'].map(utf8),
    parse: (input) => {
      // A name is at most 15 bytes and never shifts what comes after it.
      const name = Buffer.from(input.subarray(0, 15)).toString('latin1')
      const rest = Array.from({ length: 40 }, (_, i) => String(i + 100)).join(' ')
      const own = parseStat(`4711 (${name}) S ${rest}\n`)
      if (own?.parent !== 100 || own.startTime !== '118') throw new Error('a name passes for other fields')
      return parseStat(Buffer.from(input).toString('latin1')) === null ? 'unreadable' : 'accepted'
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
  {
    name: 'import-file',
    from: 'a file that somebody was told to import',
    seeds: [
      utf8('A=1\nexport OPENAI_API_KEY="sk-x" # note\nPROD_AWS_REGION=us-east-1\r\n'),
      utf8('\ufeffAZURE_OPENAI_ENDPOINT=https://a.example\nAZURE_OPENAI_API_KEY=k\nMY_TOKEN=cs://a/b/c\n'),
    ],
    dictionary: [
      ...PROVIDERS.flatMap(({ fields }) => fields.flatMap(({ env }) => (env === null ? [] : [`\n${env}=x`]))),
      '_KEY=',
      '__proto__=',
      '=cmd|',
    ].map(utf8),
    parse: (input) => {
      const read = parseImport(input)
      if (!read.ok) return read.code
      const { candidates, skipped } = planImport(read.value)
      const made = candidates.reduce((sum, { variables }) => sum + variables.length, skipped.length)
      if (made !== read.value.length) throw new Error('a variable is neither taken nor said to be left out')
      const names = candidates.map(({ name }) => name)
      if (new Set(names).size !== names.length) throw new Error('two candidates have one name')
      if (!names.every(isSlug)) throw new Error('a name that cannot stand in a reference')
      return candidates.length === 0 ? 'nothing' : 'accepted'
    },
  },
]

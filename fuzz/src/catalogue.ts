import { cryptoReady } from '@countersign/crypto/ready'
import type { FuzzedParser } from './parser.ts'

interface Group {
  readonly names: readonly string[]
  readonly make: () => Promise<FuzzedParser[]>
}

/** Parsers that are made together; each group loads only what it fuzzes. */
export const GROUPS: Readonly<Record<string, Group>> = {
  wire: {
    names: ['canonical', 'client-frame', 'server-frame', 'entry', 'wrap-body'],
    make: async () => (await import('./parsers/wire-parsers.ts')).wireParsers(),
  },
  webauthn: {
    names: ['client-data', 'authenticator-data', 'cose-key', 'assertion'],
    make: async () => (await import('./parsers/webauthn-parsers.ts')).webauthnParsers(),
  },
  sealed: {
    names: ['sealed', 'sealed-to-key', 'root-wrap', 'invite-message', 'checkpoint'],
    make: async () => (await import('./parsers/sealed-parsers.ts')).sealedParsers(),
  },
  text: {
    names: [
      'invite-link',
      'recovery-code',
      'recovery-sheet',
      'process-stat',
      'token',
      'reference',
      'env-file',
      'import-file',
    ],
    make: async () => (await import('./parsers/text-parsers.ts')).textParsers(),
  },
  file: {
    names: ['audit-export', 'outbox-frame'],
    make: async () => (await import('./parsers/file-parsers.ts')).fileParsers(),
  },
  ledger: {
    names: ['ledger-rules'],
    make: async () => (await import('./parsers/ledger-parsers.ts')).ledgerParsers(),
  },
  desktop: {
    names: ['ipc'],
    make: async () => (await import('./parsers/ipc-parsers.ts')).ipcParsers(),
  },
  sender: {
    names: ['sender-proof', 'sender-keys'],
    make: async () => (await import('./parsers/sender-parsers.ts')).senderParsers(),
  },
  http: {
    names: ['local-api-http'],
    make: async () => [await (await import('./parsers/http-parser.ts')).httpParser()],
  },
}

export const PARSER_NAMES: readonly string[] = Object.values(GROUPS).flatMap(({ names }) => names)

/** The parsers of a group, with keys and servers of their own. */
export const makeParsers = async (group: string): Promise<FuzzedParser[]> => {
  await cryptoReady()
  const made = await GROUPS[group]?.make()
  if (made === undefined) throw new Error(`no parsers are called ${group}`)
  return made
}

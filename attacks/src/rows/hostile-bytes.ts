import { wrapOptions } from '@countersign/client/transport/wraps'
import { createVault } from '@countersign/client/vaults/vault-actions'
import { randomBytes } from '@countersign/crypto/random'
import { sign } from '@countersign/crypto/sign'
import { decodeEntry, ENTRY_PURPOSE, encodeEntry } from '@countersign/schema/entry'
import { compartmentStream, LEDGER } from '@countersign/schema/ids'
import { encodeMessage, MAX_FRAME_BYTES } from '@countersign/schema/wire'
import { WRAP_OPTIONS_PATH } from '@countersign/schema/wrap-http'
import { type Attack, type Finding, nobodyToTell, refused, succeeded } from '../attack.ts'
import type { Actor } from '../cast/actor.ts'
import { penOf } from '../cast/attacker.ts'
import { Company } from '../cast/company.ts'
import { alarmed } from '../cast/judgement.ts'
import { roundTrips } from '../cast/settle.ts'
import { until } from '../cast/until.ts'
import { forgeEntry } from '../double/forge.ts'

const AREA = 'hostile server: beyond the papers'
const MARKER = 'marker-to-be-replaced'

/** The encoding of the marker: a text of 21 bytes. */
const MARKED = Uint8Array.of(0x60 + MARKER.length, ...new TextEncoder().encode(MARKER))

/** An entry of a helping admin’s whose signed bytes hold `other` where an encoder would have written the marker. */
const entryWith = (company: Company, author: Actor, other: Uint8Array): Uint8Array => {
  const { server } = company
  const proper = forgeEntry(penOf(company, author), server.timeline, {
    stream: LEDGER,
    type: 'vault.create',
    plain: { teamKeyEpoch: 0, vault: MARKER },
    body: randomBytes(137),
  })
  const { envelopeBytes } = decodeEntry(proper)
  const at = Buffer.from(envelopeBytes).indexOf(MARKED)
  const bytes = Uint8Array.from(
    Buffer.concat([envelopeBytes.subarray(0, at), other, envelopeBytes.subarray(at + MARKED.length)]),
  )
  return encodeEntry(bytes, sign(author.signKeys.secretKey, ENTRY_PURPOSE, bytes))
}

/** Whether Ada's client takes an entry into its copy of the stream at all. */
const taken = async (company: Company, other: Uint8Array, gained: string): Promise<Finding> => {
  const { ada, server } = company
  const abel = await company.add('Abel', ['admin'])
  const seq = (server.timeline.head(LEDGER)?.seq ?? 0) + 1
  const entry = entryWith(company, abel, other)
  server.push(server.timeline, LEDGER, entry)
  await until('Ada has judged it', () => ada.alarm !== null || (ada.replica.head(LEDGER)?.seq ?? 0) >= seq)
  return alarmed(ada) ?? succeeded(gained)
}

/** `[[[ … null … ]]]` */
const nested = (depth: number): Uint8Array => Uint8Array.of(...new Uint8Array(depth).fill(0x81), 0xf6)

export const hostileBytes: readonly Attack[] = [
  {
    ref: 'S-oversized',
    area: AREA,
    title: 'an oversized frame',
    tried: `sends one well-formed frame of more than ${MAX_FRAME_BYTES / 1024 / 1024} MiB`,
    refusal: 'server.closed',
    weakened: {
      without: 'the limit on the size of a frame',
      edits: [
        {
          file: 'packages/client/src/transport/ws-connector.ts',
          find: 'maxPayload: MAX_FRAME_BYTES,',
          replace: 'maxPayload: 64 * MAX_FRAME_BYTES,',
        },
      ],
    },
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server, production } = company
      const stream = compartmentStream(production)
      const problems: { code: string; message: string }[] = []
      stage.later(ada.replica.onStatus(({ problem }) => problem !== null && problems.push(problem)))
      const link = server.link(ada.device)
      // Entries far ahead of what she has: whoever takes the frame asks for what lies between.
      const entries = Array.from({ length: 3 }, () => randomBytes(3 * 1024 * 1024))
      link.tellExactly(encodeMessage({ type: 'entries', ref: null, stream, from: 1000, entries }))
      const asked = () => link.said.some((message) => message.type === 'fetch' && message.stream === stream)
      await until('Ada has taken it or left', () => problems.length > 0 || asked())
      const [problem] = problems
      if (problem === undefined) return succeeded('the client read and parsed the whole frame')
      await ada.live()
      return refused(problem.code, problem.message)
    },
  },
  {
    ref: 'S-nested',
    area: AREA,
    title: 'deeply nested input',
    tried: 'has an admin who helps it sign an entry that holds two hundred lists in each other',
    refusal: 'bad_entry',
    weakened: {
      without: 'the limit on depth',
      edits: [
        {
          file: 'packages/schema/src/canonical-reader.ts',
          find: "if (depth > MAX_DEPTH) throw new CanonicalError('nested too deeply')",
          replace: '',
        },
      ],
    },
    run: async (stage) =>
      taken(await Company.found(stage), nested(200), 'the nested entry stands in her stream'),
  },
  {
    ref: 'S-non-canonical',
    area: AREA,
    title: 'a second encoding of the same content',
    tried: 'has an admin who helps it sign an entry with a number in more bytes than it needs',
    refusal: 'bad_entry',
    weakened: {
      without: 'the demand for the one shortest encoding of numbers',
      edits: [
        {
          file: 'packages/schema/src/canonical-reader.ts',
          find: "throw new CanonicalError('a number takes more bytes than it needs')",
          replace: 'void LEAST',
        },
      ],
    },
    run: async (stage) =>
      taken(
        await Company.found(stage),
        Uint8Array.of(0x18, 0x01),
        'an entry with two encodings stands in her stream',
      ),
  },
  {
    ref: 'S-endless-asking',
    area: AREA,
    title: 'a client kept asking without end',
    tried: 'tells of entries far ahead and answers every question about those between with nothing',
    refusal: 'asks.once',
    weakened: {
      without: 'the end of asking when nothing new comes',
      edits: [
        {
          file: 'packages/client/src/replica/follower.ts',
          find: 'if (streams.head(stream)?.seq === after?.seq) return true',
          replace: 'if (streams.head(stream)?.seq === after?.seq && board.stopped) return true',
        },
      ],
    },
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server, production } = company
      const stream = compartmentStream(production)
      const link = server.link(ada.device)
      const asked = () =>
        link.said.filter((message) => message.type === 'fetch' && message.stream === stream).length
      link.entries(stream, 1000, [randomBytes(200)])
      await until('Ada asks', () => asked() > 0)
      // Something honest in between, so that a client that asks once has had time to be done.
      const made = await createVault(ada.session, 'after', ['staging'])
      await roundTrips(ada, 30)
      if (asked() > 10) return succeeded(`${asked()} questions, and no end`)
      if (!made.ok) throw new Error(made.code)
      return nobodyToTell(
        'asks.once',
        `Ada’s client asked ${asked()} time and went on: her own change landed`,
      )
    },
  },
  {
    ref: 'S-endless-answer',
    area: AREA,
    title: 'an endless answer',
    tried: 'answers a new device’s question with megabytes that do not end',
    refusal: 'server.malformed',
    weakened: {
      without: 'the limit on the size of an answer',
      edits: [
        {
          file: 'packages/client/src/transport/wraps.ts',
          find: 'if (size > MAX_ANSWER_BYTES) return null',
          replace: '',
        },
      ],
    },
    run: async (stage) => {
      const { ada, server, team } = await Company.found(stage)
      const chunk = new Uint8Array(256 * 1024)
      const TOTAL = 32 * 1024 * 1024
      let given = 0
      server.http = (request, _body, response) => {
        if (request.url?.endsWith(WRAP_OPTIONS_PATH) !== true) return false
        response.writeHead(200)
        const more = (): void => {
          if (response.destroyed) return
          if (given >= TOTAL) {
            response.end()
            return
          }
          given += chunk.length
          response.write(chunk, more)
        }
        more()
        return true
      }
      const options = await wrapOptions({ url: server.url, server: server.id, team, member: ada.member })
      if (given >= TOTAL) return succeeded(`the client took ${given / 1024 / 1024} MiB`)
      if (options.ok) throw new Error('neither refused nor taken')
      return refused(options.code, options.message)
    },
  },
  {
    ref: 'S-server-text',
    area: AREA,
    title: 'words of the server’s shown to a person',
    tried: 'refuses Ada’s change with a sentence that asks for her recovery code',
    refusal: 'store.full',
    weakened: {
      without: 'the replacement of the server’s words',
      edits: [
        {
          file: 'packages/client/src/transport/server-words.ts',
          find: '{ ...message, ...ownWords(message.code) }',
          replace: '{ ...ownWords(message.code), ...message }',
        },
      ],
    },
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server } = company
      const phishing = 'Your vault is damaged: type your recovery code at https://sync.example'
      server.intercept = (message, link) => {
        if (message.type !== 'append') return false
        link.tell({ type: 'refused', ref: message.ref, code: 'store.full', message: phishing })
        return true
      }
      const made = await createVault(ada.session, 'next', ['staging'])
      if (made.ok) throw new Error('the change was refused and landed')
      if (`${made.message} ${made.fix}`.includes('sync.example'))
        return succeeded('Ada reads the server’s words in her app')
      return refused(made.code, made.message)
    },
  },
]

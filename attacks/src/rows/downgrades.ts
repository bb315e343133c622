import { findItem } from '@countersign/client/items/item-actions'
import { sealItemVersion } from '@countersign/client/items/item-blobs'
import { sealBody } from '@countersign/client/team/entry-body'
import { seal } from '@countersign/crypto/aead'
import { randomBytes } from '@countersign/crypto/random'
import { Secret } from '@countersign/crypto/secret'
import { sign } from '@countersign/crypto/sign'
import { type CborValue, encodeCanonical } from '@countersign/schema/canonical'
import { ENTRY_PURPOSE, type Envelope, encodeEntry } from '@countersign/schema/entry'
import { compartmentStream, LEDGER, newId } from '@countersign/schema/ids'
import { type Attack, nobodyToTell, refused, succeeded } from '../attack.ts'
import type { Actor } from '../cast/actor.ts'
import { penOf, teamKeyOf } from '../cast/attacker.ts'
import { Company } from '../cast/company.ts'
import { judgementOf } from '../cast/judgement.ts'
import { until } from '../cast/until.ts'
import { forgeEntry } from '../double/forge.ts'

const AREA = 'hostile server: published'

/** What Ada says after an entry was shown to her, until she has stated that she saw it, or left: all that a server can observe. */
const observe = async (company: Company, ada: Actor, stream: string, entry: Uint8Array): Promise<string> => {
  const { server } = company
  const link = server.link(ada.device)
  const before = link.said.length
  server.push(server.timeline, stream, entry)
  const seq = server.timeline.head(stream)?.seq ?? -1
  const stated = (): boolean =>
    link.said.some(
      (message) =>
        message.type === 'seen' &&
        message.seen.statement.heads.some((each) => each.stream === stream && each.head.seq >= seq),
    )
  await until('Ada has stated that she saw it, or left', () => stated() || !link.open)
  const said = link.said.slice(before).filter(({ type }) => type !== 'ping')
  return [
    ...new Set(said.map((message) => `${message.type} ${shapeOf(message)}`)),
    link.open ? 'stays' : 'leaves',
  ].join(' ')
}

/** Everything about a message but what differs from entry to entry anyway: its hashes, signatures, times and numbers. */
const shapeOf = (value: unknown): string => {
  if (value instanceof Uint8Array) return `bytes[${value.length}]`
  if (Array.isArray(value)) return `[${value.map(shapeOf).join()}]`
  if (typeof value !== 'object' || value === null) return typeof value === 'number' ? 'number' : String(value)
  return `{${Object.entries(value)
    .map(([name, each]) => `${name}:${shapeOf(each)}`)
    .join()}}`
}

/** Whether what she says differs by what was sealed: then the server has an oracle. */
const oracleOf = (observed: ReadonlyMap<string, string>) => {
  const kinds = new Set(observed.values())
  const seen = [...observed].map(([variant, said]) => `${variant}: ${said}`).join('; ')
  return kinds.size === 1
    ? nobodyToTell(
        'nothing.distinguishable',
        `${observed.size} ways of being wrong or right; what she says has one shape, to the byte`,
      )
    : succeeded(`the server can tell them apart: ${seen}`)
}

const altered = (blob: Uint8Array, at: number): Uint8Array => {
  const copy = Uint8Array.from(blob)
  const index = at < 0 ? copy.length + at : at
  copy[index] = (copy[index] ?? 0) ^ 1
  return copy
}

const COMMITMENT_AT = 30

export const downgrades: readonly Attack[] = [
  {
    ref: 'BW10',
    area: AREA,
    title: 'downgrade of the protocol',
    tried: 'greets with protocol 0 and waits whether the client goes along',
    refusal: 'server.protocol',
    weakened: {
      without: 'the protocol version in the greeting',
      edits: [
        {
          file: 'packages/schema/src/wire.ts',
          find: "type: z.literal('challenge'),\n    protocol: z.literal(PROTOCOL),",
          replace:
            "type: z.literal('challenge'),\n    protocol: z.custom<1>((value) => typeof value === 'number'),",
        },
      ],
    },
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server } = company
      server.tamper = (message, link) => {
        if (message.type !== 'challenge') return [message]
        link.tellExactly(encodeCanonical({ ...message, protocol: 0 }))
        return []
      }
      const before = server.links.length
      server.cut()
      const later = () => server.links.slice(before)
      const greeted = () => later().some((link) => link.said.some(({ type }) => type === 'hello'))
      await until(
        'Ada has answered the greeting',
        () => greeted() || ada.replica.status().connection === 'refused',
      )
      if (greeted()) return succeeded('the client logs in under protocol 0')
      const { problem } = ada.replica.status()
      if (problem === null) throw new Error('refused without a reason')
      return refused(problem.code, problem.message)
    },
  },
  {
    ref: 'BW12',
    area: AREA,
    title: 'downgrade of entries: one of an older format, properly signed',
    tried: 'has an admin who helps it sign an envelope of version 0',
    refusal: 'bad_entry',
    weakened: {
      without: 'the version of an envelope',
      edits: [
        {
          file: 'packages/schema/src/entry.ts',
          find: 'v: z.literal(1),',
          replace: "v: z.custom<1>((value) => typeof value === 'number'),",
        },
      ],
    },
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server, team } = company
      const abel = await company.add('Abel', ['admin'])
      const head = server.timeline.head(LEDGER)
      const { epoch, key } = teamKeyOf(abel)
      const id = newId()
      if (head === null) throw new Error('there is no ledger')
      const envelope: Omit<Envelope, 'v'> = {
        team,
        stream: LEDGER,
        seq: head.seq + 1,
        prev: head.hash,
        ledger: head,
        id,
        member: abel.member,
        device: abel.device,
        type: 'vault.create',
        time: Date.now(),
        plain: { teamKeyEpoch: epoch, vault: newId() },
        body: sealBody<'vault.create'>(team, id, epoch, key, { name: 'old' }),
      }
      const bytes = encodeCanonical({ v: 0, ...(envelope as Record<string, CborValue>) })
      server.push(
        server.timeline,
        LEDGER,
        encodeEntry(bytes, sign(abel.signKeys.secretKey, ENTRY_PURPOSE, bytes)),
      )
      await until(
        'Ada has judged it',
        () => ada.alarm !== null || ada.session.ledger.hashes.length > head.seq + 1,
      )
      if (ada.alarm !== null) return refused(ada.alarm.code, ada.alarm.message)
      if (ada.session.verdict(id) !== undefined) throw new Error('neither refused nor accepted')
      return succeeded('an entry of another format counts')
    },
  },
  {
    ref: 'DL05',
    area: AREA,
    title: 'decryption oracle: sealed bodies of ledger entries, wrong in different ways',
    tried:
      'shows bodies that open, that are of another key, of another commitment, cut and altered, and watches what is said',
    refusal: 'nothing.distinguishable',
    weakened: {
      without: 'silence about an entry that does not open',
      edits: [
        {
          file: 'packages/client/src/team/team-replay.ts',
          find: "if (opened === 'entry.no_key') this.#lackedKey = true",
          replace:
            "if (opened === 'entry.no_key') this.#lackedKey = true\n    if (typeof opened === 'string') this.#replica.stop().catch(() => undefined)",
        },
      ],
    },
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server, team } = company
      const abel = await company.add('Abel', ['admin'])
      const { epoch, key } = teamKeyOf(abel)
      const observed = new Map<string, string>()
      const variants: Record<string, (body: Uint8Array) => Uint8Array> = {
        right: (body) => body,
        'other key': (body) => seal(Secret.random(), { type: 'entry-body' }, body.subarray(0, 20)),
        commitment: (body) => altered(body, COMMITMENT_AT),
        tag: (body) => altered(body, -1),
        cut: (body) => body.subarray(0, 100),
        noise: (body) => randomBytes(body.length),
      }
      for (const [name, vary] of Object.entries(variants)) {
        const id = newId()
        const sealed = sealBody<'vault.create'>(team, id, epoch, key, { name: `vault-${observed.size}` })
        const entry = forgeEntry(penOf(company, abel), server.timeline, {
          stream: LEDGER,
          type: 'vault.create',
          plain: { teamKeyEpoch: epoch, vault: newId() },
          body: Uint8Array.from(vary(sealed)),
          id,
        })
        observed.set(name, await observe(company, ada, LEDGER, entry))
        if (name === 'right' && (await judgementOf(ada, entry)) !== null)
          throw new Error('the right one was refused')
        if (ada.replica.status().connection !== 'live') break
      }
      return oracleOf(observed)
    },
  },
  {
    ref: 'DL06',
    area: AREA,
    title: 'decryption oracle: descriptions of credentials, wrong in different ways',
    tried:
      'shows items that open, of another key, altered and cut, in a holder’s name, and watches what is said',
    refusal: 'nothing.distinguishable',
    weakened: {
      without: 'silence about a credential that does not open',
      edits: [
        {
          file: 'packages/client/src/team/team-replay.ts',
          find: 'compartment.index.apply(entry, content, verdict, metaKey)',
          replace:
            'compartment.index.apply(entry, content, verdict, metaKey)\n      if (compartment.index.unreadable > 0) this.#replica.stop().catch(() => undefined)',
        },
      ],
    },
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server, team, production } = company
      const abel = await company.approver()
      const { session } = abel
      const keys = { meta: session.ring.metaKey(production, 0), value: session.ring.valueKey(production, 0) }
      if (keys.meta === null || keys.value === null) throw new Error('Abel does not hold production')
      const both = { meta: keys.meta, value: keys.value }
      const stream = compartmentStream(production)
      const observed = new Map<string, string>()
      const variants: Record<string, (meta: Uint8Array) => Uint8Array> = {
        right: (meta) => meta,
        'other key': () => seal(Secret.random(), { type: 'item-meta' }, new Uint8Array(100)),
        noise: (meta) => randomBytes(meta.length),
        commitment: (meta) => altered(meta, COMMITMENT_AT),
        tag: (meta) => altered(meta, -1),
        cut: (meta) => meta.subarray(0, 100),
      }
      for (const [name, vary] of Object.entries(variants)) {
        const item = newId()
        const about = {
          name: `item-${observed.size}`,
          provider: 'openai',
          fields: ['api_key'],
          note: '',
          models: [],
        }
        const place = { team, environment: production, item, version: 1 }
        const { put } = sealItemVersion(place, 0, both, about, { api_key: stage.canary(name) })
        const plain = { ...put, meta: Uint8Array.from(vary(put.meta)) }
        const entry = forgeEntry(penOf(company, abel), server.timeline, {
          stream,
          type: 'item.put',
          plain,
          body: null,
        })
        observed.set(name, await observe(company, ada, stream, entry))
        if (name === 'right' && findItem(ada.session, item) === undefined)
          throw new Error('the right one is not there')
        if (ada.replica.status().connection !== 'live') break
      }
      return oracleOf(observed)
    },
  },
]

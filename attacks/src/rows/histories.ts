import { findItem, updateItem } from '@countersign/client/items/item-actions'
import { changeTeam } from '@countersign/client/requests/change-actions'
import { revokeGrant } from '@countersign/client/requests/request-actions'
import { freshnessOf } from '@countersign/client/session/serving'
import { joinedTeam } from '@countersign/client/team/found-team'
import { createVault } from '@countersign/client/vaults/vault-actions'
import { accessOf } from '@countersign/ledger/projection-lookup'
import { compartmentStream, LEDGER } from '@countersign/schema/ids'
import { type Attack, type Finding, refused, succeeded } from '../attack.ts'
import { Actor } from '../cast/actor.ts'
import { membershipOf, NAMES, penOf, teamKeyOf } from '../cast/attacker.ts'
import { Company, must } from '../cast/company.ts'
import { alarmed } from '../cast/judgement.ts'
import { readByGrant } from '../cast/read-as.ts'
import { askedAgain } from '../cast/settle.ts'
import { until } from '../cast/until.ts'
import { forgeLedger } from '../double/forge.ts'
import type { HostileServer } from '../double/hostile-server.ts'
import { KEPT_BACK, NO_FLOOR, UNCHAINED } from '../weakenings.ts'

const PUBLISHED = 'hostile server: published'
const BEYOND = 'hostile server: beyond the papers'
const HOUR = 3_600_000

/** From here on one device is given nothing of a stream beyond `seq`; everything else, statements included, goes on. */
const keepBack = (server: HostileServer, from: Actor, stream: string, seq: number): void => {
  server.tamper = (message, link) => {
    if (link.device !== from.device || message.type !== 'entries' || message.stream !== stream)
      return [message]
    const entries = message.entries.slice(0, Math.max(0, seq + 1 - message.from))
    return entries.length === 0 && message.ref === null ? [] : [{ ...message, entries }]
  }
}

/** Dana's program reads production under a grant. */
const granted = async (
  company: Company,
): Promise<{ dana: Actor; request: string; item: string; canary: string }> => {
  const { ada, stage } = company
  const dana = await company.developer()
  const canary = stage.canary('granted value')
  const item = await company.item('openai', canary)
  await until('Dana sees the item', () => findItem(dana.session, item) !== undefined)
  const request = await company.ask(dana, item)
  await until('Ada sees the request', () => ada.session.ledger.requests.has(request))
  must(await company.release(ada, request))
  await until('Dana has the grant', () => dana.session.ledger.requests.get(request)?.state === 'granted')
  return { dana, request, item, canary }
}

/** What the local API asks before it opens anything for a program. */
const served = async (
  company: Company,
  { dana, request, item, canary }: Awaited<ReturnType<typeof granted>>,
): Promise<Finding | null> => {
  const sounded = alarmed(dana)
  if (sounded !== null) return sounded
  const fresh = freshnessOf(dana.session, company.production)
  if (fresh.state === 'expired')
    return refused(fresh.code, `It could be refreshed by: ${fresh.whoCouldRefresh.join(', ')}.`)
  const read = await readByGrant(dana, request, item)
  if (!('value' in read)) return refused(read.code, read.told)
  if (read.value.api_key !== canary) throw new Error('neither refused nor read')
  return null
}

/** Time goes by without a word from the server. */
const inSilence = async ({ server }: Company, actor: Actor, ms: number): Promise<void> => {
  server.intercept = (message) => message.type === 'hello' && message.device === actor.device
  server.link(actor.device).close()
  await until(`${actor.name} is cut off`, () => actor.replica.status().connection !== 'live')
  actor.skewMs = ms
}

/** Time goes by without a word from the server, and the machine says all the while that it is still the moment before. */
const atOneMoment = async (company: Company, actor: Actor, ms: number): Promise<void> => {
  await inSilence(company, actor, 0)
  actor.passedMs = ms
}

/** Time goes by; the server answers a new connection with what it shows this device. */
const later = async (company: Company, actor: Actor, ms: number): Promise<void> => {
  actor.skewMs = ms
  const { links } = company.server
  const before = links.length
  company.server.cut()
  await until(`${actor.name} is back`, () =>
    links.slice(before).some((link) => link.device === actor.device && link.open),
  )
  await actor.live()
}

export const histories: readonly Attack[] = [
  {
    ref: 'DL01',
    area: PUBLISHED,
    title: 'operations replayed: an access that was taken away is given again',
    tried: 'sends Ada’s own earlier entry, which made Dana a holder, once more as the next one',
    refusal: 'bad_entry',
    weakened: {
      without: 'number and predecessor of an entry, and the uniqueness of its id',
      edits: [
        ...UNCHAINED.edits,
        {
          file: 'packages/ledger/src/plain.ts',
          find: "if (envelope.seq !== head.seq + 1) return 'chain.seq'",
          replace: "if (envelope.seq > head.seq + 1) return 'chain.seq'",
        },
        {
          file: 'packages/ledger/src/plain.ts',
          find: "if (!equalBytes(envelope.prev, head.hash)) return 'chain.prev'",
          replace: '',
        },
        {
          file: 'packages/ledger/src/plain.ts',
          find: "if (ledger === null || ledger.seq !== head.seq || !equalBytes(ledger.hash, head.hash)) return 'chain.prev'",
          replace: "if (ledger === null) return 'chain.prev'",
        },
        {
          file: 'packages/ledger/src/reduce.ts',
          find: "if (state.ids.has(envelope.id)) return 'entry.duplicate_id'",
          replace: '',
        },
      ],
    },
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server, production } = company
      const dana = await company.developer()
      const give = (level: 'hold' | 'request') =>
        changeTeam(
          ada.session,
          {
            type: 'member.access',
            member: dana.member,
            access: [{ environment: production, level, approve: false }],
          },
          'access',
        )
      must(await give('hold'))
      const { entry } = server.timeline.last(LEDGER, 'member.access')
      must(await give('request'))
      server.push(server.timeline, LEDGER, entry)
      const level = () => accessOf(ada.session.ledger.projection, production, dana.member).level
      await until('Ada has judged it', () => ada.alarm !== null || level() === 'hold')
      return alarmed(ada) ?? succeeded('Dana holds production again, and the next epoch is sealed to her')
    },
  },
  {
    ref: '1P02',
    area: PUBLISHED,
    title: 'items dropped: one device is not given the newest version',
    tried: 'keeps a rotation in production from Abel, while ledger and statements reach him',
    refusal: 'withheld',
    weakened: KEPT_BACK,
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server, production } = company
      const abel = await company.approver()
      const stream = compartmentStream(production)
      const item = await company.item('openai', stage.canary('old value'))
      await until('Abel sees the item', () => findItem(abel.session, item) !== undefined)
      keepBack(server, abel, stream, 0)
      const asked = askedAgain(server, abel, stream)
      must(
        await updateItem(ada.session, { item, base: 1, value: { api_key: stage.canary('rotated value') } }),
      )
      await asked
      const sounded = alarmed(abel)
      if (sounded !== null) return sounded
      if (findItem(abel.session, item)?.current.version !== 1) throw new Error('the rotation reached Abel')
      return succeeded('Abel uses the old version, and his app says that all is well')
    },
  },
  {
    ref: 'S-split-view',
    area: BEYOND,
    title: 'split view: two devices live in two histories, each fresh',
    tried: 'lets Ada and Abel each write on in a history of their own, and passes both’s statements on',
    refusal: 'fork',
    weakened: {
      without: 'the comparison of stated heads with one’s own',
      edits: [
        {
          file: 'packages/client/src/replica/seen-book.ts',
          find: '} else if (!equalBytes(ours, head.hash)) return',
          replace: '} else if (!equalBytes(ours, head.hash) && seq < 0) return',
        },
      ],
    },
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server } = company
      const abel = await company.add('Abel', ['admin'])
      const fork = server.timeline.fork()
      server.view = (device) => (device === abel.device ? fork : server.timeline)
      must(await createVault(ada.session, 'only-ada', ['staging']))
      must(await createVault(abel.session, 'only-abel', ['staging']))
      server.intercept = (message, link) => {
        if (message.type !== 'seen') return false
        link.tell({ type: 'ok', ref: message.ref })
        for (const other of server.links) {
          if (other !== link && other.open && other.device !== null)
            other.tell({ type: 'seen', seen: message.seen })
        }
        return true
      }
      await Promise.all([ada.replica.publishSeen(), abel.replica.publishSeen()])
      const heard = (who: Actor, of: Actor) =>
        who.replica.seen().some(({ statement }) => {
          const ledger = statement.heads.find(({ stream }) => stream === LEDGER)?.head.seq ?? -1
          return statement.device === of.device && ledger === of.replica.head(LEDGER)?.seq
        })
      await until(
        'both have heard each other',
        () => ada.alarm !== null || abel.alarm !== null || (heard(ada, abel) && heard(abel, ada)),
      )
      const sounded = alarmed(ada) ?? alarmed(abel)
      if (sounded !== null) return sounded
      return succeeded('both go on in different histories, each witnessed by the other')
    },
  },
  {
    ref: 'S-freeze',
    area: BEYOND,
    title: 'freeze: a device is kept at a moment for ever',
    tried: 'answers Dana for 73 hours with the state of one moment, in which her grant still stood',
    refusal: 'freshness.expired',
    weakened: {
      without: 'the limit on how old another person’s statement may be',
      edits: [
        {
          file: 'packages/client/src/replica/freshness.ts',
          find: 'if (witnessUntil === null || now > witnessUntil) {',
          replace: 'if (witnessUntil === null) {',
        },
        {
          file: 'packages/client/src/replica/freshness.ts',
          find: 'until: Math.min(serverUntil, witnessUntil)',
          replace: 'until: serverUntil',
        },
      ],
    },
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server } = company
      const grant = await granted(company)
      await until('Dana has a witness', () => grant.dana.replica.status().lastWitness !== null)
      const frozen = server.timeline.fork()
      server.view = (device) => (device === grant.dana.device ? frozen : server.timeline)
      must(await revokeGrant(ada.session, grant.request, 'stop'))
      await later(company, grant.dana, 73 * HOUR)
      const refusal = await served(company, grant)
      return refusal ?? succeeded('a grant revoked three days ago is still served')
    },
  },
  {
    ref: 'S-clock-lies',
    area: BEYOND,
    title: 'the server lies about the time',
    tried:
      'says that it is ten years later, then is silent for 73 hours, so that its last contact looks fresh',
    refusal: 'freshness.expired',
    weakened: {
      without: 'the device’s own clock for the last contact: the server’s is taken',
      edits: [
        {
          file: 'packages/client/src/replica/follower.ts',
          find: 'const FETCH_LIMIT = 500',
          replace: 'const FETCH_LIMIT = 500\nconst serverSays = { time: 0 }',
        },
        {
          file: 'packages/client/src/replica/follower.ts',
          find: 'this.#welcomeSeen = message.seen',
          replace: 'this.#welcomeSeen = message.seen\n        serverSays.time = message.time',
        },
        {
          file: 'packages/client/src/replica/follower.ts',
          find: 'contact.mark(now())',
          replace: 'contact.mark(Math.max(now(), serverSays.time))',
        },
      ],
    },
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server, production } = company
      must(
        await changeTeam(
          ada.session,
          {
            type: 'policy.set',
            environment: production,
            version: 1,
            policy: {
              rule: { op: 'none' },
              selfApproval: false,
              deadlineMs: 24 * HOUR,
              maxLeaseMs: 30 * 24 * HOUR,
              maxOfflineMs: 72 * HOUR,
              maxUnwitnessedMs: 30 * 24 * HOUR,
            },
          },
          'longer without witness',
        ),
      )
      server.clock = () => Date.now() + 10 * 365 * 24 * HOUR
      const grant = await granted(company)
      await until('Dana has a witness', () => grant.dana.replica.status().lastWitness !== null)
      await inSilence(company, grant.dana, 73 * HOUR)
      const refusal = await served(company, grant)
      return refusal ?? succeeded('the server’s word keeps the last contact fresh for ten years')
    },
  },
  {
    ref: 'S-clock-set-back',
    area: BEYOND,
    title: 'the time of an unlocked machine is set back',
    tried:
      'cuts Dana’s unlocked machine off and keeps its time at that moment for 73 hours, so that no limit is ever reached',
    refusal: 'freshness.expired',
    weakened: {
      without: 'the time that passed, whatever the machine says it is',
      edits: [
        {
          file: 'packages/client/src/replica/clock.ts',
          find: 'Math.max(floor + passed, clock.wall())',
          replace: 'Math.max(floor, clock.wall())',
        },
      ],
    },
    run: async (stage) => {
      const company = await Company.found(stage)
      const grant = await granted(company)
      await until('Dana has a witness', () => grant.dana.replica.status().lastWitness !== null)
      await atOneMoment(company, grant.dana, 73 * HOUR)
      const refusal = await served(company, grant)
      return refusal ?? succeeded('a machine kept at one moment serves three days after the last contact')
    },
  },
  {
    ref: 'S-new-device-rollback',
    area: BEYOND,
    title: 'rollback before a device’s first look',
    tried: 'shows a newcomer’s device the ledger as it was before its last entries',
    refusal: 'rollback',
    weakened: NO_FLOOR,
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server, team } = company
      const nia = new Actor(stage, 'Nia', () => team)
      await nia.enrolTwoKeys()
      const plain = membershipOf(company, nia, [], [])
      const pen = penOf(company, ada)
      server.push(
        server.timeline,
        LEDGER,
        forgeLedger(pen, server.timeline, teamKeyOf(ada), 'member.add', plain, NAMES),
      )
      const before = server.timeline.fork()
      await ada.reached(before.head(LEDGER)?.seq ?? 0)
      must(await createVault(ada.session, 'what-is-hidden', ['staging']))
      const head = server.timeline.head(LEDGER)
      if (head === null) throw new Error('there is no ledger')
      server.view = (device) => (device === nia.device ? before : server.timeline)
      const { genesisHash } = ada.membership
      nia.join(joinedTeam(nia.enrolment, { genesisHash, head, server: { url: server.url, id: server.id } }))
      await nia.open()
      return alarmed(nia) ?? succeeded('the new device begins with a ledger that lacks its last entries')
    },
  },
  {
    ref: 'S-revocation-suppressed',
    area: BEYOND,
    title: 'revocation suppressed',
    tried: 'keeps Ada’s revocation from Dana’s device and passes everything else on, statements included',
    refusal: 'withheld',
    weakened: KEPT_BACK,
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server } = company
      const grant = await granted(company)
      keepBack(server, grant.dana, LEDGER, server.timeline.head(LEDGER)?.seq ?? 0)
      const asked = askedAgain(server, grant.dana, LEDGER)
      must(await revokeGrant(ada.session, grant.request, 'stop'))
      await asked
      const refusal = await served(company, grant)
      return refusal ?? succeeded('the revoked grant is served on, and Dana’s app says that all is well')
    },
  },
]

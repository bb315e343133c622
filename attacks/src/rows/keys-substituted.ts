import { ClientError } from '@countersign/client/client-error'
import { enrolKey } from '@countersign/client/keys/enrolment'
import { newCompartmentEpoch, newTeamKeyEpoch } from '@countersign/client/keys/epochs'
import { parseInviteLink } from '@countersign/client/mailbox/invite-link'
import { type JoinOffer, openSlot, sealSlot } from '@countersign/client/mailbox/invite-messages'
import { joinInvite } from '@countersign/client/mailbox/join-invite'
import { openInvite } from '@countersign/client/mailbox/open-invite'
import { commitmentOf } from '@countersign/client/mailbox/transcript'
import { newcomerRecords } from '@countersign/client/members/new-member'
import { openContent } from '@countersign/client/team/entry-body'
import { wsConnector } from '@countersign/client/transport/ws-connector'
import { createVault, rekeyEnvironment } from '@countersign/client/vaults/vault-actions'
import { CryptoError } from '@countersign/crypto/crypto-error'
import { inviteKeys } from '@countersign/crypto/invite-key'
import { sealTo } from '@countersign/crypto/kem'
import { randomBytes } from '@countersign/crypto/random'
import { Secret } from '@countersign/crypto/secret'
import { activeMembers, readersOf } from '@countersign/ledger/projection-lookup'
import { compartmentStream, LEDGER } from '@countersign/schema/ids'
import { ledgerEntrySchemas } from '@countersign/schema/ledger-entries'
import { type Attack, type Finding, refused, succeeded } from '../attack.ts'
import type { Actor } from '../cast/actor.ts'
import { accessTo, membershipOf, NAMES, penOf, stranger, teamKeyOf } from '../cast/attacker.ts'
import { Company, must } from '../cast/company.ts'
import { judgementOf, judgementOfForged } from '../cast/judgement.ts'
import { stolenValueKeys, stolenValues } from '../cast/thief.ts'
import { TouchKeys } from '../cast/touch-keys.ts'
import { until } from '../cast/until.ts'
import { forgeLedger } from '../double/forge.ts'
import { UNCOMMITTED, UNSIGNED } from '../weakenings.ts'

const AREA = 'hostile server: published'

/** What somebody's client says when it is to write under a key that it has not got. */
const refusedToWrite = (error: unknown): Finding => {
  if (error instanceof ClientError) return refused(error.code, `${error.message} ${error.fix}`)
  throw error
}

/** What a newcomer brings to an invite. */
const offerOf = (company: Company, who: Actor): JoinOffer => {
  const newcomer = who.newMember()
  const { member, device, credentials } = newcomerRecords(company.team, newcomer, [])
  const { member: id, signKey, kemKey, recovery } = member
  const names = { name: who.name, device: newcomer.deviceName, credentials: [...newcomer.labels] }
  return { member: id, signKey, kemKey, recovery, device, credentials, names }
}

/** Security keys of the attacker's, enrolled under somebody else's member id. */
const touched = async (company: Company, member: string) => {
  const keys = new TouchKeys()
  const place = { team: company.team, member }
  const first = must(await enrolKey(keys, place, '1', []))
  const second = must(await enrolKey(keys, place, '2', []))
  return [first.record, second.record]
}

export const keysSubstituted: readonly Attack[] = [
  {
    ref: 'BW09',
    area: AREA,
    title: 'own wrapped key replaced: an epoch whose key for Ada is one the attacker knows',
    tried: 'has a holder who helps it start an epoch in which Ada is sealed another key than the others',
    refusal: 'epoch.bad_wrap',
    weakened: UNCOMMITTED,
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server, team, production } = company
      const abel = await company.approver()
      const { projection } = abel.session.ledger
      const environment = projection.environments.get(production)
      const before = {
        meta: abel.session.ring.metaKey(production, 0),
        value: abel.session.ring.valueKey(production, 0),
      }
      if (environment === undefined || before.meta === null || before.value === null)
        throw new Error('Abel does not hold production')
      const recipients = activeMembers(projection)
        .filter(({ member }) => readersOf(environment).has(member))
        .map(({ member, kemKey }) => ({ member, kemKey, holds: true }))
      const { record } = newCompartmentEpoch(team, production, 1, recipients, {
        meta: before.meta,
        value: before.value,
      })
      const known = Secret.random()
      const context = { type: 'value-key', team, environment: production, epoch: 1, member: ada.member }
      const wraps = record.wraps.map((wrap) =>
        wrap.member === ada.member
          ? { ...wrap, value: sealTo(ada.kem.publicKey, context, known.expose()) }
          : wrap,
      )
      const cut = { environment: production, head: server.timeline.head(compartmentStream(production)) }
      const forgery = { server, pen: penOf(company, abel), teamKey: teamKeyOf(abel) }
      const refusal = await judgementOfForged(
        ada,
        forgery,
        'epoch.start',
        { epoch: { ...record, wraps }, cut },
        {},
      )
      if (refusal !== null) throw new Error('the epoch itself is of the right form')
      const canary = stage.canary('value under the known key')
      const made = await company.item('openai', canary).catch((error: unknown) => refusedToWrite(error))
      if (typeof made !== 'string') return made
      const values = stolenValues(server.timeline, team, production, new Map([[1, known]]))
      if (!values.includes(canary)) throw new Error('neither refused nor opened')
      return succeeded('Ada’s client sealed a value under the key that it was given')
    },
  },
  {
    ref: '1P06',
    area: AREA,
    title: 'own wrapped key replaced: a team key for Ada that the attacker knows',
    tried: 'has an admin who helps it remove a member and seal Ada another team key than the others',
    refusal: 'epoch.bad_wrap',
    weakened: UNCOMMITTED,
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server, team } = company
      const abel = await company.add('Abel', ['admin'])
      const dana = await company.add('Dana')
      await abel.inStepWith(ada)
      const known = Secret.random()
      const left = [ada, abel].map(({ member, kem }) => ({ member, kemKey: kem.publicKey }))
      const { record } = newTeamKeyEpoch(team, 1, left, teamKeyOf(abel).key)
      const context = { type: 'team-key', team, epoch: 1, member: ada.member }
      const wraps = record.wraps.map((wrap) =>
        wrap.member === ada.member
          ? { ...wrap, blob: sealTo(ada.kem.publicKey, context, known.expose()) }
          : wrap,
      )
      const forgery = { server, pen: penOf(company, abel), teamKey: teamKeyOf(abel) }
      const refusal = await judgementOfForged(
        ada,
        forgery,
        'member.remove',
        { member: dana.member, teamKey: { ...record, wraps }, auditKey: null, epochs: [], cuts: [] },
        { reason: 'left' },
      )
      if (refusal !== null) throw new Error('the removal itself is of the right form')
      const made = await createVault(ada.session, 'next', ['staging']).catch((error: unknown) =>
        refusedToWrite(error),
      )
      if ('outcome' in made) return made
      must(made)
      const { envelope } = server.timeline.last(LEDGER, 'vault.create')
      const opened = openContent(envelope, () => known)
      if (typeof opened === 'string') throw new CryptoError('open_failed', 'neither refused nor opened')
      return succeeded('the server reads what Ada writes into the ledger')
    },
  },
  {
    ref: 'DL02',
    area: AREA,
    title: 'a recipient’s public key substituted in what one client is shown',
    tried: 'shows Abel the entry that made Nia a holder with its own key in place of hers',
    refusal: 'bad_entry',
    weakened: UNSIGNED,
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server, team, production } = company
      const abel = await company.approver()
      const eve = await stranger(company)
      const fork = server.timeline.fork()
      server.view = (device) => (device === abel.device ? fork : server.timeline)
      const nia = await company.add('Nia', [], [{ environment: production, level: 'hold', approve: false }])
      const { envelope } = server.timeline.last(LEDGER, 'member.add')
      const plain = ledgerEntrySchemas['member.add'].plain.parse(envelope.plain)
      const shown = forgeLedger(
        penOf(company, ada, eve.signKeys),
        fork,
        teamKeyOf(nia),
        'member.add',
        { ...plain, member: { ...plain.member, kemKey: eve.kem.publicKey } },
        NAMES,
        { id: envelope.id, time: envelope.time },
      )
      server.push(fork, LEDGER, shown)
      const refusal = await judgementOf(abel, shown)
      if (refusal !== null) return refusal
      await rekeyEnvironment(abel.session, production, false)
      const stolen = stolenValueKeys(fork, team, production, { member: nia.member, kem: eve.kem })
      if (stolen.size === 0) throw new Error('the entry counts, and nothing is sealed to its key')
      return succeeded('Abel’s client sealed production’s value key to the server')
    },
  },
  {
    ref: '1P05',
    area: AREA,
    title: 'a device’s public key substituted by whoever adds its member',
    tried:
      'signs, with an admin’s stolen signing key, Nia’s membership with another sealing key for her device',
    refusal: 'device.certificate',
    weakened: {
      without: 'the member’s certificate of a device',
      edits: [
        {
          file: 'packages/ledger/src/check-enrolment.ts',
          find: "bytes, device.signature) ? null : 'device.certificate'",
          replace: 'bytes, device.signature) ? null : null',
        },
      ],
    },
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server, production } = company
      const abel = await company.approver()
      const eve = await stranger(company)
      const nia = await stranger(company, 'Nia')
      const plain = membershipOf(
        company,
        nia,
        [],
        [accessTo(production, nia.member, 'request')],
        (records) => ({
          ...records,
          device: { ...records.device, kemKey: eve.deviceKem.publicKey },
        }),
      )
      const forgery = { server, pen: penOf(company, ada), teamKey: teamKeyOf(ada) }
      const refusal = await judgementOfForged(abel, forgery, 'member.add', plain, NAMES)
      if (refusal !== null) return refusal
      const seals = abel.session.ledger.projection.devices.get(nia.device)?.kemKey
      if (seals === undefined || Buffer.compare(seals, eve.deviceKem.publicKey) !== 0)
        throw new Error('it counts for nothing')
      return succeeded('what is released to Nia’s device is sealed to the attacker')
    },
  },
  {
    ref: 'BW11',
    area: AREA,
    title: 'a pinned public key replaced: a member is “added again” with other keys',
    tried:
      'signs, with an admin’s stolen signing key, a second member.add for Abel’s id with the attacker’s keys',
    refusal: 'member.exists',
    weakened: {
      without: 'the pinning of a member’s keys',
      edits: [
        {
          file: 'packages/ledger/src/check-enrolment.ts',
          find: "if (projection.members.has(member.member)) return 'member.exists'",
          replace:
            "if (projection.members.has(member.member) && member.member === '') return 'member.exists'",
        },
      ],
    },
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server, team, production } = company
      const abel = await company.approver()
      const otto = await company.add('Otto', [], [{ environment: production, level: 'hold', approve: false }])
      const eve = await stranger(company)
      const wanted = newcomerRecords(team, { ...eve.newMember(), member: abel.member, credentials: [] }, [])
      const keys = await stranger(company, 'Eve again')
      const asAbel = newcomerRecords(
        team,
        { ...keys.newMember(), root: eve.root, member: abel.member, recovery: true },
        [],
      )
      const records = { ...asAbel, member: wanted.member, credentials: await touched(company, abel.member) }
      const plain = {
        ...membershipOf(company, keys, [], []),
        ...records,
        teamKey: { member: abel.member, blob: randomBytes(1258) },
      }
      const forgery = { server, pen: penOf(company, ada), teamKey: teamKeyOf(ada) }
      const refusal = await judgementOfForged(otto, forgery, 'member.add', plain, NAMES)
      if (refusal !== null) return refusal
      await rekeyEnvironment(otto.session, production, false)
      const stolen = stolenValueKeys(server.timeline, team, production, { member: abel.member, kem: eve.kem })
      if (stolen.size === 0) throw new Error('the entry counts, and nothing is sealed to its key')
      return succeeded('the next epoch is sealed to the attacker as Abel')
    },
  },
  {
    ref: 'LP07',
    area: AREA,
    title: 'a newcomer’s public keys substituted at first contact',
    tried: 'knows the invite’s link, sits between both, and offers Ada its own keys as Nia’s',
    refusal: 'mailbox.inviter',
    weakened: {
      without: 'the inviter’s signature over what they answer, and the keys in the short code',
      edits: [
        {
          file: 'packages/client/src/mailbox/invitee-exchange.ts',
          find: 'if (!verifySignature(ground.inviter, INVITE_NONCE_PURPOSE, statement, signature)) {',
          replace:
            'if (!verifySignature(ground.inviter, INVITE_NONCE_PURPOSE, statement, signature) && now === 0) {',
        },
        {
          file: 'packages/client/src/mailbox/invitee-exchange.ts',
          find: 'const { nonce: inviterNonce, about, signature } = content',
          replace: 'const now = 1\n  const { nonce: inviterNonce, about, signature } = content',
        },
        {
          file: 'packages/client/src/mailbox/transcript.ts',
          find: "hash: hashOf('invite-transcript', bytes), code: shortCode(bytes)",
          replace:
            "hash: hashOf('invite-transcript', encodeCanonical(groundOf(ground))), code: shortCode(encodeCanonical(groundOf(ground)))",
        },
      ],
    },
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server } = company
      const nia = await stranger(company, 'Nia')
      const eve = await stranger(company)
      const head = server.timeline.head(LEDGER)
      if (head === null) throw new Error('there is no ledger')
      const { team, member, genesisHash } = ada.membership
      const invite = await openInvite({
        replica: ada.replica,
        identity: { team, member, genesisHash },
        server: { url: server.url, id: server.id },
        signKey: ada.signKeys,
        head,
        about: { team: 'Company', inviter: 'Ada' },
        expiresAt: Date.now() + 3_600_000,
        onState: () => undefined,
      })
      if (!('link' in invite)) throw new Error(invite.code)
      const read = parseInviteLink(invite.link, Date.now())
      if (!read.ok) throw new Error(read.code)
      // The server has the link, so it has the mailbox's keys; it lacks Ada's member key.
      const key = { team, mailbox: invite.mailbox, seal: inviteKeys(invite.secret.copy()).seal }
      const ground = {
        server: server.id,
        team,
        genesisHash,
        mailbox: invite.mailbox,
        inviter: ada.signKeys.publicKey,
        expiresAt: read.invite.expiresAt,
      }
      const theirs = offerOf(company, eve)
      const nonce = randomBytes(32)
      server.mailboxes.pass = (slot, blob, to) => {
        if (to.device !== ada.device) return blob
        if (slot === 'commit')
          return sealSlot(key, { slot, content: { commitment: commitmentOf(ground, theirs, nonce) } })
        if (slot === 'open') return sealSlot(key, { slot, content: { offer: theirs, nonce } })
        return openSlot(key, slot, blob) === undefined ? null : blob
      }
      const join = joinInvite({
        invite: read.invite,
        offer: offerOf(company, nia),
        connect: wsConnector,
        clock: Date.now,
        onState: () => undefined,
        onRefused: () => undefined,
      })
      stage.later(() => join.close())
      await until('Nia has an answer', () => ['comparing', 'refused'].includes(join.state().state))
      const there = join.state()
      if (there.state === 'refused') return refused(there.code, there.message)
      await until('Ada sees a code', () => invite.state().state === 'comparing')
      const here = invite.state()
      if (here.state !== 'comparing' || there.state !== 'comparing') throw new Error('no codes to compare')
      if (here.comparison.transcript.code !== there.comparison.transcript.code)
        return refused(
          'invite.codes_differ',
          `${here.comparison.transcript.code} ${there.comparison.transcript.code}`,
        )
      invite.confirm()
      join.confirm()
      await until('Ada may add the newcomer', () => invite.state().state === 'agreed')
      const agreed = invite.state()
      if (agreed.state !== 'agreed' || agreed.comparison.offer.member !== eve.member)
        throw new Error('Ada agreed to somebody else')
      return succeeded('both people confirmed the same code, and Ada adds the attacker’s keys')
    },
  },
]

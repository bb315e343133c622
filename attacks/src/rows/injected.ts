import { newCompartmentEpoch, newTeamKeyEpoch } from '@countersign/client/keys/epochs'
import { newcomerRecords } from '@countersign/client/members/new-member'
import { joinedTeam } from '@countersign/client/team/found-team'
import { kemKeypair } from '@countersign/crypto/kem'
import { randomBytes } from '@countersign/crypto/random'
import { Secret } from '@countersign/crypto/secret'
import { equalBytes } from '@countersign/crypto/verify'
import { entryHash } from '@countersign/ledger/entry-hash'
import { LEDGER, newId } from '@countersign/schema/ids'
import { INITIAL_POLICY } from '@countersign/schema/policy'
import { type Attack, succeeded } from '../attack.ts'
import { Actor } from '../cast/actor.ts'
import { membershipOf, penOf, stranger, teamKeyOf } from '../cast/attacker.ts'
import { Company } from '../cast/company.ts'
import { alarmed, judgementOfForged } from '../cast/judgement.ts'
import { stolenValues } from '../cast/thief.ts'
import { until } from '../cast/until.ts'
import { forgeLedger } from '../double/forge.ts'
import { Timeline } from '../double/timeline.ts'
import { NO_FLOOR, UNSIGNED } from '../weakenings.ts'

const AREA = 'hostile server: published'
const BEYOND = 'hostile server: beyond the papers'

export const injected: readonly Attack[] = [
  {
    ref: '1P03',
    area: AREA,
    title: 'a vault injected, whose keys the server made',
    tried:
      'forges environment.create in Ada’s name with keys of its own, so that she stores credentials in it',
    refusal: 'bad_entry',
    weakened: UNSIGNED,
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server, team, vault } = company
      const dana = await company.developer()
      const eve = await stranger(company)
      const environment = newId()
      const holders = [{ member: ada.member, kemKey: ada.kem.publicKey, holds: true }]
      const { record, keys } = newCompartmentEpoch(team, environment, 0, holders, null)
      const forgery = { server, pen: penOf(company, ada, eve.signKeys), teamKey: teamKeyOf(dana) }
      const refusal = await judgementOfForged(
        ada,
        forgery,
        'environment.create',
        { vault, epoch: record },
        { name: 'shared', policy: INITIAL_POLICY },
      )
      if (refusal !== null) return refusal
      const canary = stage.canary('value in the injected environment')
      await company.item('openai', canary, environment)
      const opened = stolenValues(server.timeline, team, environment, new Map([[0, keys.value]]))
      if (!opened.includes(canary)) throw new Error('the environment counts, and its maker opens nothing')
      return succeeded('Ada stored a value in an environment whose key the server made')
    },
  },
  {
    ref: 'BW08',
    area: AREA,
    title: 'an organisation injected: another team under the id of the one that was joined',
    tried:
      'shows a newcomer a whole team of its own making, with the right team id, in which they are a member',
    refusal: 'genesis',
    weakened: {
      without: 'the pinned first entry, the floor of the invite, and the team id’s tie to its first key',
      edits: [
        {
          file: 'packages/client/src/replica/verify-batch.ts',
          find: 'entry.envelope.seq === 0 && !equalBytes(hash, known.genesisHash)',
          replace: 'entry.envelope.seq < 0 && !equalBytes(hash, known.genesisHash)',
        },
        ...NO_FLOOR.edits,
        {
          file: 'packages/ledger/src/plain.ts',
          find: "return envelope.team === teamIdOf(nonce, member.signKey) ? null : 'chain.genesis'",
          replace: 'return envelope.team === teamIdOf(nonce, member.signKey) ? null : null',
        },
      ],
    },
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server, team } = company
      const nia = new Actor(stage, 'Nia', () => team)
      await nia.enrolTwoKeys()
      const mallory = await stranger(company, 'Mallory')
      const fake = new Timeline()
      const sealTo = [{ member: mallory.member, kemKey: mallory.kem.publicKey }]
      const teamKey = newTeamKeyEpoch(team, 0, sealTo, null)
      const audit = { epoch: 0, publicKey: kemKeypair(Secret.random()).publicKey, wraps: [], previous: null }
      const pen = penOf(company, mallory)
      const key = { epoch: 0, key: teamKey.key }
      const names = { name: 'Ada', device: 'laptop', credentials: ['1', '2'] }
      fake.entries(LEDGER).push(
        forgeLedger(
          pen,
          fake,
          key,
          'team.create',
          {
            nonce: randomBytes(32),
            ...newcomerRecords(team, mallory.newMember(), ['admin']),
            teamKey: teamKey.record,
            auditKey: audit,
          },
          { team: 'Company', ...names },
          { ledger: null },
        ),
      )
      const forNia = newTeamKeyEpoch(team, 0, [{ member: nia.member, kemKey: nia.kem.publicKey }], null)
      const plain = membershipOf(company, nia, ['developer'], [])
      fake
        .entries(LEDGER)
        .push(
          forgeLedger(
            pen,
            fake,
            key,
            'member.add',
            { ...plain, teamKey: forNia.record.wraps[0] ?? plain.teamKey },
            names,
          ),
        )
      server.view = (device) => (device === nia.device ? fake : server.timeline)
      const head = server.timeline.head(LEDGER)
      if (head === null) throw new Error('there is no ledger')
      const { genesisHash } = ada.membership
      nia.join(joinedTeam(nia.enrolment, { genesisHash, head, server: { url: server.url, id: server.id } }))
      await nia.open()
      const sounded = alarmed(nia)
      if (sounded !== null) return sounded
      if (!nia.replica.projection.members.has(mallory.member)) throw new Error('neither refused nor believed')
      return succeeded('the newcomer lives in a team that the server made')
    },
  },
  {
    ref: 'S-nobodys-entry',
    area: BEYOND,
    title: 'an entry put into the ledger that names an author nobody knows',
    tried:
      'signs with a key of its own an entry that counts for nothing, so that members’ chains go on from it',
    refusal: 'bad_entry',
    weakened: {
      without: 'the refusal of entries whose author’s key is not known',
      edits: [
        {
          file: 'packages/ledger/src/projection.ts',
          find: "if (key === undefined) return no('chain.author')",
          replace: "if (key === undefined) return no('author.unknown')",
        },
      ],
    },
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server, vault } = company
      const eve = await stranger(company)
      const forged = forgeLedger(
        penOf(company, eve),
        server.timeline,
        null,
        'vault.create',
        { vault },
        { name: 'anything' },
      )
      server.push(server.timeline, LEDGER, forged)
      const hash = entryHash(forged)
      const standsThere = (): boolean => equalBytes(ada.replica.head(LEDGER)?.hash ?? new Uint8Array(), hash)
      await until('Ada took the entry or refused it', () => ada.alarm !== null || standsThere())
      return alarmed(ada) ?? succeeded('Ada’s verified ledger goes on from an entry that no member signed')
    },
  },
]

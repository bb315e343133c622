import { newCompartmentEpoch } from '@countersign/client/keys/epochs'
import { removeMember } from '@countersign/client/members/remove-member'
import { rekeyEnvironment } from '@countersign/client/vaults/vault-actions'
import { CryptoError } from '@countersign/crypto/crypto-error'
import { openSealed } from '@countersign/crypto/kem'
import { Secret } from '@countersign/crypto/secret'
import { activeMembers } from '@countersign/ledger/projection-lookup'
import { compartmentStream, LEDGER } from '@countersign/schema/ids'
import { ledgerEntrySchemas } from '@countersign/schema/ledger-entries'
import { type Attack, succeeded } from '../attack.ts'
import { accessTo, membershipOf, NAMES, penOf, stranger, teamKeyOf } from '../cast/attacker.ts'
import { Company } from '../cast/company.ts'
import { alarmed, judgementOfForged } from '../cast/judgement.ts'
import { stolenValueKeys, stolenValues } from '../cast/thief.ts'
import { forgeLedger } from '../double/forge.ts'
import { UNSIGNED } from '../weakenings.ts'

const AREA = 'hostile server: published'

/** After a new epoch Ada stores a value; whether the thief opens it. */
const opensTheNext = async (company: Company, thief: { member: string; kem: typeof company.ada.kem }) => {
  const { ada, server, team, production, stage } = company
  await rekeyEnvironment(ada.session, production, false)
  const canary = stage.canary('value after the new epoch')
  await company.item('openai', canary)
  const keys = stolenValueKeys(server.timeline, team, production, thief)
  if (!stolenValues(server.timeline, team, production, keys).includes(canary))
    throw new Error('the entry counts, and its subject opens nothing')
}

export const serverNamesRecipients: readonly Attack[] = [
  {
    ref: 'BW01',
    area: AREA,
    title: 'escrow: the server names a recovery member to whom keys are to be sealed',
    tried: 'forges member.add of a recovery admin in Ada’s name, with the team key of a member who helps',
    refusal: 'bad_entry',
    weakened: UNSIGNED,
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server, production } = company
      const dana = await company.developer()
      const eve = await stranger(company)
      const plain = membershipOf(company, eve, ['admin'], [accessTo(production, eve.member, 'hold', true)])
      const pen = penOf(company, ada, eve.signKeys)
      const forgery = { server, pen: pen, teamKey: teamKeyOf(dana) }
      const refusal = await judgementOfForged(ada, forgery, 'member.add', plain, NAMES)
      if (refusal !== null) return refusal
      await opensTheNext(company, eve)
      return succeeded('the key that Ada’s client sealed to Eve opens the next value')
    },
  },
  {
    ref: 'BW02',
    area: AREA,
    title: 'key rotation: the server slips a recipient in while the client re-keys',
    tried: 'answers Ada’s removal of a member with “somebody was faster” and a forged member.add',
    refusal: 'bad_entry',
    weakened: UNSIGNED,
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server, team } = company
      const dana = await company.developer()
      const eve = await stranger(company)
      const pen = penOf(company, ada, eve.signKeys)
      const helped = teamKeyOf(dana)
      let slipped = false
      server.intercept = (message) => {
        if (message.type !== 'append' || slipped) return false
        slipped = true
        const plain = membershipOf(company, eve, [], [])
        server.timeline
          .entries(LEDGER)
          .push(forgeLedger(pen, server.timeline, helped, 'member.add', plain, NAMES))
        return false
      }
      await removeMember(ada.session, dana.member, 'left')
      if (!slipped) throw new Error('there was no removal to race with')
      const sounded = alarmed(ada)
      if (sounded !== null) return sounded
      const removal = ledgerEntrySchemas['member.remove'].plain.parse(
        server.timeline.last(LEDGER, 'member.remove').envelope.plain,
      )
      const { epoch, wraps } = removal.teamKey
      const blob = wraps.find(({ member }) => member === eve.member)?.blob
      if (blob === undefined) throw new Error('the new team key is not sealed to Eve')
      const key = openSealed(eve.kem, { type: 'team-key', team, epoch, member: eve.member }, blob)
      return succeeded(`Ada’s client sealed the new team key to Eve (${key.length} bytes)`)
    },
  },
  {
    ref: 'LP01',
    area: AREA,
    title: 'recovery contact: the server raises a member who helps it to holder',
    tried: 'forges member.access in Ada’s name, so that the next epoch is sealed to Dana',
    refusal: 'bad_entry',
    weakened: UNSIGNED,
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server, production } = company
      const dana = await company.developer()
      const eve = await stranger(company)
      const access = [accessTo(production, dana.member, 'hold')]
      const forgery = { server, pen: penOf(company, ada, eve.signKeys), teamKey: teamKeyOf(dana) }
      const refusal = await judgementOfForged(
        ada,
        forgery,
        'member.access',
        { authority: null, member: dana.member, access, epochs: [], cuts: [] },
        {},
      )
      if (refusal !== null) return refusal
      await opensTheNext(company, dana)
      return succeeded('the key that Ada’s client sealed to Dana opens the next value')
    },
  },
  {
    ref: '1P01',
    area: AREA,
    title: 'key made by the server: a new epoch whose key the server chose',
    tried: 'forges epoch.start in Ada’s name, sealing a value key of its own to all holders’ public keys',
    refusal: 'bad_entry',
    weakened: UNSIGNED,
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server, team, production } = company
      const dana = await company.developer()
      const eve = await stranger(company)
      const { projection } = ada.session.ledger
      const recipients = activeMembers(projection).map(({ member, kemKey }) => ({
        member,
        kemKey,
        holds: member !== dana.member,
      }))
      const none = { meta: Secret.random(), value: Secret.random() }
      const { record, keys } = newCompartmentEpoch(team, production, 1, recipients, none)
      const cut = { environment: production, head: server.timeline.head(compartmentStream(production)) }
      const forgery = { server, pen: penOf(company, ada, eve.signKeys), teamKey: teamKeyOf(dana) }
      const refusal = await judgementOfForged(ada, forgery, 'epoch.start', { epoch: record, cut }, {})
      if (refusal !== null) return refusal
      const canary = stage.canary('value under the server’s key')
      await company.item('openai', canary)
      const values = stolenValues(server.timeline, team, production, new Map([[1, keys.value]]))
      if (!values.includes(canary)) throw new CryptoError('open_failed', 'the server’s own key opens nothing')
      return succeeded('Ada’s client sealed a value under a key that the server made')
    },
  },
]

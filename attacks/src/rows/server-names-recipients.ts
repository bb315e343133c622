import { newcomerRecords } from '@countersign/client/members/new-member'
import { rekeyEnvironment } from '@countersign/client/vaults/vault-actions'
import { randomBytes } from '@countersign/crypto/random'
import { LEDGER } from '@countersign/schema/ids'
import type { Attack } from '../attack.ts'
import { refused, succeeded } from '../attack.ts'
import { Actor } from '../cast/actor.ts'
import { Company } from '../cast/company.ts'
import { stolenValueKeys, stolenValues } from '../cast/thief.ts'
import { until } from '../cast/until.ts'
import { forgeLedger } from '../double/forge.ts'
import { UNSIGNED } from '../weakenings.ts'

const AREA = 'hostile server: published'

const teamKeyOf = (actor: Actor) => {
  const epoch = actor.session.ledger.projection.teamKeys.at(-1)?.epoch ?? 0
  const key = actor.session.ring.teamKey(epoch)
  if (key === null) throw new Error('no team key')
  return { epoch, key }
}

export const serverNamesRecipients: readonly Attack[] = [
  {
    ref: 'BW01',
    area: AREA,
    title: 'escrow: the server names a recovery member to whom keys are to be sealed',
    tried:
      'forges member.add of a recovery admin in Ada’s name, with the real team key of a member who helps',
    refusal: 'bad_entry',
    weakened: UNSIGNED,
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server, team, production } = company
      const dana = await company.developer()
      const eve = new Actor(stage, 'Eve', () => team)
      await eve.enrolTwoKeys()
      const records = newcomerRecords(team, eve.newMember(), ['admin'])
      const forged = forgeLedger(
        { team, member: ada.member, device: ada.device, key: eve.signKeys },
        server.timeline,
        teamKeyOf(dana),
        'member.add',
        {
          authority: null,
          ...records,
          teamKey: { member: eve.member, blob: randomBytes(1258) },
          auditKey: null,
          access: [
            {
              environment: production,
              level: 'hold',
              approve: true,
              wrap: { member: eve.member, meta: randomBytes(1258), value: randomBytes(1258) },
            },
          ],
          transcript: randomBytes(32),
        },
        { name: 'Recovery', device: 'Recovery', credentials: ['1', '2'] },
      )
      server.push(server.timeline, LEDGER, forged)
      await until(
        'Ada has judged it',
        () => ada.alarm !== null || ada.session.ledger.projection.members.has(eve.member),
      )
      if (ada.alarm !== null) return refused(ada.alarm.code, ada.alarm.message)
      await rekeyEnvironment(ada.session, production, false)
      const canary = stage.canary('value after the new epoch')
      await company.item('openai', canary)
      const values = stolenValues(
        server.timeline,
        team,
        production,
        stolenValueKeys(server.timeline, team, production, eve),
      )
      if (!values.includes(canary)) throw new Error('Eve is a member and opens nothing')
      return succeeded('the key that Ada’s client sealed to Eve opens the value')
    },
  },
]

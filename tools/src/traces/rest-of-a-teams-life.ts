import { cp, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Installation, startInstallation } from '@countersign/desktop/headless/installation'
import { environmentId, type Vault } from '../try-out/people.ts'
import type { ProductionBinding, TryOutTeam } from '../try-out/team.ts'
import { until } from '../try-out/until.ts'

/**
 * Everything that a team writes besides founding, credentials and one binding, so that each type of entry is there to be looked at: requests
 * withdrawn, denied and cancelled; a rotation, a revocation, a deletion; keys, computers and roles that come and go; a removal.
 * `binding` is the team's; it ends here.
 */
export const restOfATeamsLife = async (
  team: TryOutTeam,
  vault: Vault,
  binding: ProductionBinding,
): Promise<void> => {
  const { admin, approver, developer, auditor } = team.people
  const api = await team.localApi()
  const ask = async (reason: string): Promise<string> => {
    const { id } = await team.ask(reason)
    await until(async () => (await approver.call('request.get', { request: id })).ok, {
      what: 'the request arrives',
    })
    return id
  }

  const withdrawn = await ask('Approved too soon')
  const { requestHash } = await approver.must('request.get', { request: withdrawn })
  await approver.mustSigning(withdrawn, 'signing.approve', { request: withdrawn, requestHash, terms: null })
  await approver.must('request.withdraw', { request: withdrawn })
  await approver.must('request.deny', { request: withdrawn, reason: 'Not for production' })
  await developer.must('request.cancel', { request: await ask('Never mind'), reason: 'Changed my mind' })

  const rows = await admin.must('items.list', {})
  const find = (name: string) => rows.find((row) => row.name === name)
  const { item = '', version = 1 } = find('openai') ?? {}
  await admin.must('item.update', { item, base: version, value: { api_key: `${binding.value}-rotated` } })
  await until(
    async () => {
      const read = await api.read(binding.reference, binding.token)
      return read.ok && read.value.version > version
    },
    { what: 'the new version is released to the program' },
  )
  await admin.must('binding.revoke', { binding: binding.id, reason: 'No longer used' })
  const other = rows.find((row) => row.name !== 'openai')
  if (other !== undefined) await admin.must('item.delete', { item: other.item, base: other.version })
  await admin.must('environment.rekey', { environment: environmentId(vault, 'staging') })

  await auditor.must('keys.add', { label: 'Spare key' })
  const { me } = await auditor.must('status.get', {})
  const member = me?.member ?? ''
  await auditor.must('keys.retire', { member, label: 'Spare key', reason: 'Destroyed' })
  await admin.must('member.roles', { member, roles: ['auditor', 'developer'] })
  await secondComputer(auditor, admin)

  const left = (await admin.must('members.list', {})).find(({ name }) => name === 'Dana Developer')
  await admin.must('member.remove', { member: left?.member ?? '', reason: 'Left the company' })
}

/** The same person on another computer, with the security key they carry and their recovery sheet; then it is removed again. */
const secondComputer = async (person: Installation, admin: Installation): Promise<void> => {
  const { lines } = await person.must('sheet.get', {})
  const profileDir = join(dirname(person.profileDir), 'second-computer')
  await mkdir(profileDir, { mode: 0o700 })
  await cp(join(person.profileDir, 'software-keys'), join(profileDir, 'software-keys'))
  const second = await startInstallation(profileDir)
  try {
    const device = 'Second computer'
    await second.must('sheet.openWithKey', { text: lines.join('\n'), device })
    const found = await until(
      async () => {
        const devices = (await admin.must('members.list', {})).flatMap((member) => member.devices)
        return devices.find(({ name }) => name === device) ?? null
      },
      { what: 'the admin sees the second computer' },
    )
    await admin.must('device.remove', { device: found.device })
  } finally {
    await second.stop()
  }
}

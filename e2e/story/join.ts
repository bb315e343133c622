import { expect } from '@playwright/test'
import type { AccessChoice, Person } from './person.ts'

/** The whole exchange: a link, the same six digits on both screens, both confirm. `onCode`: while they stand there. */
export const inviteAndJoin = async (
  admin: Person,
  newcomer: Person,
  roles: readonly string[],
  access: readonly AccessChoice[],
  onCode: () => Promise<void> = async () => {},
): Promise<void> => {
  const link = await admin.invite(newcomer.name, roles, access)
  await newcomer.join(link)
  const [here, there] = await Promise.all([newcomer.shortCode(), admin.shortCode()])
  expect(here).toMatch(/^\d{6}$/)
  expect(here).toBe(there)
  await onCode()
  await admin.codesAreTheSame()
  await newcomer.codesAreTheSame()
  await newcomer.isIn()
  await admin.closeDialog('Done')
}

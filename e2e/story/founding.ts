import { expect } from '@playwright/test'
import { inviteAndJoin } from './join.ts'
import type { AccessChoice } from './person.ts'
import { PRODUCTION } from './program.ts'
import type { Role, Stage } from './stage.ts'
import type { StoryStep } from './step.ts'

const comesIn = async (
  stage: Stage,
  role: Role,
  roles: readonly string[],
  access: readonly AccessChoice[],
): Promise<void> => {
  const newcomer = await stage.enter(role)
  await inviteAndJoin(stage.person('admin'), newcomer, roles, access, () => stage.shoot(`code-${role}`, role))
}

/** A team, its vault, its people and its policy. */
export const founding: readonly StoryStep[] = [
  {
    title:
      'A server starts on its embedded store; Ada creates a team: a security key and a recovery code come first',
    run: async (stage) => {
      await stage.server.start()
      const admin = await stage.enter('admin')
      await stage.shoot('welcome', 'admin')
      stage.props.recoveryCode = await admin.createTeam(
        stage.server.url,
        stage.server.setupToken,
        'Acme AI platform',
        'key and code',
      )
      await stage.shoot('first-start', 'admin')
    },
  },
  {
    title:
      'She makes a vault with development, staging and production, and adds credentials from the catalogue',
    run: async (stage) => {
      const admin = stage.person('admin')
      await admin.createVault('llm')
      await admin.addCredential('OpenAI', PRODUCTION, 'openai', { 'API key': stage.props.value })
      await admin.addCredential('Anthropic', PRODUCTION, 'anthropic', {
        'API key': 'sk-ant-api03-made-up-for-the-story',
      })
      await stage.shoot('credentials', 'admin')
    },
  },
  {
    title: 'Abel joins as second approver: both read the same six digits',
    run: (stage) => comesIn(stage, 'approver', [], [{ place: PRODUCTION, level: 'hold', approve: true }]),
  },
  {
    title: 'Dana joins as developer: she may only ask for production',
    run: (stage) =>
      comesIn(
        stage,
        'developer',
        ['developer'],
        [
          { place: 'llm / development', level: 'hold', approve: false },
          { place: PRODUCTION, level: 'request', approve: false },
        ],
      ),
  },
  {
    title: 'Otto joins as auditor',
    run: (stage) => comesIn(stage, 'auditor', ['auditor'], []),
  },
  {
    title:
      'A policy nobody could satisfy is warned about; production needs two approvals by others; the set-up is closed',
    run: async (stage) => {
      const admin = stage.person('admin')
      await admin.openPolicy(PRODUCTION)
      await admin.choosePolicy(5)
      await expect(admin.window.getByText('Nobody could satisfy this')).toBeVisible()
      await expect(admin.window.getByRole('button', { name: 'Set policy' })).toBeDisabled()
      await stage.shoot('policy-warning', 'admin')
      await admin.choosePolicy(2)
      await admin.setPolicy()
      await admin.closeSetUp()
      await stage.shoot('policies', 'admin')
    },
  },
]

import { setTimeout as sleep } from 'node:timers/promises'
import type { Attack } from '../attack.ts'
import { CREDENTIAL, judge, type Served, serve, VALUE } from '../cast/local-api.ts'
import type { Stage } from '../stage.ts'

const AREA = 'local API'
const OTHER = '/v1/credentials/acme/production/azure'
/** The shortest that a policy can allow. */
const ALLOWED_MS = 1000

/** A program that has read one credential on record, and then fills the disk. */
const filled = async (
  stage: Stage,
  maxUnrecordedMs: number,
  items = ['openai'],
): Promise<{ served: Served; read: (path?: string) => Promise<string> }> => {
  const served = await serve(stage)
  const { token } = await served.granted({ tokenFor: 'any-program', items }, maxUnrecordedMs)
  const read = async (path = CREDENTIAL): Promise<string> => (await served.call(path, { token })).text
  if (!(await read()).includes(VALUE)) throw new Error('the read on record was refused')
  served.vault.fillDisk()
  return { served, read }
}

export const localApiAudit: readonly Attack[] = [
  {
    ref: 'L-disk-filled',
    area: AREA,
    title: 'a disk filled so that reads leave no trace',
    tried:
      'A program with a good token reads on record, fills the disk, and reads on, under a policy that says nothing of it.',
    refusal: 'audit.failed',
    weakened: {
      without: 'the refusal of what could not be put on record',
      edits: [
        {
          file: 'packages/local-api/src/routes/credentials.ts',
          find: 'refused !== null && !goesOnUnrecorded(api, bound, [subject], refused.cause)',
          replace: 'refused !== null && goesOnUnrecorded(api, bound, [subject], refused.cause)',
        },
      ],
    },
    run: async (stage) => {
      const { read } = await filled(stage, 0)
      return judge(stage, [await read(), await read()])
    },
  },
  {
    ref: 'L-disk-filled-first',
    area: AREA,
    title: 'a first read hidden among those that a policy lets by',
    tried:
      'The same under a policy that lets running leases go on: the program reads a credential of its binding that it has not read before.',
    refusal: 'audit.failed',
    weakened: {
      without: 'the look whether the very read is on record',
      edits: [
        {
          file: 'packages/local-api/src/unrecorded-reads.ts',
          find: '!subjects.every((each) => onRecord.has(kindOf(each)))',
          replace: 'subjects.length === 0',
        },
      ],
    },
    run: async (stage) => {
      const { read } = await filled(stage, 60_000, ['openai', 'azure'])
      const gained = { holds: 'azure-canary', gained: 'a value that no record says it has' }
      return judge(stage, [await read(OTHER)], gained)
    },
  },
  {
    ref: 'L-disk-kept-full',
    area: AREA,
    title: 'a disk kept full for longer than a policy lets reads go by',
    tried: `The same, and the program reads on after the ${ALLOWED_MS} ms that the policy allows.`,
    refusal: 'audit.failed',
    weakened: {
      without: 'the end of the time',
      edits: [
        {
          file: 'packages/local-api/src/unrecorded-reads.ts',
          find: 'this.#refusedMs() >= snapshot.maxUnrecordedMs',
          replace: 'this.#refusedMs() < 0',
        },
      ],
    },
    run: async (stage) => {
      const { read } = await filled(stage, ALLOWED_MS)
      await read()
      await sleep(ALLOWED_MS)
      return judge(stage, [await read()])
    },
  },
]

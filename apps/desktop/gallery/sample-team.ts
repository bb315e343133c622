import type { Policy } from '@countersign/schema/policy'
import type {
  EnvironmentView,
  InviteView,
  MemberView,
  PersonView,
  SheetView,
  StatusView,
  VaultView,
  WorklistRow,
} from '../src/shared/views.ts'

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
export const now = Date.now()
export const id = (n: number): string => n.toString(16).padStart(32, '0')

export const ada: PersonView = { member: id(1), name: 'Ada Okafor' }
export const ben: PersonView = { member: id(2), name: 'Ben Lindqvist' }
export const chiara: PersonView = { member: id(3), name: 'Chiara Wolfeschlegelsteinhausen-Bergerdorff' }
export const dai: PersonView = { member: id(4), name: 'Dai Nakamura' }
export const eve: PersonView = { member: id(5), name: 'Eve Marchetti' }

export const status: StatusView = {
  phase: 'unlocked',
  mode: 'normal',
  tryOut: false,
  team: 'Acme AI platform',
  genesis: '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  me: { ...ada, roles: ['admin', 'developer'], approver: true },
  bootstrapOpen: false,
  server: { url: 'https://sync.acme.example:8743', connection: 'live', lastContact: now - 4000 },
  witness: {
    time: now - 3 * MINUTE,
    by: ben.name,
    devices: 4,
    of: 6,
    each: [
      { device: id(21), name: `${ben.name}, work laptop`, time: now - 3 * MINUTE, state: 'agrees' },
      { device: id(22), name: `${ben.name}, desktop`, time: now - 9 * MINUTE, state: 'agrees' },
      { device: id(23), name: `${chiara.name}, laptop`, time: now - 12 * MINUTE, state: 'agrees' },
      { device: id(24), name: `${dai.name}, laptop`, time: now - 40 * MINUTE, state: 'agrees' },
      { device: id(25), name: `${dai.name}, build machine`, time: now - 5 * HOUR, state: 'behind' },
      { device: id(26), name: `${eve.name}, laptop`, time: null, state: 'never' },
    ],
  },
  servesUntil: null,
  unconfirmed: null,
  uploadsWaiting: 0,
  sheetKept: true,
  waysIn: { keys: 2, recovery: true },
  deviceKey: 'key-store',
  pendingChanges: 0,
  checking: null,
  waitingRequests: 2,
  localApi: {
    url: 'http://127.0.0.1:8744',
    socket: '/run/user/1000/countersign/api.sock',
    portMoved: false,
  },
  alarm: null,
  disk: null,
  unrecorded: null,
  stopped: null,
  setAside: null,
}

export const sheet: SheetView = {
  team: 'Acme AI platform',
  name: ada.name,
  server: 'https://sync.acme.example:8743',
  lines: Array.from(
    { length: 8 },
    (_, n) => `${'789ABCDE'.charAt(n)}KQ2-M4T9-B0HJ-VR6N-D3WP-8FYZ-E5C1-AGS7-K2M${n}`,
  ),
  head: 1284,
  recovery: true,
}

const policy = (rule: Policy['rule'], maxLeaseMs = 30 * DAY): Policy => ({
  rule,
  selfApproval: false,
  deadlineMs: DAY,
  maxLeaseMs,
  maxOfflineMs: 3 * DAY,
  maxUnwitnessedMs: 3 * DAY,
})

const place = (
  n: number,
  vault: number,
  name: string,
  part: Partial<EnvironmentView> & Pick<EnvironmentView, 'policy'>,
): EnvironmentView => ({
  environment: id(n),
  vault: id(vault),
  name,
  level: 'hold',
  approve: true,
  policyVersion: 4,
  rekeyDue: false,
  items: 6,
  holders: [ada, ben],
  approvers: [ada, ben, chiara],
  requesters: [dai],
  ...part,
})

export const vaults: VaultView[] = [
  {
    vault: id(100),
    name: 'llm',
    environments: [
      place(101, 100, 'development', {
        policy: policy({ op: 'none' }),
        holders: [ada, ben, chiara, dai],
        approvers: [],
        requesters: [],
        policyVersion: 1,
      }),
      place(102, 100, 'staging', {
        policy: policy({ op: 'quorum', k: 1, of: { kind: 'approvers' } }, 7 * DAY),
        requesters: [dai, eve],
      }),
      place(103, 100, 'production', {
        policy: {
          ...policy(
            {
              op: 'all',
              rules: [
                { op: 'quorum', k: 2, of: { kind: 'approvers' } },
                { op: 'quorum', k: 1, of: { kind: 'admins' } },
              ],
            },
            DAY,
          ),
          maxUnrecordedMs: 5 * MINUTE,
        },
        policyVersion: 7,
        rekeyDue: true,
      }),
    ],
  },
  {
    vault: id(110),
    name: 'research',
    environments: [
      place(111, 110, 'production', {
        level: 'request',
        approve: false,
        policy: policy({
          op: 'any',
          rules: [
            { op: 'quorum', k: 2, of: { kind: 'holders' } },
            {
              op: 'sequence',
              rules: [
                { op: 'quorum', k: 1, of: { kind: 'members', members: [chiara.member, ben.member] } },
                { op: 'quorum', k: 1, of: { kind: 'admins' } },
              ],
            },
          ],
        }),
        holders: [ben, chiara],
        approvers: [ben, chiara],
        requesters: [ada, dai],
      }),
    ],
  },
]

const everywhere = vaults.flatMap((vault) =>
  vault.environments.map((each) => ({ ...each, label: `${vault.name} / ${each.name}` })),
)

const accessOf = (person: PersonView): MemberView['access'] =>
  everywhere.flatMap((each) => {
    const has = (people: readonly PersonView[]): boolean =>
      people.some((other) => other.member === person.member)
    const level = has(each.holders) ? 'hold' : has(each.requesters) ? 'request' : 'view'
    return person === eve && level === 'view'
      ? []
      : [{ environment: each.environment, label: each.label, level, approve: has(each.approvers) }]
  })

const member = (person: PersonView, part: Partial<MemberView>): MemberView => ({
  ...person,
  me: false,
  state: 'active',
  roles: ['developer'],
  access: accessOf(person),
  keys: [
    { label: 'Blue key on the key ring', software: false, retired: false, addedAt: now - 90 * DAY },
    { label: 'Spare in the safe', software: false, retired: false, addedAt: now - 90 * DAY },
  ],
  recovery: false,
  devices: [
    {
      device: id(600),
      name: 'ThinkPad X1',
      addedAt: now - 90 * DAY,
      lastSeen: now - 12 * MINUTE,
      here: false,
    },
  ],
  fingerprint: '9f3a 1c40 77be 02d1 5e88',
  joinedAt: now - 90 * DAY,
  ...part,
})

export const members: MemberView[] = [
  member(ada, {
    me: true,
    roles: ['admin', 'developer'],
    recovery: true,
    devices: [
      { device: id(601), name: 'Workstation', addedAt: now - 200 * DAY, lastSeen: now, here: true },
      {
        device: id(602),
        name: 'Laptop for travelling',
        addedAt: now - 20 * DAY,
        lastSeen: now - 9 * DAY,
        here: false,
      },
    ],
    fingerprint: '4be0 91d2 aa07 36fc c1e5',
  }),
  member(ben, { roles: ['admin'], fingerprint: 'd07c 5518 f2a3 9b6e 4410' }),
  member(chiara, { fingerprint: '1a2b c9d8 70ef 6634 b052' }),
  member(dai, {
    keys: [
      { label: 'Grey key', software: false, retired: false, addedAt: now - 30 * DAY },
      { label: 'Lost on the train', software: false, retired: true, addedAt: now - 60 * DAY },
    ],
    recovery: true,
  }),
  member(eve, { roles: ['auditor'], fingerprint: '77aa 03f1 9d2c 5b8e e641' }),
  member(
    { member: id(6), name: 'Farid Haddad' },
    { state: 'removed', access: [], devices: [], roles: [], fingerprint: 'c55d 8e12 40b7 a3f9 06d4' },
  ),
]

export const invites: InviteView[] = [
  {
    invite: 'i-1',
    name: 'Grace Adeyemi',
    roles: ['developer'],
    state: 'code',
    code: '402918',
    link: null,
    expiresAt: now + 20 * HOUR,
    error: null,
  },
  {
    invite: 'i-2',
    name: 'Hugo Brandt',
    roles: ['developer', 'auditor'],
    state: 'waiting',
    code: null,
    link: null,
    expiresAt: now + 5 * HOUR,
    error: null,
  },
]

export const worklist: WorklistRow[] = [
  {
    item: id(200),
    name: 'openai',
    provider: 'openai',
    where: 'llm / production',
    member: { member: id(6), name: 'Farid Haddad' },
    lastRead: now - 2 * DAY,
    readCount: 212,
    consoleUrl: 'https://platform.openai.com/api-keys',
    done: false,
  },
  {
    item: id(201),
    name: 'anthropic-batch',
    provider: 'anthropic',
    where: 'llm / staging',
    member: { member: id(6), name: 'Farid Haddad' },
    lastRead: now - 8 * DAY,
    readCount: 3,
    consoleUrl: null,
    done: true,
  },
]

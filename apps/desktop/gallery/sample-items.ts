import { PROVIDERS } from '@countersign/schema/providers'
import { itemReference } from '@countersign/schema/reference'
import type { ImportRow, ImportView } from '../src/shared/job-views.ts'
import type {
  BindingView,
  ChoicesView,
  ItemDetail,
  ItemRow,
  StrandedRow,
  TermsView,
} from '../src/shared/views.ts'
import { ada, ben, chiara, DAY, dai, HOUR, id, MINUTE, now, vaults } from './sample-team.ts'

const places = vaults.flatMap((vault) =>
  vault.environments.map((place) => ({ ...place, vaultName: vault.name })),
)
const names = ['', '-batch', '-evals', '-embeddings-for-the-customer-support-search-index', '-fine-tuning']

/** `count` rows over all providers and environments, newest first. */
export const itemRows = (count: number): ItemRow[] =>
  Array.from({ length: count }, (_, n) => {
    const place = places[(n * 7) % places.length]!
    const provider = PROVIDERS[n % PROVIDERS.length]!
    const round = Math.floor(n / PROVIDERS.length)
    return {
      item: id(200 + n),
      vault: place.vault,
      environment: place.environment,
      vaultName: place.vaultName,
      environmentName: place.name,
      name: `${provider.id}${names[n % names.length]}${round > 0 ? `-${round}` : ''}`,
      provider: provider.id,
      version: 3 + (n % 7),
      updatedAt: now - (n + 1) * 5 * HOUR,
      updatedBy: n % 2 === 0 ? ada : chiara,
      level: place.level,
      conflict: n === 5,
      bindings: (n * 5) % 4,
      rotationDue: n === 0,
    }
  })

export const rows = itemRows(19)

const application = ['invoice-extractor', 'nightly-evals', 'support-copilot']

export const itemDetail = (item: string): ItemDetail => {
  const row = rows.find((each) => each.item === item) ?? rows[0]!
  const provider = PROVIDERS.find((each) => each.id === row.provider)!
  const steps = ['created', 'edited', 'rotated', 'rolled_back', 'rotated', 'conflict'] as const
  return {
    row,
    reference: itemReference(row.vaultName, row.environmentName, row.name),
    fields: provider.fields.map(({ name, label, secret }) => ({ name, label, secret })),
    note: 'Paid by the platform team. Limit: 2,000 USD a month; ask Ben before raising it.',
    models: [],
    history: Array.from({ length: row.version }, (_, n) => ({
      version: row.version - n,
      at: row.updatedAt - n * 9 * DAY,
      by: n === 0 ? row.updatedBy : n % 2 === 0 ? ada : ben,
      change: n === row.version - 1 ? 'created' : row.conflict && n === 0 ? 'conflict' : steps[1 + (n % 4)]!,
    })).reverse(),
    bindings: Array.from({ length: Math.max(2, row.bindings) }, (_, n) => ({
      binding: id(400 + n),
      application: application[n] ?? 'notebook',
      person: n === 0 ? ben : dai,
      approvedBy: n === 0 ? [ada, chiara] : [ada],
      expiresAt: now + (n + 1) * 7 * HOUR,
    })),
    access: { holders: [ada, ben, chiara], rule: 'two of its approvers' },
  }
}

export const terms = (part: Partial<TermsView> = {}): TermsView => ({
  vault: id(100),
  vaultName: 'llm',
  environmentName: 'production',
  environment: id(103),
  items: [
    { item: id(200), name: 'openai', provider: 'openai' },
    { item: id(201), name: 'anthropic-batch', provider: 'anthropic' },
  ],
  models: [],
  mode: 'reveal',
  lease: { durationMs: 8 * HOUR, uses: null, untilLock: false, untilProcessEnds: true },
  ...part,
})

const binding = (n: number, part: Partial<BindingView>): BindingView => ({
  binding: id(400 + n),
  application: application[n % 3]!,
  person: n % 2 === 0 ? ben : dai,
  here: false,
  terms: terms(),
  state: 'active',
  issuedAt: now - 5 * HOUR,
  expiresAt: now + 3 * HOUR,
  reads: 1284,
  lastRead: now - 40_000,
  approvedBy: [ada, chiara],
  ...part,
})

export const bindings: BindingView[] = [
  binding(0, { here: true, person: ada }),
  binding(1, {
    expiresAt: now + 14 * MINUTE,
    reads: 3,
    terms: terms({ mode: 'broker', items: terms().items.slice(0, 1) }),
  }),
  binding(2, { issuedAt: now - HOUR, expiresAt: now + 20 * DAY, reads: 0, lastRead: null, approvedBy: [] }),
  binding(3, {
    application: 'jupyter-notebook-of-the-customer-insights-working-group',
    state: 'revoked',
    approvedBy: [chiara],
  }),
  binding(4, { state: 'expired', expiresAt: now - DAY, reads: 17 }),
]

const version = (part: Partial<ChoicesView['choices'][number]>): ChoicesView['choices'][number] => ({
  choice: 'current',
  kind: 'current',
  version: rows[5]!.version,
  at: now - 2 * HOUR,
  by: ben,
  deleted: false,
  fields: [{ name: 'api_key', label: 'API key', secret: true }],
  note: 'Rotated after the contractor left.',
  models: [],
  ...part,
})

export const choices: ChoicesView = {
  base: rows[5]!.version,
  choices: [
    version({}),
    version({
      choice: 'offline-1',
      kind: 'offline',
      at: now - 5 * HOUR,
      by: ada,
      note: 'Batch key, 200 requests a minute. Rotated on the train; the old one is revoked at the provider already.',
      models: ['gpt-4.1-mini'],
    }),
  ],
}

export const stranded: StrandedRow[] = [
  {
    id: id(900),
    item: id(910),
    name: 'mistral-eu',
    nameOnRetry: 'mistral-eu',
    place: 'llm / staging',
    change: 'put',
    at: now - 5 * HOUR,
    code: 'author.not_holder',
    message: 'Only somebody who holds this environment may change its credentials.',
    listed: false,
  },
  {
    id: id(901),
    item: id(205),
    name: 'azure-eastus',
    nameOnRetry: null,
    place: 'llm / production',
    change: 'delete',
    at: now - 6 * HOUR,
    code: 'item.conflict',
    message: 'Somebody changed this credential meanwhile.',
    listed: true,
  },
  {
    id: id(902),
    item: id(911),
    name: 'openai-evals',
    nameOnRetry: 'openai-evals-2',
    place: 'llm / development',
    change: 'put',
    at: now - 7 * HOUR,
    code: 'name.taken',
    message: '“openai-evals” is there already.',
    listed: false,
  },
]

const importRow = (row: number, name: string, provider: string, fields: [string, string][]): ImportRow => ({
  row,
  name,
  provider,
  variables: fields.map(([variable, field], at) => ({ variable, field, line: row * 4 + at + 1 })),
  remarks: [],
  known: provider !== 'custom',
  result: null,
})

/** An env file as its variables have been sorted. */
export const importing: ImportView = {
  id: 'ab'.repeat(16),
  state: 'ready',
  file: '.env',
  environment: null,
  rows: [
    importRow(0, 'openai', 'openai', [
      ['OPENAI_API_KEY', 'api_key'],
      ['OPENAI_ORG_ID', 'organization'],
    ]),
    importRow(1, 'anthropic-batch', 'anthropic', [['BATCH_ANTHROPIC_API_KEY', 'api_key']]),
    {
      ...importRow(2, 'azure-openai', 'azure-openai', [
        ['AZURE_OPENAI_ENDPOINT', 'endpoint'],
        ['AZURE_OPENAI_API_KEY', 'api_key'],
      ]),
      remarks: ['Not in the file: Deployment, API version.'],
    },
    importRow(3, 'billing-webhook', 'custom', [['BILLING_WEBHOOK_SECRET', 'api_key']]),
  ],
  skipped: [
    { variable: 'LOG_LEVEL', line: 2, why: 'no-secret' },
    { variable: 'GROQ_API_KEY', line: 9, why: 'empty' },
    { variable: 'XAI_API_KEY', line: 11, why: 'reference' },
  ],
  done: 0,
  total: 0,
  error: null,
}

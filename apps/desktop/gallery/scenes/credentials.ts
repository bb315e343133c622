import type { ImportView } from '../../src/shared/job-views.ts'
import { ok } from '../fixture-bridge.ts'
import { importing, itemDetail, itemRows, rows, stranded } from '../sample-items.ts'
import { DAY, HOUR, MINUTE, now, status as sampleStatus, worklist } from '../sample-team.ts'
import { gone, nothing, type Scene, type Step } from '../scene.ts'

const chooseFile: readonly Step[] = [{ click: 'Import' }, { click: 'Choose a file' }]
const imported: ImportView = {
  ...importing,
  state: 'done',
  environment: rows[0]!.environment,
  done: 3,
  total: 3,
  rows: importing.rows.map((row) => ({
    ...row,
    result:
      row.row === 3
        ? null
        : row.row === 2
          ? {
              ok: false,
              error: {
                code: 'name.taken',
                message: '“azure-openai” is there already.',
                fix: 'Choose another name, or rotate that one.',
              },
            }
          : { ok: true, item: row.name },
  })),
}
const stopped: ImportView = {
  ...imported,
  done: 1,
  rows: imported.rows.map((row) => (row.row === 0 ? row : { ...row, result: null })),
  error: {
    code: 'offline',
    message: 'The server cannot be reached.',
    fix: 'Try again when it is back; nothing was changed.',
  },
}
const unreadable: ImportView = {
  ...importing,
  state: 'failed',
  rows: [],
  skipped: [],
  error: {
    code: 'import.line',
    message: 'Line 7 is neither NAME=VALUE, a comment nor blank.',
    fix: 'Correct the line and choose the file again; nothing was imported.',
  },
}

/** The list of credentials, what stands above it, and one credential. */
export const credentialScenes: readonly Scene[] = [
  { name: 'credentials', page: 'credentials' },
  { name: 'credentials-loading', page: 'credentials', replies: { 'items.list': () => 'never' } },
  { name: 'credentials-failed', page: 'credentials', replies: { 'items.list': () => gone } },
  {
    name: 'credentials-no-vault',
    page: 'credentials',
    status: { bootstrapOpen: true },
    replies: { 'items.list': () => nothing, 'vaults.list': () => nothing },
  },
  { name: 'credentials-empty', page: 'credentials', replies: { 'items.list': () => nothing } },
  {
    name: 'credentials-no-match',
    page: 'credentials',
    steps: [{ fill: 'Search credentials', with: 'nobody knows this' }],
  },
  { name: 'credentials-50000', page: 'credentials', replies: { 'items.list': () => ok(itemRows(50_000)) } },
  { name: 'credentials-keys', page: 'credentials', steps: [{ press: 'j' }, { press: 'j' }] },
  { name: 'credentials-add', page: 'credentials', steps: [{ press: 'n' }] },
  {
    name: 'credentials-add-hint',
    page: 'credentials',
    steps: [{ press: 'n' }, { fill: 'API key', with: 'gsk_0123456789012345678901234' }],
  },
  { name: 'credentials-vault', page: 'credentials', steps: [{ click: 'New vault' }] },
  {
    name: 'credentials-offline',
    page: 'credentials',
    status: {
      mode: 'cached',
      server: {
        url: 'https://sync.acme.example:8743',
        connection: 'offline',
        lastContact: now - 3 * HOUR,
      },
      servesUntil: now + 69 * HOUR,
      pendingChanges: 3,
    },
    replies: { 'worklist.list': () => ok(worklist) },
  },
  {
    name: 'credentials-not-serving',
    page: 'credentials',
    status: {
      mode: 'lease-only',
      witness: { ...sampleStatus.witness, time: now - 4 * DAY, devices: 0 },
    },
  },
  {
    name: 'credentials-unrecorded',
    page: 'credentials',
    status: { mode: 'lease-only', disk: 'full', unrecorded: { since: now - 2 * MINUTE, reads: 37 } },
  },
  { name: 'credentials-read-only', page: 'credentials', status: { mode: 'read-only' } },
  { name: 'credentials-try-out', page: 'credentials', status: { tryOut: true } },
  {
    name: 'credentials-touch',
    page: 'credentials',
    events: [{ type: 'ceremony', state: 'waiting', purpose: 'to enrol “Blue key”' }],
  },
  {
    name: 'credentials-unconfirmed',
    page: 'credentials',
    status: { unconfirmed: { since: now - 2 * HOUR, alone: false } },
  },
  {
    name: 'credentials-unconfirmed-alone',
    page: 'credentials',
    status: { unconfirmed: { since: now - 2 * HOUR, alone: true } },
  },
  { name: 'credentials-keep-sheet', page: 'credentials', status: { sheetKept: false } },
  {
    name: 'credentials-stranded',
    page: 'credentials',
    replies: { 'stranded.list': () => ok(stranded) },
  },
  { name: 'credentials-import', page: 'credentials', steps: [{ click: 'Import' }] },
  { name: 'credentials-import-rows', page: 'credentials', steps: chooseFile },
  {
    name: 'credentials-import-problems',
    page: 'credentials',
    steps: [
      ...chooseFile,
      { fill: 'Name of OPENAI_API_KEY, OPENAI_ORG_ID', with: 'Open AI' },
      { click: '3 variables left out' },
    ],
  },
  {
    name: 'credentials-import-running',
    page: 'credentials',
    replies: {
      'import.state': () =>
        ok({
          import: { ...importing, state: 'running', environment: rows[0]!.environment, done: 1, total: 3 },
        }),
    },
    steps: chooseFile,
  },
  {
    name: 'credentials-import-stopped',
    page: 'credentials',
    replies: { 'import.state': () => ok({ import: stopped }) },
    steps: chooseFile,
  },
  {
    name: 'credentials-import-nothing',
    page: 'credentials',
    replies: { 'import.state': () => ok({ import: { ...importing, rows: [] } }) },
    steps: chooseFile,
  },
  {
    name: 'credentials-import-done',
    page: 'credentials',
    replies: { 'import.state': () => ok({ import: imported }) },
    steps: chooseFile,
  },
  {
    name: 'credentials-import-failed',
    page: 'credentials',
    replies: { 'import.state': () => ok({ import: unreadable }) },
    steps: chooseFile,
  },
  { name: 'freshness', page: 'credentials', steps: [{ click: 'Verified by' }] },

  { name: 'credential', page: 'credentials', open: rows[0]!.item },
  {
    name: 'credential-revealed',
    page: 'credentials',
    open: rows[0]!.item,
    steps: [{ click: 'Reveal API key' }],
  },
  {
    name: 'credential-conflict',
    page: 'credentials',
    open: rows[5]!.item,
    replies: {
      'item.get': ({ item }) => {
        const detail = itemDetail(item)
        return ok({ ...detail, row: { ...detail.row, level: 'hold' as const } })
      },
    },
    steps: [{ click: 'Reveal API key of yours, offline' }],
  },
  { name: 'credential-conflict-asker', page: 'credentials', open: rows[5]!.item },
  {
    name: 'credential-request',
    page: 'credentials',
    open: rows.find((row) => row.level === 'request')!.item,
  },
  {
    name: 'credential-failed',
    page: 'credentials',
    open: rows[0]!.item,
    replies: { 'item.get': () => gone },
  },
  { name: 'credential-rotate', page: 'credentials', open: rows[0]!.item, steps: [{ click: 'Rotate' }] },
  { name: 'credential-delete', page: 'credentials', open: rows[0]!.item, steps: [{ click: 'Delete' }] },
]

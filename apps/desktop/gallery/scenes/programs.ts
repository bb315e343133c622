import { ok } from '../fixture-bridge.ts'
import { bindings } from '../sample-items.ts'
import { gone, noRows, type Scene } from '../scene.ts'

/** Programs that are bound. */
export const programScenes: readonly Scene[] = [
  { name: 'apps', page: 'apps' },
  { name: 'apps-empty', page: 'apps', replies: { 'bindings.list': () => noRows } },
  {
    name: 'apps-older',
    page: 'apps',
    replies: { 'bindings.list': () => ok({ rows: bindings, more: true }) },
  },
  {
    name: 'apps-no-match',
    page: 'apps',
    replies: { 'bindings.list': ({ text }) => (text === '' ? ok({ rows: bindings, more: false }) : noRows) },
    steps: [{ fill: 'Search programs', with: 'nobody knows this' }],
  },
  { name: 'apps-failed', page: 'apps', replies: { 'bindings.list': () => gone } },
  { name: 'apps-revoke', page: 'apps', steps: [{ click: 'Revoke' }] },
]

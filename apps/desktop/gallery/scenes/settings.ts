import { ok } from '../fixture-bridge.ts'
import { MINUTE, now, vaults } from '../sample-team.ts'
import type { Scene } from '../scene.ts'

/** Settings. */
export const settingsScenes: readonly Scene[] = [
  { name: 'settings', page: 'settings' },
  { name: 'settings-sheet', page: 'settings', steps: [{ click: 'Add a computer' }] },
  { name: 'settings-cut-off', page: 'settings', steps: [{ click: 'Cut off… Laptop for travelling' }] },
  {
    name: 'settings-retire',
    page: 'settings',
    steps: [{ click: 'Retire or lost… Blue key on the key ring' }],
  },
  {
    name: 'settings-lost',
    page: 'settings',
    steps: [{ click: 'Retire or lost… Blue key on the key ring' }, { click: 'Lost or stolen' }],
  },
  { name: 'settings-code-only', page: 'settings', status: { waysIn: { keys: 0, recovery: true } } },
  { name: 'settings-key-in-file', page: 'settings', status: { deviceKey: 'file' } },
  {
    name: 'settings-port-moved',
    page: 'settings',
    status: {
      localApi: {
        url: 'http://127.0.0.1:40211',
        socket: '/run/user/1000/countersign/api.sock',
        portMoved: true,
      },
      server: {
        url: 'https://sync.acme.example:8743',
        connection: 'refused',
        lastContact: now - 20 * MINUTE,
      },
    },
    replies: { 'vaults.list': () => ok(vaults) },
  },
]

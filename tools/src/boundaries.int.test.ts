import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

// A small repository of the same shape as ours is written to a temporary folder, one offending file per rule, and the
// real checker runs on it with the real configuration.

const repository = fileURLToPath(new URL('../..', import.meta.url))
const layers = ['schema', 'crypto', 'ledger', 'client', 'local-api']
const libraries = ['libsodium-wrappers', 'electron', 'react', 'ws', '@simplewebauthn/browser', 'undeclared']

/** Files that keep every rule, and are what the offending files import. */
const allowed: Record<string, string> = {
  'packages/schema/src/entry.ts': 'export const entry = 1',
  'packages/schema/src/entry.test.ts': "import 'node:fs'",
  'packages/crypto/src/secret.ts': 'export const secret = 1',
  'packages/crypto/src/aead.ts': "import 'libsodium-wrappers'\nimport './secret.ts'\nexport const aead = 1",
  'packages/crypto/src/sign.ts': "import './secret.ts'\nexport const sign = 1",
  'packages/crypto/src/verify.ts':
    "import 'node:crypto'\nimport '@countersign/schema/entry'\nexport const verify = 1",
  'packages/crypto/src/native-sodium.ts': 'export const native = 1',
  'packages/ledger/src/reduce.ts': "import '@countersign/crypto/verify'\nexport const reduce = 1",
  'packages/client/src/sync.ts':
    "import 'node:fs'\nimport '@countersign/ledger/reduce'\nimport '@countersign/crypto/aead'\nexport const sync = 1",
  'packages/client/test/team.ts': "import '../src/sync.ts'",
  'packages/local-api/src/serve.ts': "import '@countersign/client/sync'\nexport const serve = 1",
  'apps/sync-server/src/core/append.ts': "import '@countersign/crypto/verify'\nexport const append = 1",
  'apps/sync-server/src/core/append.test.ts': "import '@countersign/crypto/sign'",
  'apps/sync-server/src/server.ts': "import '@countersign/crypto/native-sodium'",
  'apps/sync-server/src/adapters/socket.ts':
    "import 'ws'\nimport 'node:net'\nimport '../core/append.ts'\nexport const socket = 1",
  'apps/desktop/src/shared/contract.ts': "import '@countersign/schema/entry'\nexport const contract = 1",
  'apps/desktop/src/main/main.ts': "import 'electron'\nimport '../shared/contract.ts'\nexport const main = 1",
  'apps/desktop/src/core/core.ts': "import '@countersign/local-api/serve'\nexport const core = 1",
  'apps/desktop/src/preload/bridge.ts': "import 'electron'\nimport '../shared/contract.ts'",
  'apps/desktop/src/renderer/app.tsx': "import 'react'\nimport '../shared/contract.ts'\nexport const app = 1",
  'apps/desktop/src/renderer/features/audit/log.tsx': 'export const log = 1',
  'apps/desktop/src/ceremony/page.ts': "import '@simplewebauthn/browser'\nimport '../shared/contract.ts'",
  'apps/agent/src/main.ts': "import '@countersign/schema/entry'",
  'attacks/src/attack.ts': "import '@countersign/client/sync'\nexport const attack = 1",
  'sim/src/run.ts': "import '@countersign/client/sync'\nexport const run = 1",
  'tools/src/demo.ts': "import '@countersign/sync-server/adapters/socket'\nexport const demo = 1",
}

/** Rule, offending file, its text. */
const refused: [rule: string, file: string, text: string][] = [
  ['direction-schema', 'packages/schema/src/up.ts', "import '@countersign/crypto/verify'"],
  ['direction-crypto', 'packages/crypto/src/up.ts', "import '@countersign/ledger/reduce'"],
  ['direction-ledger', 'packages/ledger/src/up.ts', "import '@countersign/client/sync'"],
  ['direction-ledger', 'packages/ledger/src/up.test.ts', "import '@countersign/client/sync'"],
  ['direction-client', 'packages/client/src/up.ts', "import '@countersign/local-api/serve'"],
  [
    'direction-client',
    'packages/client/src/type.ts',
    "import type { Serve } from '@countersign/local-api/serve'",
  ],
  ['direction-client', 'packages/client/src/attacked.ts', "import '@countersign/attacks/attack'"],
  ['direction-local-api', 'packages/local-api/src/up.ts', "import '@countersign/sync-server/core/append'"],
  ['apps-apart', 'apps/agent/src/server.ts', "import '@countersign/sync-server/core/append'"],
  ['apps-apart', 'apps/agent/src/tool.ts', "import '@countersign/tools/demo'"],
  ['one-sodium-door', 'packages/client/src/sodium.ts', "import 'libsodium-wrappers'"],
  [
    'one-sodium-door',
    'apps/desktop/src/core/sodium.ts',
    "export const later = () => import('libsodium-wrappers')",
  ],
  ['one-sodium-door', 'packages/client/src/sodium.test.ts', "import 'libsodium-wrappers'"],
  ['server-zero-knowledge', 'apps/sync-server/src/adapters/opens.ts', "import '@countersign/crypto/aead'"],
  ['server-zero-knowledge', 'apps/sync-server/src/adapters/reads.ts', "import '@countersign/ledger/reduce'"],
  [
    'server-zero-knowledge',
    'apps/sync-server/src/type.ts',
    "import type { A } from '@countersign/crypto/secret'",
  ],
  ['server-reaches-no-secret', 'apps/sync-server/src/adapters/far.ts', "import './opens.ts'"],
  [
    'native-sodium-on-the-server',
    'packages/client/src/native.ts',
    "import '@countersign/crypto/native-sodium'",
  ],
  [
    'native-sodium-on-the-server',
    'apps/desktop/src/core/native.ts',
    "import '@countersign/crypto/native-sodium'",
  ],
  ['native-sodium-on-the-server', 'packages/crypto/src/native.ts', "import './native-sodium.ts'"],
  ['ledger-pure', 'packages/ledger/src/reads.ts', "import 'node:fs'"],
  ['ledger-pure', 'packages/ledger/src/talks.ts', "import 'ws'"],
  ['server-core-pure', 'apps/sync-server/src/core/reads.ts', "import 'node:fs'"],
  ['server-core-pure', 'apps/sync-server/src/core/adapts.ts', "import '../adapters/socket.ts'"],
  ['verifier-on-its-own', 'apps/agent/src/verifier/shared.ts', "import '@countersign/schema/canonical'"],
  ['verifier-on-its-own', 'apps/agent/src/verifier/library.ts', "import 'react'"],
  ['verifier-few-builtins', 'apps/agent/src/verifier/network.ts', "import 'node:net'"],
  ['electron-at-the-edge', 'tools/src/electron.ts', "import 'electron'"],
  ['no-test-code-in-shipped-code', 'packages/client/src/seam.ts', "import '../test/team.ts'"],
  ['schema-everywhere', 'packages/schema/src/node.ts', "import 'node:buffer'"],
  ['desktop-process-main', 'apps/desktop/src/main/keys.ts', "import '../core/core.ts'"],
  ['desktop-process-core', 'apps/desktop/src/core/window.ts', "import '../main/main.ts'"],
  ['desktop-process-preload', 'apps/desktop/src/preload/view.ts', "import '../renderer/app.tsx'"],
  ['desktop-process-ceremony', 'apps/desktop/src/ceremony/view.ts', "import '../renderer/app.tsx'"],
  ['desktop-process-renderer', 'apps/desktop/src/renderer/core.ts', "import '../core/core.ts'"],
  ['renderer-sandboxed', 'apps/desktop/src/renderer/opens.tsx', "import '@countersign/crypto/aead'"],
  ['renderer-sandboxed', 'apps/desktop/src/renderer/reduce.tsx', "import '@countersign/ledger/reduce'"],
  ['renderer-sandboxed', 'apps/desktop/src/renderer/sync.tsx', "import '@countersign/client/sync'"],
  ['renderer-sandboxed', 'apps/desktop/src/renderer/shell.ts', "import 'electron'"],
  ['renderer-sandboxed', 'apps/desktop/src/shared/opens.ts', "import '@countersign/crypto/aead'"],
  ['renderer-no-node', 'apps/desktop/src/renderer/disk.ts', "import 'node:fs'"],
  ['renderer-no-node', 'apps/desktop/src/shared/disk.ts', "import fs from 'fs'"],
  ['shared-is-neutral', 'apps/desktop/src/shared/window.ts', "import '../main/main.ts'"],
  ['features-apart', 'apps/desktop/src/renderer/features/unlock/form.tsx', "import '../audit/log.tsx'"],
  ['ceremony-minimal', 'apps/desktop/src/ceremony/react.ts', "import 'react'"],
  ['ceremony-minimal', 'apps/desktop/src/ceremony/crypto.ts', "import '@countersign/crypto/verify'"],
  ['electron-at-the-edge', 'apps/desktop/src/core/electron.ts', "import 'electron'"],
  ['electron-at-the-edge', 'packages/client/src/electron.ts', "import type { App } from 'electron'"],
  ['no-relative-import-of-a-workspace', 'packages/client/src/path.ts', "import '../../ledger/src/reduce.ts'"],
  [
    'no-relative-import-of-a-workspace',
    'tools/src/path.ts',
    "import '../../apps/sync-server/src/core/append.ts'",
  ],
  ['no-test-code-in-shipped-code', 'apps/sync-server/src/seam.ts', "import './core/append.test.ts'"],
  ['nothing-stands-on-the-simulation', 'tools/src/simulates.ts', "import '@countersign/sim/run'"],
  ['no-cycles', 'packages/client/src/egg.ts', "import './hen.ts'"],
  ['not-to-unresolvable', 'packages/client/src/lost.ts', "import './no-such-file.ts'"],
  ['not-to-unresolvable', 'packages/client/src/inner.ts', "import '@countersign/crypto'"],
  ['not-to-undeclared', 'packages/client/src/undeclared.ts', "import 'undeclared'"],
]
const helpers: Record<string, string> = { 'packages/client/src/hen.ts': "import './egg.ts'" }

interface Violation {
  from: string
  rule: { name: string; severity: string }
}

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** Writes a repository of our shape with these files and returns what the checker says about it. */
function check(files: Record<string, string>): Violation[] {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'countersign-boundaries-')))
  folders.push(root)
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  const declared = Object.fromEntries(
    libraries.filter((name) => name !== 'undeclared').map((name) => [name, '1.0.0']),
  )
  const workspaces = [
    ...layers.map((name) => `packages/${name}`),
    'apps/sync-server',
    'apps/desktop',
    'apps/agent',
    'tools',
    'attacks',
    'sim',
  ]
  for (const name of workspaces) declared[`@countersign/${name.replace(/^.*\//, '')}`] = 'workspace:*'
  write('package.json', JSON.stringify({ name: 'shape', type: 'module', dependencies: declared }))
  for (const library of libraries) {
    write(
      `node_modules/${library}/package.json`,
      JSON.stringify({ name: library, version: '1.0.0', main: 'index.js' }),
    )
    write(`node_modules/${library}/index.js`, '')
  }
  mkdirSync(join(root, 'node_modules/@countersign'))
  for (const workspace of workspaces) {
    const name = `@countersign/${workspace.replace(/^.*\//, '')}`
    write(
      `${workspace}/package.json`,
      JSON.stringify({ name, type: 'module', exports: { './*': './src/*.ts' } }),
    )
    symlinkSync(join(root, workspace), join(root, 'node_modules', name))
  }
  for (const [path, text] of Object.entries(files)) write(path, text)
  cpSync(join(repository, '.dependency-cruiser.cjs'), join(root, '.dependency-cruiser.cjs'))
  const output = execFileSync(
    join(repository, 'node_modules/.bin/depcruise'),
    [
      '--config',
      '.dependency-cruiser.cjs',
      '--output-type',
      'json',
      'apps',
      'packages',
      'tools',
      'attacks',
      'sim',
    ],
    { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  )
  const report: { summary: { violations: Violation[] } } = JSON.parse(output)
  return report.summary.violations
}

describe('boundaries', () => {
  let violations: Violation[] = []
  beforeAll(() => {
    violations = check({
      ...allowed,
      ...helpers,
      ...Object.fromEntries(refused.map(([, file, text]) => [file, text])),
    })
  })

  test('a tree that keeps the rules is accepted', () => {
    expect(check(allowed)).toEqual([])
  })

  test.each(refused)('%s refuses %s', (rule, file) => {
    const found = violations.filter((violation) => violation.from === file).map((violation) => violation.rule)
    expect(found).toContainEqual({ name: rule, severity: 'error' })
  })

  test('every rule of the configuration is shown refusing', async () => {
    const configuration: { default: { forbidden: { name: string }[] } } = await import(
      join(repository, '.dependency-cruiser.cjs')
    )
    const rules = configuration.default.forbidden.map((rule) => rule.name)
    expect(rules.filter((rule) => !refused.some(([shown]) => shown === rule))).toEqual([])
  })
})

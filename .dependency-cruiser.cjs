// Which file may import which. Every rule is an error, there is no list of known violations, and
// tools/src/boundaries.int.test.ts shows each one refusing. Type-only imports count like any other.

const LAYERS = ['schema', 'crypto', 'ledger', 'client', 'local-api']
const TEST_CODE = ['\\.test\\.tsx?$', '^(apps|packages)/[^/]+/(src/)?test/']
const SODIUM = '(^|/)node_modules/(@types/)?(libsodium|sodium)[^/]*/'
const ELECTRON = '(^|/)node_modules/electron/|^electron$'
const DESKTOP = '^apps/desktop/src'

/** Schema ← crypto ← ledger ← client ← local-api: a package may use only what stands before it. */
const direction = LAYERS.map((layer, index) => ({
  name: `direction-${layer}`,
  comment: `packages/${layer} imports only the packages before it in ${LAYERS.join(' ← ')} ← apps`,
  severity: 'error',
  from: { path: `^packages/${layer}/` },
  to: {
    path: ['^packages/', '^(apps|tools|e2e|bench|attacks|fuzz|sim)/'],
    pathNot: `^packages/(${LAYERS.slice(0, index + 1).join('|')})/`,
  },
}))

/** The desktop's processes share code only through src/shared. */
const desktopProcesses = ['main', 'core', 'preload', 'ceremony', 'renderer'].map((part) => ({
  name: `desktop-process-${part}`,
  comment: `apps/desktop/src/${part} runs in a process of its own: what it shares with others lies in src/shared`,
  severity: 'error',
  from: { path: `${DESKTOP}/${part}/` },
  to: { path: `${DESKTOP}/(main|core|preload|ceremony|renderer)/`, pathNot: `${DESKTOP}/${part}/` },
}))

module.exports = {
  forbidden: [
    ...direction,
    {
      name: 'apps-apart',
      comment: 'An app is a program, not a library: no app imports another',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^(apps|tools|e2e|bench|attacks|fuzz|sim)/', pathNot: '^apps/$1/' },
    },
    {
      name: 'verifier-on-its-own',
      comment:
        'What checks an export shares no code with what writes it: its own files and Node, nothing of packages/ and no library',
      severity: 'error',
      from: { path: '^apps/agent/src/verifier/', pathNot: TEST_CODE },
      to: { pathNot: ['^apps/agent/src/verifier/'], dependencyTypesNot: ['core'] },
    },
    {
      name: 'verifier-few-builtins',
      comment: 'Of Node the verifier uses hashes, signatures and files, no network and no processes',
      severity: 'error',
      from: { path: '^apps/agent/src/verifier/', pathNot: TEST_CODE },
      to: { dependencyTypes: ['core'], pathNot: ['^(?:node:)?(?:crypto|fs|fs/promises)$'] },
    },
    {
      name: 'one-sodium-door',
      comment: 'Only packages/crypto talks to libsodium',
      severity: 'error',
      from: { pathNot: '^packages/crypto/' },
      to: { path: SODIUM },
    },
    {
      name: 'server-zero-knowledge',
      comment: 'The server verifies; it imports nothing that opens or names a secret (P24)',
      severity: 'error',
      from: { path: '^apps/sync-server/', pathNot: TEST_CODE },
      to: {
        path: '^packages/(crypto|ledger|client|local-api)/',
        pathNot: [
          '^packages/crypto/src/(verify|native-sodium)\\.ts$',
          '^packages/ledger/src/projection\\.ts$',
        ],
      },
    },
    {
      name: 'server-reaches-no-secret',
      comment: 'Nor does anything that the server imports reach such code (P24)',
      severity: 'error',
      from: { path: '^apps/sync-server/', pathNot: TEST_CODE },
      to: { path: '^packages/crypto/src/(aead|kem|derive|root-wrap|secret)\\.ts$', reachable: true },
    },
    {
      name: 'native-sodium-on-the-server',
      comment:
        'The native libsodium is one more binary to trust: only the server loads it, and only to verify',
      severity: 'error',
      from: { pathNot: ['^apps/sync-server/', '^packages/crypto/.*\\.test\\.ts$', '^bench/'] },
      to: { path: '^packages/crypto/src/native-sodium\\.ts$' },
    },
    {
      name: 'ledger-pure',
      comment: 'The ledger is a function of its entries: no I/O, no clock, no library but the parser',
      severity: 'error',
      from: { path: '^packages/ledger/', pathNot: TEST_CODE },
      to: { pathNot: ['^packages/(schema|crypto|ledger)/', '(^|/)node_modules/zod/'] },
    },
    {
      name: 'server-core-pure',
      comment: "The server's core decides; adapters do the I/O and import the core, never the reverse",
      severity: 'error',
      from: { path: '^apps/sync-server/src/core/', pathNot: TEST_CODE },
      to: {
        pathNot: [
          '^apps/sync-server/src/core/',
          '^packages/schema/',
          '^packages/crypto/src/verify\\.ts$',
          '^packages/ledger/src/projection\\.ts$',
        ],
      },
    },
    {
      name: 'schema-everywhere',
      comment: 'The schema package runs in every process, browser windows included: no Node builtins',
      severity: 'error',
      from: { path: '^packages/schema/', pathNot: TEST_CODE },
      to: { dependencyTypes: ['core'] },
    },
    ...desktopProcesses,
    {
      name: 'renderer-sandboxed',
      comment:
        'The renderer has no Node, no Electron and no keys: only schema, src/shared and view libraries',
      severity: 'error',
      from: { path: `${DESKTOP}/(renderer|shared)/`, pathNot: TEST_CODE },
      to: { path: ['^packages/(?!schema/)', ELECTRON] },
    },
    {
      name: 'renderer-no-node',
      comment: 'The renderer, the ceremony page and what they share with other processes use no Node builtin',
      severity: 'error',
      from: { path: `${DESKTOP}/(renderer|shared|ceremony|preload)/`, pathNot: TEST_CODE },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'shared-is-neutral',
      comment: 'What every desktop process imports may import no process',
      severity: 'error',
      from: { path: `${DESKTOP}/shared/` },
      to: { path: `${DESKTOP}/(?!shared/)` },
    },
    {
      name: 'features-apart',
      comment: "A screen of the renderer does not reach into another screen's folder",
      severity: 'error',
      from: { path: `${DESKTOP}/renderer/features/([^/]+)/` },
      to: { path: `${DESKTOP}/renderer/features/`, pathNot: `${DESKTOP}/renderer/features/$1/` },
    },
    {
      name: 'ceremony-minimal',
      comment:
        'The page that touches the security key loads the WebAuthn library and src/shared, nothing else',
      severity: 'error',
      from: { path: `${DESKTOP}/ceremony/`, pathNot: TEST_CODE },
      to: {
        pathNot: [`${DESKTOP}/(ceremony|shared)/`, '(^|/)node_modules/@simplewebauthn/browser/'],
      },
    },
    {
      name: 'electron-at-the-edge',
      comment:
        "Only the desktop's main process and preloads, and the launcher of the test runtime, run in Electron's own " +
        'processes; the core is plain Node code',
      severity: 'error',
      from: { pathNot: [`${DESKTOP}/(main|preload)/`, '^tools/electron-launcher/', '^e2e/'] },
      to: { path: ELECTRON },
    },
    {
      name: 'nothing-stands-on-the-simulation',
      comment: 'The simulation runs the product; nothing imports the simulation',
      severity: 'error',
      from: { pathNot: '^sim/' },
      to: { path: '^sim/' },
    },
    {
      name: 'no-relative-import-of-a-workspace',
      comment: 'Another workspace is imported by its package name, so that its exports map holds',
      severity: 'error',
      from: { path: '^((?:apps|packages)/[^/]+|tools|e2e|bench|attacks|fuzz|sim)/' },
      to: {
        path: '^(apps|packages|tools|e2e|bench|attacks|fuzz|sim)/',
        pathNot: '^$1/',
        dependencyTypes: ['local'],
      },
    },
    {
      name: 'no-test-code-in-shipped-code',
      comment: 'Shipped code has no test seams',
      severity: 'error',
      from: { path: '^(apps|packages)/', pathNot: TEST_CODE },
      to: { path: TEST_CODE },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'not-to-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'not-to-undeclared',
      comment: 'Every library is named in the package.json of the workspace that imports it, or of the root',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['^apps/[^/]+/(out|dist)/', '^e2e/(test-results|playwright-report)/'] },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.cjs', '.json', '.d.ts'],
      mainFields: ['module', 'main', 'types'],
    },
  },
}

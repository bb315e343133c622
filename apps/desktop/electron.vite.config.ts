import { resolve } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'electron-vite'

const at = (path: string): string => resolve(import.meta.dirname, path)

// The oldest runtime the desktop is run on; set here because electron-vite would take the installed one's.
const NODE_TARGET = 'node20.18'
const CHROMIUM_TARGET = 'chrome130'

/** What the ceremony page's origin may serve lies in a folder of its own, so that nothing of the app's can be loaded there. */
const pageFolder = (source: string | undefined): string =>
  source?.startsWith('ceremony') ? 'ceremony' : 'app'

export default defineConfig({
  main: {
    build: {
      target: NODE_TARGET,
      outDir: 'out/main',
      minify: false,
      sourcemap: true,
      // Native modules, WebAssembly and what a bundler cannot see through stay in node_modules; the workspace is bundled.
      externalizeDeps: {
        exclude: ['client', 'crypto', 'ledger', 'local-api', 'schema'].map((name) => `@countersign/${name}`),
      },
      rolldownOptions: {
        input: { index: at('src/main/index.ts'), core: at('src/core/core.ts') },
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      },
    },
  },
  preload: {
    build: {
      target: NODE_TARGET,
      outDir: 'out/preload',
      minify: false,
      sourcemap: false,
      // A sandboxed preload is one CommonJS file and can require nothing but electron.
      isolatedEntries: true,
      externalizeDeps: false,
      rolldownOptions: {
        input: { bridge: at('src/preload/bridge.ts'), ceremony: at('src/preload/ceremony.ts') },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: at('src'),
    base: '/',
    plugins: [react()],
    build: {
      target: CHROMIUM_TARGET,
      outDir: at('out/renderer'),
      emptyOutDir: true,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rolldownOptions: {
        input: {
          app: at('src/renderer/index.html'),
          signing: at('src/renderer/signing.html'),
          ceremony: at('src/ceremony/ceremony.html'),
        },
        output: {
          entryFileNames: (chunk) => `${pageFolder(chunk.name)}/[name]-[hash].js`,
          chunkFileNames: 'app/[name]-[hash].js',
          assetFileNames: (asset) => `${pageFolder(asset.names[0])}/[name]-[hash][extname]`,
        },
      },
    },
  },
})

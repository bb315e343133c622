import { defineConfig } from 'vitest/config'

// One project per test layer: a layer is chosen by file name, and runs alone with `vitest run --project NAME`.
// Worker processes, not threads: libsodium's WebAssembly heap and the sockets of one file die with its process.
const roots = '{apps,packages,tools,attacks,fuzz,sim}'
const excluded = ['**/node_modules/**', '**/out/**', '**/dist/**']

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [`${roots}/*/**/*.test.{ts,tsx}`],
          exclude: [...excluded, '**/*.{prop,fuzz,sim,int}.test.{ts,tsx}'],
          testTimeout: 10_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'prop',
          include: [`${roots}/*/**/*.prop.test.ts`],
          exclude: excluded,
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'fuzz',
          include: [`${roots}/*/**/*.fuzz.test.ts`],
          exclude: excluded,
          testTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'sim',
          include: [`${roots}/*/**/*.sim.test.ts`],
          exclude: excluded,
          // Each test starts processes of its own that keep both cores busy.
          fileParallelism: false,
          testTimeout: 900_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'int',
          include: [`${roots}/*/**/*.int.test.ts`],
          exclude: excluded,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})

import { defineConfig } from '@playwright/test'

// One window system, one keyboard focus: windows are tested one after the other. The gallery needs no window of the app, so it runs
// beside them in a headless browser. A failure is never retried away.
export default defineConfig({
  testDir: '.',
  outputDir: 'test-results',
  workers: 2,
  projects: [
    { name: 'windows', testMatch: '*.spec.ts', testIgnore: 'gallery.spec.ts', workers: 1 },
    { name: 'gallery', testMatch: 'gallery.spec.ts', workers: 1 },
  ],
  retries: 0,
  forbidOnly: true,
  timeout: 120_000,
  globalTimeout: 20 * 60_000,
  reporter: process.env.PLAYWRIGHT_JSON_OUTPUT_FILE ? [['list'], ['json']] : [['list']],
})

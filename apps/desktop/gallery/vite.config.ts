import { resolve } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const at = (path: string): string => resolve(import.meta.dirname, path)

// The renderer's own pages, built as the app builds them, over a bridge that answers from samples. Ships nowhere.
export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  plugins: [react()],
  build: {
    target: 'chrome130',
    outDir: at('../out/gallery'),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { index: at('index.html'), app: at('app.html'), signing: at('signing.html') },
    },
  },
})

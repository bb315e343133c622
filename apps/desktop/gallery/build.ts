import { resolve } from 'node:path'
import { build } from 'vite'

/** Builds every screen over sample data into out/gallery, as the app builds its own pages. */
export const buildGallery = async (): Promise<void> => {
  await build({ configFile: resolve(import.meta.dirname, 'vite.config.ts'), logLevel: 'warn' })
}

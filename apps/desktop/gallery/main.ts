import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { buildGallery } from './build.ts'
import { scenes } from './scenes.ts'
import { serveGallery } from './serve.ts'
import { axeProblems, type Look, layoutProblems, openBrowser, openLook, visit } from './visit.ts'

// `pnpm gallery`: builds every screen over sample data and serves it. With `--shots DIR`: photographs every scene in both
// themes and sizes, checks each with axe-core and for console errors, and ends; any finding is a failure.
const { values } = parseArgs({
  options: {
    shots: { type: 'string' },
    only: { type: 'string', default: '' },
    look: { type: 'string', default: '' },
    port: { type: 'string', default: '0' },
  },
})

const looks: (Look & { name: string })[] = [
  { name: 'light-1280', theme: 'light', width: 1280, height: 800 },
  { name: 'dark-1280', theme: 'dark', width: 1280, height: 800 },
  { name: 'light-1600', theme: 'light', width: 1600, height: 1000 },
  { name: 'dark-1600', theme: 'dark', width: 1600, height: 1000 },
]

const photograph = async (url: string, folder: string): Promise<number> => {
  await mkdir(folder, { recursive: true })
  const browser = await openBrowser()
  let findings = 0
  for (const look of looks.filter((each) => each.name.includes(values.look))) {
    const context = await openLook(browser, look)
    for (const scene of scenes.filter((each) => each.name.startsWith(values.only))) {
      const { page, problems } = await visit(context, url, scene)
      await page.screenshot({ path: resolve(folder, `${scene.name}.${look.name}.png`) })
      const all = [...problems, ...(await axeProblems(page)), ...(await layoutProblems(page))]
      for (const problem of all) console.log(`${scene.name} ${look.name}: ${problem}`)
      findings += all.length
      await page.close()
    }
    await context.close()
  }
  await browser.close()
  return findings
}

await buildGallery()
const server = await serveGallery(Number(values.port))
if (values.shots === undefined) {
  console.log(`The gallery stands at ${server.url}`)
} else {
  const findings = await photograph(server.url, resolve(values.shots))
  server.close()
  console.log(findings === 0 ? 'No findings.' : `${findings} findings.`)
  process.exitCode = findings === 0 ? 0 : 1
}

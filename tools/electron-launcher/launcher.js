// Does for the substitute runtime what Electron's own default app does: `electron [switches] FOLDER [arguments]` runs
// the app in FOLDER as if it were installed. Copied to resources/app of the runtime, never part of a release.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { app } from 'electron'

const require = createRequire(import.meta.url)

function appFolder() {
  const given = process.argv.slice(1)
  for (let index = 0; index < given.length; index += 1) {
    const argument = given[index]
    if (argument === '-r' || argument === '--require') {
      index += 1
      require(resolve(given[index]))
    } else if (!argument.startsWith('-')) {
      return resolve(argument)
    }
  }
  return undefined
}

const folder = appFolder()
if (folder === undefined) {
  process.stderr.write('electron: name the folder of the app to run\n')
  app.exit(2)
} else {
  try {
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    if (manifest.version) app.setVersion(manifest.version)
    const name = manifest.productName ?? manifest.name
    if (name) {
      app.setName(name)
      if (!app.commandLine.hasSwitch('user-data-dir')) {
        app.setPath('userData', join(app.getPath('appData'), name))
      }
    }
    app.setAppPath(folder)
    await import(pathToFileURL(resolve(folder, manifest.main ?? 'index.js')).href)
  } catch (error) {
    process.stderr.write(`electron: the app in ${folder} did not start: ${error?.stack ?? error}\n`)
    app.exit(1)
  }
}

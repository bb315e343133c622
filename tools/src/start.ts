import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { buildDesktop } from './build-desktop.ts'
import { hasDisplay, withDisplay } from './display.ts'
import { electronSwitches, prepareElectron } from './electron-runtime.ts'
import { whenLauncherEnds } from './launchers.ts'
import { repository } from './repository.ts'
import { installSystemLibraries } from './system-libraries.ts'
import { ToolError } from './tool-error.ts'
import { SyncServerProcess } from './try-out/sync-server-process.ts'

/**
 * The sync server on its embedded store and the desktop app, in one go. Where there is no display, the app runs under a virtual
 * one and walks the product's story by itself with software keys.
 */
const SERVER_PORT = 8722

const say = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

/** Runs a program with our terminal until it ends; passes on the signals that end us. */
const runToEnd = (program: string, args: string[], env: NodeJS.ProcessEnv): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, stdio: 'inherit' })
    const pass = (signal: NodeJS.Signals): void => {
      child.kill(signal)
    }
    process.on('SIGINT', pass).on('SIGTERM', pass)
    child.once('error', reject)
    child.once('exit', (code) => {
      process.off('SIGINT', pass).off('SIGTERM', pass)
      resolve(code ?? 1)
    })
  })

const walkTheStory = async (): Promise<number> => {
  const screenshots = join(repository, 'screenshots', 'start')
  say(
    'No display here: the app runs under a virtual one and walks through its story with software security keys.',
  )
  return withDisplay((env) =>
    runToEnd(process.execPath, [join(repository, 'e2e', 'story', 'walk.ts'), screenshots], env),
  )
}

const startServer = async (dataFile: string): Promise<SyncServerProcess> => {
  const server = new SyncServerProcess({ dataFile, port: SERVER_PORT })
  try {
    await server.start()
    return server
  } catch {
    // Its usual port is somebody else's; why it could not start otherwise is said by the second attempt.
    const elsewhere = new SyncServerProcess({ dataFile })
    await elsewhere.start()
    return elsewhere
  }
}

const openTheApp = async (appFolder: string, executable: string): Promise<number> => {
  const data = process.env.XDG_DATA_HOME || join(homedir(), '.local', 'share')
  const folder = join(data, 'countersign', 'server')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const dataFile = join(folder, 'countersign-server.db')
  const server = await startServer(dataFile)
  say(`\nSync server  ${server.url}`)
  say(`Data         ${dataFile}`)
  const tokenFile = join(dirname(dataFile), 'setup-token')
  if (existsSync(tokenFile))
    say(`Set-up token ${readFileSync(tokenFile, 'utf8').trim()}   (for the first team; works once)`)
  const tryOut = process.argv.includes('--try-out')
  if (!tryOut)
    say(
      '\nNo security key at hand? Start with `--try-out` to use software keys; everything is marked as such.',
    )
  try {
    return await runToEnd(
      executable,
      [
        ...electronSwitches(),
        appFolder,
        ...(tryOut ? ['--try-out', '--profile', join(data, 'countersign', 'try-out')] : []),
      ],
      process.env,
    )
  } finally {
    await server.stop()
  }
}

whenLauncherEnds(() => process.kill(process.pid, 'SIGTERM'))
try {
  await installSystemLibraries()
  const { executable, kind, version } = await prepareElectron()
  say(
    `Electron ${version}${kind === 'substitute' ? ' (a substitute for development: the official download is out of reach)' : ''}`,
  )
  const appFolder = await buildDesktop()
  process.exitCode = hasDisplay() ? await openTheApp(appFolder, executable) : await walkTheStory()
} catch (error) {
  if (!(error instanceof ToolError)) throw error
  say(error.message)
  process.exitCode = 1
}

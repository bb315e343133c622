import { fileURLToPath } from 'node:url'
import { type MessagePortMain, utilityProcess } from 'electron'
import type { CoreProcess } from '../supervisor/core-process.ts'

const CORE = fileURLToPath(new URL('./core.js', import.meta.url))

/** Only what the core reads; nothing that would change how Node runs it (NODE_OPTIONS, LD_PRELOAD are main's own business). */
const KEPT_ENVIRONMENT = [
  'HOME',
  'PATH',
  'LANG',
  'USER',
  'TMPDIR',
  'XDG_RUNTIME_DIR',
  'USERPROFILE',
  'APPDATA',
  'LOCALAPPDATA',
  'SYSTEMROOT',
  'TEMP',
]

/** The core program in a utility process of its own, without a Chromium sandbox escape hatch: no inspector, no inherited flags. */
export const spawnElectronCore = (): CoreProcess<MessagePortMain> => {
  const env: NodeJS.ProcessEnv = {}
  for (const name of KEPT_ENVIRONMENT) if (process.env[name] !== undefined) env[name] = process.env[name]
  const child = utilityProcess.fork(CORE, [], {
    serviceName: 'Countersign core',
    stdio: 'inherit',
    env,
    execArgv: [],
  })
  let pid: number | undefined
  let killed = false
  const killNow = (): void => {
    // `child.kill()` asks politely (SIGTERM); a lock does not ask.
    if (pid !== undefined && process.platform !== 'win32') {
      try {
        process.kill(pid, 'SIGKILL')
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== 'ESRCH') throw cause
      }
    } else child.kill()
  }
  child.once('spawn', () => {
    pid = child.pid
    if (killed) killNow()
  })
  return {
    get pid() {
      return pid
    },
    send(message, port) {
      child.postMessage(message, port === undefined ? [] : [port])
    },
    kill() {
      killed = true
      killNow()
    },
    onMessage(listener) {
      child.on('message', listener)
    },
    onExit(listener) {
      child.once('exit', () => {
        // The number may be another program's from here on.
        pid = undefined
        listener()
      })
    },
  }
}

import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { CoreProcess } from '../supervisor/core-process.ts'

const CORE = fileURLToPath(new URL('../core/core.ts', import.meta.url))

/** The core program under plain Node. Its stdout is not used; its stderr goes to the host's. */
export const spawnNodeCore = (): CoreProcess<never> => {
  const child = fork(CORE, [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  let exited = false
  return {
    pid: child.pid,
    send(message) {
      // A core that just died is reported by its exit, not by a failed send.
      if (child.connected) child.send(message, () => {})
    },
    kill() {
      child.kill('SIGKILL')
    },
    onMessage(listener) {
      child.on('message', listener)
    },
    onExit(listener) {
      const once = () => {
        if (exited) return
        exited = true
        listener()
      }
      child.once('exit', once)
      child.once('error', once)
    },
  }
}

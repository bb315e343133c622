import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { ToolError } from './tool-error.ts'

const START_TIMEOUT_MS = 15_000

export interface Display {
  /** The environment for programs that open windows on it. */
  env: NodeJS.ProcessEnv
  kind: 'real' | 'virtual'
  /** Ends the virtual display, and with it whatever is still shown there. */
  close(): Promise<void>
}

/** True where windows can be shown to a person. */
export const hasDisplay = (): boolean =>
  process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY)

/**
 * The display of this session, or, on a Linux machine without one, an Xvfb of our own that ends with `close` or with
 * this process.
 *
 * @throws ToolError `display.start` when Xvfb is missing or does not come up within 15 seconds
 */
export async function openDisplay(): Promise<Display> {
  if (hasDisplay()) return { env: { ...process.env }, kind: 'real', close: async () => {} }

  // Xvfb chooses a free display number itself and writes it to the descriptor when it is ready. setpriv has the
  // kernel end it with this process, however that ends.
  const screen = ['-displayfd', '3', '-screen', '0', '1440x960x24', '-nolisten', 'tcp', '-noreset']
  const server = spawn('setpriv', ['--pdeathsig', 'KILL', 'Xvfb', ...screen], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const ended = once(server, 'close').catch(() => {})
  const close = async () => {
    server.kill('SIGTERM')
    const forced = setTimeout(() => server.kill('SIGKILL'), 2000)
    await ended
    clearTimeout(forced)
  }

  try {
    const number = await displayNumber(server)
    const env: NodeJS.ProcessEnv = { ...process.env, DISPLAY: `:${number}` }
    return { env, kind: 'virtual', close }
  } catch (cause) {
    await close()
    throw new ToolError(
      'display.start',
      `There is no display, and no virtual one could be started (${String(cause)}). Install it with: apt-get install xvfb`,
      { cause },
    )
  }
}

function displayNumber(server: ReturnType<typeof spawn>): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('Xvfb did not come up in time')), START_TIMEOUT_MS)
    server.once('error', reject)
    server.once('close', (status) => reject(new Error(`Xvfb exited with ${status}`)))
    let text = ''
    const descriptor = server.stdio[3]
    if (!descriptor || !('on' in descriptor)) return reject(new Error('no descriptor to Xvfb'))
    descriptor.on('data', (chunk: Buffer) => {
      text += chunk.toString('ascii')
      const line = /^(\d+)\n/.exec(text)
      if (!line) return
      clearTimeout(timer)
      resolve(Number(line[1]))
    })
  })
}

/** Runs something that opens windows, on the session's display or a virtual one that ends afterwards. */
export async function withDisplay<T>(run: (env: NodeJS.ProcessEnv) => Promise<T>): Promise<T> {
  const display = await openDisplay()
  try {
    return await run(display.env)
  } finally {
    await display.close()
  }
}

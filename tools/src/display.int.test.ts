import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { installSystemLibraries } from './system-libraries.ts'

await installSystemLibraries()

const socketOf = (display: string): string => `/tmp/.X11-unix/X${display.replace(':', '')}`
const program = (body: string): string => `
  import { openDisplay } from ${JSON.stringify(new URL('./display.ts', import.meta.url).href)}
  const display = await openDisplay()
  console.log(display.kind, display.env.DISPLAY)
  ${body}`
const withoutDisplay = (): NodeJS.ProcessEnv => {
  const { DISPLAY: _x, WAYLAND_DISPLAY: _wayland, ...env } = process.env
  return env
}
const run = (body: string, env: NodeJS.ProcessEnv): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile(process.execPath, ['--input-type=module', '-e', program(body)], { env }, (error, stdout) =>
      error ? reject(error) : resolve(stdout.trim()),
    )
  })

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)

async function ended(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 100; tries += 1) {
    const status = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : ''
    if (status === '' || / [ZX] /.test(status)) return true
    await delay(50)
  }
  return false
}

test('a session with a display keeps it', async () => {
  expect(await run('await display.close()', { ...withoutDisplay(), DISPLAY: ':4711' })).toBe('real :4711')
})

test('a machine without a display gets a virtual one, which ends when closed', async () => {
  const [kind, display = ''] = (await run('await display.close()', withoutDisplay())).split(' ')
  expect(kind).toBe('virtual')
  expect(existsSync(socketOf(display))).toBe(false)
})

test('the virtual display ends with the program that opened it, even when that is killed', async () => {
  const child = spawn(
    process.execPath,
    ['--input-type=module', '-e', program('setInterval(() => {}, 1000)')],
    {
      env: withoutDisplay(),
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  try {
    const [line] = await once(child.stdout, 'data')
    expect(String(line)).toMatch(/^virtual :\d+/)
    const servers = childrenOf(child.pid ?? 0)
    expect(servers).toHaveLength(1)
    child.kill('SIGKILL')
    expect(await Promise.all(servers.map(ended))).toEqual([true])
  } finally {
    child.kill('SIGKILL')
  }
})

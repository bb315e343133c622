import { type ChildProcess, spawn } from 'node:child_process'
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ServedVault, serveVault } from '@countersign/local-api/test/served-vault'
import { afterAll, beforeAll, expect, test } from 'vitest'

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url))

let served: ServedVault
let home: string
beforeAll(async () => {
  served = await serveVault()
  home = join(served.folder, 'home')
  await mkdir(home)
})
afterAll(() => served.close())

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

interface Started {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
}

const startProgram = (program: string, args: readonly string[], env: NodeJS.ProcessEnv): Started => {
  const child = spawn(program, args, {
    env: { PATH: process.env.PATH, HOME: home, COUNTERSIGN_SOCKET: served.api.socket, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => {
    said.out += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    said.err += chunk.toString()
  })
  const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, ...said })))
  return { child, ended }
}

const start = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Started =>
  startProgram(process.execPath, [MAIN, ...args], env)

const cli = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> => start(args, env).ended

const waitingRequest = async (application: string): Promise<string> => {
  for (let i = 0; i < 400; i++) {
    const found = served.vault.bindings.find(
      (each) => each.application === application && each.state === 'pending',
    )
    if (found !== undefined) return found.id
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error('the request never came')
}

const bind = async (application: string, ...more: string[]): Promise<Ended> => {
  const { ended } = start([
    'bind',
    '--vault',
    'acme',
    '--env',
    'production',
    '--reason',
    'a test',
    '--app',
    application,
    ...more,
  ])
  served.vault.decide(await waitingRequest(application), 'granted', {
    decisions: [{ decision: 'approved', by: 'Ada', at: 1, reason: '' }],
  })
  return await ended
}

test('whoever reads its output may stop early', async () => {
  const line = '"$0" "$1" --help | true; "$0" "$1" run --help | head -1'
  const { out, err } = await startProgram('sh', ['-c', line, process.execPath, MAIN], {}).ended
  expect(err).toBe('')
  expect(out).toContain('Usage: countersign run')
})

test('P22 bind shows the code, waits, and keeps the token where only its user can read it; read prints the value', async () => {
  const bound = await bind('first', '--item', 'openai', '--item', 'azure')
  expect(bound).toMatchObject({ code: 0, out: '' })
  expect(bound.err).toContain('Code: 042 137')
  expect(bound.err).toContain('Granted by Ada')
  expect(bound.err).not.toContain('cs_app_')
  const folder = join(home, '.config/countersign/bindings')
  expect((await stat(folder)).mode & 0o777).toBe(0o700)
  const [file = ''] = await readdir(folder)
  expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600)
  const value = await cli(['read', 'cs://acme/production/openai'])
  expect(value).toEqual({ code: 0, out: 'sk-proj-canary-0001\n', err: '' })
  const bare = await cli(['read', '--no-newline', 'cs://acme/production/azure/endpoint'])
  expect(bare.out).toBe('https://x.example')
  const json = JSON.parse((await cli(['read', '--json', 'cs://acme/production/azure'])).out)
  expect(json).toMatchObject({ value: 'azure-canary', provider: 'azure-openai', version: 1 })
})

test('P2 bind --provider asks for what there is of one, says what that is, and wants either that or names', async () => {
  const bound = await bind('of one provider', '--provider', 'azure-openai')
  expect(bound).toMatchObject({ code: 0 })
  expect(bound.err).toContain('Asked for azure in acme/production')
  expect(bound.err).toContain('headless agent')
  expect((await cli(['read', 'cs://acme/production/azure/endpoint'])).out).toBe('https://x.example\n')
  const where = ['bind', '--vault', 'acme', '--env', 'production', '--reason', 'x']
  for (const which of [[], ['--item', 'openai', '--provider', 'openai']]) {
    const refused = await cli([...where, ...which])
    expect(refused.code).toBe(2)
    expect(refused.err).toContain('--provider')
  }
})

test('P22 run fills references in: from the environment, a file, --set and --item, never in the arguments', async () => {
  const envFile = join(home, 'app.env')
  await writeFile(
    envFile,
    '# app\nexport FROM_FILE="cs://acme/production/azure/endpoint" # where\nPLAIN=as it is\n',
  )
  const script = `console.log(JSON.stringify([process.env.A, process.env.FROM_FILE, process.env.PLAIN, process.env.S, process.env.AZURE_OPENAI_API_KEY, process.env.COUNTERSIGN_TOKEN_FILE, process.argv.slice(1)]))`
  const ran = await cli(
    [
      'run',
      '--env-file',
      envFile,
      '--set',
      'S=cs://acme/production/openai/api_key',
      '--item',
      'cs://acme/production/azure',
      '--',
      process.execPath,
      '-e',
      script,
      '--',
      '--json',
    ],
    { A: 'cs://acme/production/openai' },
  )
  expect(ran).toMatchObject({ code: 0, err: '' })
  expect(JSON.parse(ran.out)).toEqual([
    'sk-proj-canary-0001',
    'https://x.example',
    'as it is',
    'sk-proj-canary-0001',
    'azure-canary',
    null,
    ['--json'],
  ])
})

test('P22 run ends as the command ends, passes signals on, and says when there is no such command', async () => {
  expect((await cli(['run', '--', process.execPath, '-e', 'process.exit(43)'])).code).toBe(43)
  const killed = await cli(['run', '--', process.execPath, '-e', "process.kill(process.pid, 'SIGKILL')"])
  expect(killed.code).toBe(137)
  const { child, ended } = start([
    'run',
    '--',
    process.execPath,
    '-e',
    "process.on('SIGTERM', () => process.exit(7)); setInterval(() => {}, 1000); console.log('up')",
  ])
  await new Promise((resolve) => child.stdout?.once('data', resolve))
  child.kill('SIGTERM')
  expect((await ended).code).toBe(7)
  const missing = await cli(['run', '--', 'no-such-command-here'])
  expect([missing.code, missing.err]).toEqual([127, expect.stringContaining('there is no such command')])
})

test('P22 run starts nothing when one reference cannot be read', async () => {
  const ran = await cli(['run', '--', process.execPath, '-e', "console.log('started')"], {
    A: 'cs://acme/production/openai',
    B: 'cs://acme/production/openai/none',
  })
  expect([ran.code, ran.out]).toEqual([6, ''])
  expect(ran.err).toMatch(
    /cs:\/\/acme\/production\/openai\/none: The credential has no such field\.[\s\S]*→ /,
  )
})

test('P2 a denial tells who and why; nothing is kept', async () => {
  const { ended } = start(['bind', 'cs://acme/production/openai', '--reason', 'x', '--app', 'denied'])
  served.vault.decide(await waitingRequest('denied'), 'denied', {
    decisions: [{ decision: 'denied', by: 'Grace', at: 1, reason: 'use staging' }],
  })
  const done = await ended
  expect(done.code).toBe(7)
  expect(done.err).toContain('Denied by Grace: “use staging”')
  expect((await cli(['list'])).out).not.toContain('denied')
})

test('P2 an interrupted bind withdraws its request', async () => {
  const { child, ended } = start([
    'bind',
    'cs://acme/production/openai',
    '--reason',
    'x',
    '--app',
    'interrupted',
  ])
  const id = await waitingRequest('interrupted')
  await new Promise((resolve) => setTimeout(resolve, 300))
  child.kill('SIGINT')
  expect(await ended).toMatchObject({ code: 7, err: expect.stringContaining('Withdrawn') })
  expect(served.vault.bindings.find((each) => each.id === id)?.state).toBe('cancelled')
})

test('P22 bind --no-wait: the token is fetched by the first read after the decision', async () => {
  const asked = await cli([
    'bind',
    'cs://acme/development/openai',
    '--reason',
    'x',
    '--app',
    'later',
    '--no-wait',
  ])
  expect(asked.code).toBe(0)
  const early = await cli(['read', 'cs://acme/development/openai'])
  expect([early.code, early.out]).toEqual([8, ''])
  expect(early.err).toContain('042137')
  served.vault.decide(await waitingRequest('later'), 'granted')
  expect((await cli(['read', 'cs://acme/development/openai'])).out).toBe('sk-dev-canary\n')
})

test('P22 bind --print-token prints it alone, for any program; unbind gives back', async () => {
  const printed = await bind('printed', '--item', 'openai', '--print-token')
  expect(printed.out).toMatch(/^cs_app_[0-9A-Za-z]{49}\n$/)
  const token = printed.out.trim()
  expect(served.vault.bindings.find((each) => each.application === 'printed')?.caller.anyProgram).toBe(true)
  const env = { COUNTERSIGN_TOKEN: token }
  expect((await cli(['read', 'cs://acme/production/openai'], env)).out).toBe('sk-proj-canary-0001\n')
  const file = join(home, 'token')
  await writeFile(file, `${token}\n`)
  expect((await cli(['read', 'cs://acme/production/openai'], { COUNTERSIGN_TOKEN_FILE: file })).code).toBe(0)
  const kept = await cli(['list'])
  expect(kept.out).toContain('cs://acme/production/azure  azure-openai  v1  endpoint, api_key')
  expect((await cli(['unbind', 'first'])).code).toBe(0)
  expect((await cli(['list'])).out).not.toContain('first')
})

test('P23 a token goes to this machine only, and a file others can read is not used', async () => {
  const far = await cli(['status'], {
    COUNTERSIGN_SOCKET: '',
    COUNTERSIGN_ADDR: 'http://attacker.example:80',
  })
  expect([far.code, far.err]).toEqual([2, expect.stringContaining('not a local address')])
  await bind('loose', '--item', 'openai')
  const folder = join(home, '.config/countersign/bindings')
  for (const name of await readdir(folder)) await chmod(join(folder, name), 0o644)
  const read = await cli(['read', 'cs://acme/production/openai'])
  expect([read.code, read.out]).toEqual([5, ''])
  expect(read.err).toContain('readable by others')
})

test('P23 what is wrong is said with what to do: not running, wrong use, unknown names, locked', async () => {
  const nowhere = await cli(['status'], { COUNTERSIGN_SOCKET: join(home, 'none.sock') })
  expect([nowhere.code, nowhere.err]).toEqual([3, expect.stringContaining('→ Start Countersign')])
  expect((await cli(['read', 'cs://Acme/x'])).code).toBe(2)
  expect((await cli(['bind', '--item', 'openai', '--reason', 'x'])).code).toBe(2)
  expect((await cli(['nonsense'])).code).toBe(2)
  const secret = await cli(['run', '--set', 'A=sk-typed-by-mistake', '--', 'true'])
  expect([secret.code, secret.err]).toEqual([2, expect.not.stringContaining('sk-typed')])
  const unknown = await cli(['bind', 'cs://acme/production/none', '--reason', 'x'])
  expect([unknown.code, unknown.err]).toEqual([6, expect.stringContaining('target.unknown')])
  const status = await cli(['status'])
  expect(status.out).toContain('mode            normal')
  served.api.lock()
  const token = (await readFile(join(home, 'token'), 'utf8')).trim()
  const locked = await cli(['read', 'cs://acme/production/openai'], { COUNTERSIGN_TOKEN: token })
  expect([locked.code, locked.err]).toEqual([4, expect.stringContaining('Unlock Countersign')])
})

test('P23 discovery leads over TCP and the discovery file to the same API', async () => {
  const overTcp = await cli(['status', '--json'], {
    COUNTERSIGN_SOCKET: '',
    COUNTERSIGN_ADDR: served.api.url,
  })
  expect(JSON.parse(overTcp.out)).toMatchObject({ mode: 'locked' })
  const runtime = join(home, 'runtime')
  await mkdir(join(runtime, 'countersign'), { recursive: true })
  const discovery = await readFile(join(served.folder, 'run/agent.json'), 'utf8')
  await writeFile(join(runtime, 'countersign/agent.json'), discovery)
  const found = await cli(['status', '--json'], { COUNTERSIGN_SOCKET: '', XDG_RUNTIME_DIR: runtime })
  expect(JSON.parse(found.out)).toMatchObject({ mode: 'locked' })
})

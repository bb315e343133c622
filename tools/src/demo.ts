import { randomBytes } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { whenLauncherEnds } from './launchers.ts'
import { corePids, DemoCommands, demoCommandSchema } from './try-out/demo-commands.ts'
import { ROLES, TryOutTeam } from './try-out/team.ts'

/**
 * A running try-out team with software keys until SIGINT or SIGTERM: the real programs with another front end.
 * With --json, stdout carries JSON lines only: one when ready, one for each command read from stdin.
 */
const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } })
const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}
const print = (line: unknown): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

let starting: Promise<TryOutTeam> | undefined
let ending: Promise<never> | undefined
/** Once, however often it is asked for: a Ctrl+C reaches us from the terminal and again from every program above us. */
const end = (code: number): Promise<never> => {
  ending ??= (async () => {
    // Not yet whole, it is waited for: what it has started would outlive us.
    const team = await starting?.catch(() => undefined)
    await team?.stop()
    await rm(folder, { recursive: true, force: true })
    process.exit(code)
  })()
  return ending
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end(0))
// In the same turn, and after the signals are heard: whoever sees the folder can end us cleanly.
const folder = mkdtempSync(join(tmpdir(), 'countersign-try-out-'))
whenLauncherEnds(() => void end(0))
// Nobody reads any more: not a reason to leave everything running.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => void end(0))

try {
  starting = TryOutTeam.start(folder, say)
  const team = await starting
  const vault = await team.found()
  const value = `sk-proj-tryout${randomBytes(24).toString('base64url')}`
  const item = await team.addProductionKey(vault, value)
  const binding = await team.bind(item.reference, value)
  const { localApi } = await team.people.developer.must('status.get', {})
  if (localApi === null) throw new Error("the developer's local API is not served")
  const ready = {
    localApi: localApi.url,
    socket: localApi.socket,
    token: binding.token,
    reference: binding.reference,
    value,
    server: team.server.url,
    serverData: team.server.dataFile,
    profiles: ROLES.map((role) => team.people[role].profileDir),
    pids: corePids(team),
  }
  if (values.json) print(ready)
  else {
    const path = binding.reference.slice('cs://'.length)
    say(`
A try-out team is running. Its security keys are software: nothing here is protected.

  curl -H "Authorization: Bearer ${binding.token}" ${localApi.url}/v1/credentials/${path}
  curl --unix-socket ${localApi.socket} -H "Authorization: Bearer ${binding.token}" http://localhost/v1/credentials/${path}
  curl ${localApi.url}/health

Type rotate VALUE, revoke, lock, unlock, stopServer, startServer or removeMember; Ctrl+C ends it and deletes everything.`)
  }

  const commands = new DemoCommands(team, binding, item.row.item)
  const readCommand = (line: string): unknown => {
    if (values.json) return JSON.parse(line)
    const [name, value] = line.trim().split(/\s+/)
    return value === undefined ? { do: name } : { do: name, value }
  }
  let last = Promise.resolve()
  createInterface({ input: process.stdin }).on('line', (line) => {
    if (line.trim() === '') return
    last = last.then(async () => {
      const replied = answer(commands, () => readCommand(line)).then((reply) => {
        if (values.json) print(reply)
        else say('error' in reply ? `✗ ${reply.error.message}` : `✓ ${reply.done} after ${reply.ms} ms`)
      })
      // Without the server a change waits to be sent: whoever could start it again must be heard meanwhile.
      if (!commands.serverStopped) await replied
    })
  })
} catch (error) {
  if (ending === undefined) {
    say(`The try-out team could not be started: ${error instanceof Error ? error.message : String(error)}`)
    await end(1)
  }
}

type Reply = { done: string; ms: number; localApi: string } | { error: { code: string; message: string } }

async function answer(commands: DemoCommands, read: () => unknown): Promise<Reply> {
  try {
    const parsed = demoCommandSchema.safeParse(read())
    if (!parsed.success)
      return {
        error: { code: 'demo.unknown_command', message: 'use {"do":"rotate","value":"…"} and the like' },
      }
    return { done: parsed.data.do, ...(await commands.run(parsed.data)) }
  } catch (error) {
    const code = error instanceof SyntaxError ? 'demo.not_json' : 'demo.failed'
    return { error: { code, message: error instanceof Error ? error.message : String(error) } }
  }
}

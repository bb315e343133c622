import { spawn } from 'node:child_process'
import { copyOfBash, type Relay, startRelay } from '@countersign/local-api/test/relay'
import { ASK } from '@countersign/local-api/test/served-vault'
import { type BindingAskInput, bindingCreatedSchema, bindingPollSchema } from '@countersign/schema/local-api'
import { CREDENTIAL, get, hostOf, leakedToken, type Served, VALUE } from './local-api.ts'

const NOBODY = 65_534

/** What a program said until it ended. */
export const run = (
  program: string,
  args: readonly string[],
  input = '',
  options: object = {},
): Promise<string> =>
  new Promise((resolve) => {
    const child = spawn(program, args, { ...options, stdio: 'pipe' })
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text
      })
    child.stdin.on('error', () => undefined)
    child.once('close', () => resolve(said))
    child.stdin.end(input)
  })

/** Runs a program as another user of this machine; needs root, as only it can become somebody else. */
export const asNobody = (program: string, args: readonly string[], input: string): Promise<string> => {
  if (process.getuid?.() !== 0) throw new Error('only root can perform what another user does')
  return run(program, args, input, { uid: NOBODY, gid: NOBODY, cwd: '/', env: { PATH: '/usr/bin:/bin' } })
}

/** A program asks for itself and fetches its token, over a connection of its own. */
export const bind = async (
  served: Served,
  relay: Relay,
  ask: Partial<BindingAskInput>,
): Promise<(path: string) => string> => {
  const body = JSON.stringify({ ...ASK, ...ask })
  const asked = await relay.send(
    `POST /v1/bindings HTTP/1.1\r\n${hostOf(served)}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  )
  const { id, claim } = bindingCreatedSchema.parse(JSON.parse(asked))
  served.vault.decide(id, 'granted')
  const request = (path: string, token: string): string =>
    get(path, [hostOf(served), `Authorization: Bearer ${token}`])
  const polled = await relay.send(request(`/v1/bindings/${id}`, claim))
  const { token = '' } = bindingPollSchema.parse(JSON.parse(polled))
  return (path) => request(path, token)
}

/** What another user of the machine is answered who found a token and calls by a program of their own. */
export const answerToNobody = async (
  served: Served,
  program: string,
  args: readonly string[],
  headers: readonly string[] = ['Connection: close'],
): Promise<string> => {
  const token = await leakedToken(served)
  const request = get(CREDENTIAL, [hostOf(served), `Authorization: Bearer ${token}`, ...headers])
  return asNobody(program, args, request)
}

/** A program of this user's with a binding of its own, which is served. `read`: its request for the value. */
export const servedProgram = async (
  served: Served,
  name: string,
  ask: Partial<BindingAskInput> = {},
): Promise<{ relay: Relay; read: string }> => {
  const relay = await started(served, name)
  const read = (await bind(served, relay, ask))(CREDENTIAL)
  if (!(await relay.send(read)).includes(VALUE)) throw new Error(`the program “${name}” is not served`)
  return { relay, read }
}

export const started = async (served: Served, name: string): Promise<Relay> =>
  startRelay(await copyOfBash(served.folder, name), served.api.port)

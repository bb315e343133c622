import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CALLER_FRESH_MS } from '../caller/program-looks.ts'
import { copyOfBash } from './relay.ts'
import type { ServedVault } from './served-vault.ts'

const SEARCHED_MS = 300

/**
 * What is answered where the program at `approved` sends the head of a `POST /v1/resolve`, which is let in, and becomes another by exec,
 * which sends the body.
 */
export const handOn = async (
  { api, folder, vault }: Pick<ServedVault, 'api' | 'folder' | 'vault'>,
  approved: string,
  token: string,
  references: readonly string[],
): Promise<string> => {
  const body = JSON.stringify({ references })
  const head =
    `POST /v1/resolve HTTP/1.1\r\nHost: 127.0.0.1:${api.port}\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`
  const other = await copyOfBash(folder, 'another')
  const looked = vault.nextLook()
  const child = spawn(approved, [join(import.meta.dirname, 'handed-on.sh')], {
    env: { ...process.env, PORT: String(api.port), HEAD: head, BODY: body },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let said = ''
  const became = new Promise<void>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (said.includes(`I am ${other}`)) resolve()
    })
  })
  await looked
  // It is looked for from then on, and found in less than this.
  await sleep(SEARCHED_MS)
  child.stdin.write(`${other}\n`)
  await became
  // What was seen of a caller holds for this long.
  await sleep(2 * CALLER_FRESH_MS)
  child.stdin.write('now\n')
  await once(child, 'close')
  return said
}

import { healthSchema } from '@countersign/schema/local-api'
import { ApiClient } from '../api-client.ts'
import { loadBindings } from '../binding-files.ts'
import type { Environment } from '../environment.ts'
import type { Terminal } from '../terminal.ts'

const when = (time: number | null): string => (time === null ? 'never' : new Date(time).toISOString())

/** `countersign status`: mode and freshness, and what is kept here. */
export const status = async (
  terminal: Terminal,
  env: Environment,
  options: { json?: boolean },
): Promise<void> => {
  const client = await ApiClient.find(env)
  const health = await client.call({ path: '/health', answer: healthSchema })
  if (options.json === true) return terminal.print(`${JSON.stringify(health)}\n`)
  const { bindings, skipped } = await loadBindings(env.configDir)
  const lines = [
    `mode            ${health.mode}: ${health.serves.cause}`,
    `server          ${health.server.connection}, last heard ${when(health.server.lastContact)}`,
    `witnessed       ${when(health.lastWitness)}`,
    `serves until    ${health.servesUntil === null ? 'no limit runs' : when(health.servesUntil)}`,
    `bindings here   ${bindings.length}`,
  ]
  if (health.tryOut) lines.unshift('TRY-OUT         software security keys: not for real secrets')
  if (health.portMoved) lines.push('port            taken by another program; use the socket')
  if (health.unrecordedReads !== null) {
    const { reads, since } = health.unrecordedReads
    lines.push(`not on record   ${reads} reads since ${when(since)}: make room on this disk`)
  }
  for (const path of skipped) lines.push(`not read        ${path} (damaged, or readable by others)`)
  terminal.print(`${lines.join('\n')}\n`)
}

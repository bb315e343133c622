import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serveLocalApi } from '@countersign/local-api/local-api'
import { MemoryVault } from '@countersign/local-api/test/memory-vault'

// A process of its own: the real local API over a vault of N items (argument), with real sealing and a durable audit file. Grants
// whatever is asked, so that the bench binds as any program does. Ends when its input does.

const items = Number(process.argv[2])
const folder = mkdtempSync(join(tmpdir(), 'cs-bench-'))
const vault = await MemoryVault.open(join(folder, 'audit'), false)
for (let i = 0; i < items; i++)
  vault.put(`openai-${i}`, { api_key: `sk-proj-${String(i).padStart(40, '0')}` })
const source = vault.unlocked()
const api = await serveLocalApi({
  port: 0,
  runtimeDir: join(folder, 'run'),
  source: {
    ...source,
    requestBinding: async (ask, caller) => {
      const asked = await source.requestBinding(ask, caller)
      if (asked.ok) vault.decide(asked.id, 'granted')
      return asked
    },
  },
})
console.log(JSON.stringify({ port: api.port }))
process.stdin.resume()
process.stdin.once('end', async () => {
  await api.close()
  await vault.close()
  rmSync(folder, { recursive: true })
})

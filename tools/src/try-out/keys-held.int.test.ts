import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openItemKey } from '@countersign/client/items/item-blobs'
import { parseCompartmentContent } from '@countersign/ledger/compartment-content'
import type { ItemPut } from '@countersign/schema/item'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type OpenProfile, openProfile } from './open-profile.ts'
import { environmentId } from './people.ts'
import { type ProductionBinding, TryOutTeam } from './team.ts'
import { until } from './until.ts'

const CHUNK = 4 * 1024 * 1024
const RELEASED = 'sk-proj-released-to-the-developer-0001'
const WITHHELD = 'sk-proj-never-asked-for-by-anybody-0002'

type Needles = Readonly<Record<string, Buffer>>

/** Which of these are anywhere in what a process could write to: its whole heap, WebAssembly's too. Linux only. */
const inMemory = (pid: number, needles: Needles): string[] => {
  const found = new Set<string>()
  const memory = openSync(`/proc/${pid}/mem`, 'r')
  try {
    for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
      const [, from = '', to = ''] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? []
      // Read with an overlap, so that nothing is missed across two pieces.
      for (let at = Number.parseInt(from, 16); at < Number.parseInt(to, 16); at += CHUNK - 64) {
        const piece = Buffer.alloc(Math.min(CHUNK, Number.parseInt(to, 16) - at))
        let length = 0
        try {
          length = readSync(memory, piece, 0, piece.length, at)
        } catch {
          // Given back to the system since the map was read.
        }
        for (const [name, bytes] of Object.entries(needles))
          if (piece.subarray(0, length).includes(bytes)) found.add(name)
      }
    }
  } finally {
    closeSync(memory)
  }
  return [...found].sort()
}

const onDisk = async (folder: string, needles: Needles): Promise<string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  const bytes = await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name))))
  return Object.entries(needles).flatMap(([name, needle]) =>
    bytes.some((each) => each.includes(needle)) ? [name] : [],
  )
}

describe('what a developer’s installation holds of production after one release', () => {
  let folder: string
  let team: TryOutTeam
  let admin: OpenProfile
  let binding: ProductionBinding
  let production: string
  let needles: Needles

  const putOf = async (item: string): Promise<ItemPut> => {
    for await (const entry of admin.device.replica.entries(`c/${production}`)) {
      const content = parseCompartmentContent(entry.entry.envelope)
      if (content?.type === 'item.put' && content.plain.item === item) return content.plain
    }
    throw new Error('the admin has no such item')
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-keys-held-'))
    team = await TryOutTeam.start(folder, () => undefined)
    const vault = await team.found()
    production = environmentId(vault, 'production')
    const released = await team.addProductionKey(vault, RELEASED)
    const withheld = await team.people.admin.must('item.create', {
      environment: production,
      name: 'withheld',
      provider: 'openai',
      value: { api_key: WITHHELD },
      note: '',
      models: [],
    })
    binding = await team.bind(released.reference, RELEASED)
    // A holder, opened in this process, says which bytes are looked for.
    await team.people.admin.stop()
    admin = await openProfile(team.people.admin.profileDir)
    const { session } = admin
    const valueKey = session.ring.valueKey(production, 0)
    if (valueKey === null) throw new Error('the admin holds production')
    const key = async (item: string): Promise<Buffer> =>
      Buffer.from(openItemKey(session.team, production, await putOf(item), valueKey).expose())
    needles = {
      compartment: Buffer.from(valueKey.expose()),
      releasedItem: await key(released.row.item),
      withheldItem: await key(withheld.row.item),
      withheldValue: Buffer.from(WITHHELD),
    }
  })
  afterAll(async () => {
    await admin?.close()
    await team?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const served = async (): Promise<number> => {
    const { pid } = team.people.developer
    const read = await (await team.localApi()).read(binding.reference, binding.token)
    expect(read).toMatchObject({ ok: true, value: { value: RELEASED } })
    if (pid === undefined) throw new Error('no core runs')
    return pid
  }

  it('P2 P13 its core holds the one item key that was released, nothing else of production, and after a lock not even that', async () => {
    const pid = await served()
    if (process.platform !== 'linux') {
      // No way to look into another process: what its files give to whoever has all its keys is in modified-client.int.test.ts.
      await team.people.developer.stop()
      const opened = await openProfile(team.people.developer.profileDir)
      expect(opened.session.ring.valueKey(production, 0)).toBeNull()
      await opened.close()
      return
    }
    expect(inMemory(pid, needles)).toEqual(['releasedItem'])
    await team.people.developer.lock()
    const locked = await until(
      async () => {
        const status = await team.people.developer.call('status.get', {})
        const { pid: now } = team.people.developer
        return status.ok && now !== undefined && now !== pid ? now : null
      },
      { what: 'the keyless core' },
    )
    expect(inMemory(locked, needles)).toEqual([])
  })

  it('P2 its disk holds none of them in clear, the released one neither', async () => {
    await team.people.developer.stop()
    const { profileDir } = team.people.developer
    // What is there in clear is found by the same look.
    const server = Buffer.from(team.server.url)
    expect(await onDisk(profileDir, { ...needles, server })).toEqual(['server'])
  })
})

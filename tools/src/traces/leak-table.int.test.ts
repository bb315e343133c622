import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compartmentEntrySchemas } from '@countersign/schema/item'
import { ledgerEntrySchemas } from '@countersign/schema/ledger-entries'
import { PROVIDERS } from '@countersign/schema/providers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { repository } from '../repository.ts'
import { environmentId } from '../try-out/people.ts'
import { TryOutTeam } from '../try-out/team.ts'
import { until } from '../try-out/until.ts'
import { type LeakRow, leakMarkdown, leakRows } from './leak-table.ts'
import { NetworkTap } from './network-tap.ts'
import { restOfATeamsLife } from './rest-of-a-teams-life.ts'
import { serverEntries } from './server-entries.ts'

// What a server's owner can see of a real team: everything in its files. `COUNTERSIGN_LEAK_TABLE=FILE` writes the measured table there.

const VALUE = 'sk-proj-canary-5be1f0c27a4d4c1f9a36'
/** Providers' keys are some 32 to 180 characters long. */
const sampleValue = (index: number): string => `made-up-value-${index}-`.padEnd(32 + 12 * index, 'x')

const AUDIT = ['audit.segment', 'audit.records']

/** A whole team is set up first, on whatever machine this is. */
const SET_UP_MS = 180_000

describe('what a server sees of a team at work', () => {
  let folder: string
  let team: TryOutTeam
  let rows: LeakRow[]
  let files: Buffer
  let tap: NetworkTap
  let token: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-leak-'))
    team = await TryOutTeam.start(folder, () => undefined)
    tap = await NetworkTap.before(team.server.url)
    team.address = tap.url
    const vault = await team.found()
    const { admin } = team.people
    const made = await team.addProductionKey(vault, VALUE)
    for (const [index, { id, fields }] of PROVIDERS.entries()) {
      const asked = fields.filter(({ optional }) => !optional)
      await admin.must('item.create', {
        environment: environmentId(vault, 'production'),
        name: `${id}-sample`,
        provider: id,
        value: Object.fromEntries(
          asked.map(({ name, secret, placeholder }) => [name, secret ? sampleValue(index) : placeholder]),
        ),
        note: `Sample note ${'word '.repeat(index)}`,
        models: [],
      })
    }
    const binding = await team.bind(made.reference, VALUE)
    token = binding.token
    const api = await team.localApi()
    expect(await api.read(binding.reference, token)).toMatchObject({ ok: true, value: { value: VALUE } })
    const serverFolder = join(folder, 'server')
    await until(
      async () => {
        const { rows: log } = await team.people.auditor.must('audit.list', {
          before: null,
          limit: 200,
          text: 'read a credential',
        })
        return log.length > 0
      },
      { what: 'the read is on record at the server' },
    )
    await restOfATeamsLife(team, vault, binding)
    rows = leakRows(serverEntries(team.server.dataFile))
    const names = await readdir(serverFolder)
    files = Buffer.concat(await Promise.all(names.map((name) => readFile(join(serverFolder, name)))))
    const { COUNTERSIGN_LEAK_TABLE: out } = process.env
    if (out !== undefined) await writeFile(out, `${leakMarkdown(rows)}\n`)
  }, SET_UP_MS)
  afterAll(async () => {
    await team?.stop()
    await tap?.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('T44 the search bites: types of entries, which are in clear, are found in its files', () => {
    for (const { type } of rows) expect(files.includes(type), type).toBe(true)
    const all = [...Object.keys({ ...ledgerEntrySchemas, ...compartmentEntrySchemas }), ...AUDIT]
    expect(rows.map(({ type }) => type)).toEqual(all.toSorted())
  })

  /** In any spelling that a database or a frame might have it in. */
  const expectNone = (where: Buffer, what: string): void => {
    const words = [
      ...['Try-out team', 'Ada Admin', 'Abel Approver', 'Dana Developer', 'Otto Auditor', 'laptop'],
      ...['production', 'staging', 'development', 'Software key'],
      ...['Another program', 'Approved too soon', 'Never mind', 'Changed my mind', 'Not for production'],
      ...['No longer used', 'Spare key', 'Destroyed', 'Second computer', 'Left the company'],
      ...['Made up: for trying', 'Sample note', 'Try-out program', 'Trying Countersign out'],
      ...PROVIDERS.flatMap(({ id, label }) => [
        `${id}-sample`,
        ...[id, label].filter((each) => each.length > 4),
      ]),
      ...[VALUE, token, 'made-up-value', 'api_key'],
    ]
    for (const word of words) {
      for (const spelled of [word, Buffer.from(word, 'utf16le'), Buffer.from(word).toString('hex')])
        expect(where.includes(spelled), `${word} in ${what}`).toBe(false)
      // As base64 has it, wherever it begins among three bytes: the middle of it.
      for (const lead of ['', 'x', 'xx']) {
        const base64 = Buffer.from(lead + word)
          .toString('base64')
          .slice(4, -4)
        if (base64.length >= 8) expect(where.includes(base64), `${word} as base64 in ${what}`).toBe(false)
      }
    }
  }

  it('T44 no name, provider, environment, note, value, person, program, reason or token is in its files', () =>
    expectNone(files, 'its files'))

  it('T44 nor does any of it pass over the network, in either direction, were there no TLS', () => {
    for (const direction of ['up', 'down'] as const) {
      const heard = tap.heard(direction)
      // What is in clear in every entry is heard: the tap hears, and sees through the masks of WebSockets.
      for (const { type } of rows) expect(heard.includes(type), `${type} ${direction}`).toBe(true)
      expectNone(heard, `what went ${direction}`)
    }
  })

  it('T44 credentials of all providers, with long and short keys and notes, have one size', () => {
    const puts = serverEntries(team.server.dataFile).filter(({ envelope }) => envelope.type === 'item.put')
    expect(puts).toHaveLength(PROVIDERS.length + 2)
    const sizes = puts.map(({ envelope: { plain } }) =>
      ['meta', 'value', 'itemKey'].map((name) => (plain[name] as Uint8Array).length).join(' '),
    )
    expect(new Set(sizes).size).toBe(1)
  })

  it('T44 every type of entry shows no more than the document says', async () => {
    const document = await readFile(join(repository, 'docs/what-the-server-sees.md'), 'utf8')
    const said = new Map(
      document.split('\n').flatMap((line): [string, string][] => {
        const cells = line.split(' | ')
        const type = /^\| `(\w+\.\w+)`/.exec(line)?.[1]
        return type === undefined ? [] : [[type, cells.at(-1) ?? '']]
      }),
    )
    for (const { type, fields } of rows)
      for (const field of fields) expect(said.get(type) ?? '', `${type} ${field}`).toContain(`\`${field}\``)
  })
})

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { LocalApiClient } from '@countersign/tools/try-out/local-api-client'
import { SyncServerProcess } from '@countersign/tools/try-out/sync-server-process'
import { until } from '@countersign/tools/try-out/until'
import { type KeyKind, Person } from './person.ts'

export type Role = 'admin' | 'approver' | 'developer' | 'auditor'
export const NAMES: Readonly<Record<Role, string>> = {
  admin: 'Ada',
  approver: 'Abel',
  developer: 'Dana',
  auditor: 'Otto',
}

/** What earlier steps leave for later ones. */
export interface Props {
  recoveryCode: string | null
  /** The made-up provider key in production; every earlier one too, to look for where they must not be. */
  value: string
  pastValues: string[]
  binding: { id: string; claim: string; code: string; token: string } | null
  /** What the developer's program has heard on /v1/events. */
  heard: string[]
}

/** A server process and four installations in real windows, in one folder. */
export class Stage {
  readonly folder: string
  readonly screenshots: string
  readonly keys: KeyKind
  readonly server: SyncServerProcess
  readonly props: Props
  readonly #people = new Map<Role, Person>()
  #shots = 0

  constructor(folder: string, screenshots: string, keys: KeyKind) {
    this.folder = folder
    this.screenshots = screenshots
    this.keys = keys
    const serverFolder = join(folder, 'server')
    mkdirSync(serverFolder, { recursive: true, mode: 0o700 })
    mkdirSync(screenshots, { recursive: true })
    this.server = new SyncServerProcess({ dataFile: join(serverFolder, 'countersign.db'), keepLog: true })
    this.props = {
      recoveryCode: null,
      value: `sk-proj-canary${crypto.randomUUID().replaceAll('-', '')}`,
      pastValues: [],
      binding: null,
      heard: [],
    }
  }

  async enter(role: Role): Promise<Person> {
    const person = await Person.start(NAMES[role], this.keys, join(this.folder, role))
    this.#people.set(role, person)
    return person
  }

  person(role: Role): Person {
    const person = this.#people.get(role)
    if (person === undefined) throw new Error(`${NAMES[role]} has not come in yet`)
    return person
  }

  everybody(): Person[] {
    return [...this.#people.values()]
  }

  /** Numbered in the order of the story. */
  async shoot(name: string, role: Role, page = this.person(role).window): Promise<void> {
    this.#shots += 1
    const number = String(this.#shots).padStart(2, '0')
    await this.person(role).screenshot(join(this.screenshots, `${number}-${name}.png`), page)
  }

  /** The developer's local API, wherever it is served now. */
  localApi(): Promise<LocalApiClient> {
    return until(
      async () => {
        const url: string | null = await this.person('developer').window.evaluate(async () => {
          const result = await window.countersign.call('status.get', {})
          return result.ok ? (result.value.localApi?.url ?? null) : null
        })
        return url === null ? null : new LocalApiClient(url)
      },
      { what: "the developer's local API" },
    )
  }

  async close(): Promise<void> {
    for (const person of this.#people.values()) await person.close()
    await this.server.stop()
  }
}

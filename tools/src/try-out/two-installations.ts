import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Installation, startInstallation } from '@countersign/desktop/headless/installation'
import { enrolTwoKeys, type Vault } from './people.ts'
import { SyncServerProcess } from './sync-server-process.ts'

/** A server, Ada who founded a team there with the vault `llm`, and a second installation that knows nothing yet. */
export class TwoInstallations {
  readonly folder: string
  readonly server: SyncServerProcess
  readonly vault: Vault
  /** Whoever stops one starts it again, or another, in its place. */
  ada: Installation
  other: Installation

  private constructor(parts: Pick<TwoInstallations, 'folder' | 'server' | 'vault' | 'ada' | 'other'>) {
    this.folder = parts.folder
    this.server = parts.server
    this.vault = parts.vault
    this.ada = parts.ada
    this.other = parts.other
  }

  /** `other` names the second one's folder; everything lies in a new temporary folder until `stop`. */
  static async start(other: string, environments: readonly string[]): Promise<TwoInstallations> {
    const folder = await mkdtemp(join(tmpdir(), 'countersign-two-'))
    await mkdir(join(folder, 'server'), { mode: 0o700 })
    const server = new SyncServerProcess({ dataFile: join(folder, 'server', 'countersign.db') })
    await server.start()
    const ada = await startInstallation(join(folder, 'ada'))
    const second = await startInstallation(join(folder, other))
    await enrolTwoKeys(ada)
    const { url, setupToken } = server
    const named = { team: 'Team', name: 'Ada', device: 'Ada’s laptop' }
    await ada.must('team.create', { server: url, setupToken, ...named })
    const vault = await ada.must('vault.create', { name: 'llm', environments: [...environments] })
    return new TwoInstallations({ folder, server, vault, ada, other: second })
  }

  async stop(): Promise<void> {
    await Promise.all([this.ada.stop(), this.other.stop()])
    await this.server.stop()
    await rm(this.folder, { recursive: true, force: true })
  }
}

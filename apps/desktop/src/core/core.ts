// The core program: keys, verified state, sync and the local API, in an Electron utilityProcess or a plain Node child. Started without
// keys; locking ends it with a kill (P13).
import { ClientError } from '@countersign/client/client-error'
import { cryptoReady } from '@countersign/crypto/ready'
import { serveLocalApi } from '@countersign/local-api/local-api'
import { LocalApiError } from '@countersign/local-api/local-api-error'
import type { CoreMessage, StartMessage } from '../shared/host-protocol.ts'
import { type CoreChannel, openCoreChannel } from './core-channel.ts'
import { Core } from './core-state.ts'
import { dispatch } from './dispatch.ts'
import { handlers } from './handlers/all.ts'
import { Host } from './host.ts'
import { keepMemoryOutOfDumps } from './keep-memory-out-of-dumps.ts'
import { lockedSource } from './locked-source.ts'
import { statusView } from './views/status-view.ts'

const STATUS_EVERY_MS = 5_000

const fatal = (error: unknown): Extract<CoreMessage, { type: 'fatal' }> => {
  if (error instanceof ClientError) {
    const fix = error.fix === '' ? 'Do what it says, then start Countersign again.' : error.fix
    return { type: 'fatal', code: error.code, message: error.message, fix }
  }
  if (error instanceof LocalApiError && error.code === 'runtime.unsafe') {
    const fix =
      'Remove it, or have an administrator remove it; a profile with a shorter path needs no such folder.'
    return {
      type: 'fatal',
      code: error.code,
      message: `The local API cannot be opened: ${error.message}.`,
      fix,
    }
  }
  const kind = error instanceof Error ? error.name : typeof error
  return {
    type: 'fatal',
    code: 'core.fault',
    message: `Countersign could not start (${kind}).`,
    fix: 'Start it again; if it stays, report this.',
  }
}

/** Opens the installation, syncs with the device key alone if it is in a team, and serves the local API. */
const startCore = async (host: Host, start: StartMessage): Promise<Core> => {
  await cryptoReady()
  const core = await Core.open(host, start)
  const { membership, localApiPort } = core.installation
  if (membership !== null) {
    const device = await core.openDevice(membership)
    core.lockedRequests = await device.openRequests()
    device.replica.onEntries(({ stream }) => {
      if (stream !== 'ledger' || core.session !== null) return
      void device.openRequests().then((count) => {
        core.lockedRequests = count
        core.announce()
      })
    })
    if (start.cause !== 'start') {
      // Being locked does not wait for the disk; that it is not on record is shown.
      await core
        .audit('vault.locked', 'ok', start.cause)
        .catch(() => core.raise('audit.failed', 'The lock could not be put on record.'))
    }
  }
  core.localApi = await serveLocalApi({
    source: lockedSource(core),
    port: localApiPort ?? 0,
    runtimeDir: start.runtimeDir,
    now: () => core.device?.replica.now() ?? Date.now(),
    onMode: () => core.announce(),
  })
  if (localApiPort === null) core.save({ localApiPort: core.localApi.port })
  core.onStatus = () => host.event({ type: 'status', status: statusView(core) })
  const clock = setInterval(() => core.announce(), STATUS_EVERY_MS)
  core.onClose(() => clearInterval(clock))
  return core
}

/** Programs hear of the lock while what they listen to is still there; what is written to a socket by then, the system delivers. */
const endLocked = (core: Core | null): void => {
  core?.localApi?.lock()
  // The turn after next: whoever polls was answered in the next one.
  setImmediate(() => setImmediate(() => process.kill(process.pid, 'SIGKILL')))
}

const run = (channel: CoreChannel): void => {
  const host = new Host(channel)
  let starting: Promise<Core> | null = null

  const end = async (): Promise<void> => {
    const core = await starting?.catch(() => null)
    await core?.close()
    process.exit(0)
  }
  channel.onClosed(() => void end())
  channel.onMessage((message, port) => {
    if (host.receive(message, port)) return
    switch (message.type) {
      case 'start': {
        if (starting !== null) return
        starting = startCore(host, message)
        starting.then(
          (core) => {
            channel.send({ type: 'ready', idleLockMs: core.installation.settings.idleLockMs })
            core.announce()
          },
          (error: unknown) => {
            channel.send(fatal(error))
            setTimeout(() => process.exit(1), 200)
          },
        )
        return
      }
      case 'call': {
        const { id } = message
        void starting
          ?.then((core) => dispatch(core, handlers, message))
          .then(
            (result) => channel.send({ type: 'reply', id, result }),
            // A core that did not start has said so with `fatal`.
            () => undefined,
          )
        return
      }
      case 'lock':
        void starting?.then(endLocked, () => endLocked(null))
        return
      case 'stop':
        void end()
        return
      default:
    }
  })
}

keepMemoryOutOfDumps()
const channel = openCoreChannel()
if (channel === null) {
  process.stderr.write('The core is started by Countersign itself: run the app, or `pnpm demo`.\n')
  process.exit(2)
}
run(channel)

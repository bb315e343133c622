import { join } from 'node:path'
import { app, Menu, shell } from 'electron'
import { CoreHost } from '../supervisor/core-host.ts'
import { profileDirs } from '../supervisor/profile-dirs.ts'
import { CeremonyWindow } from './ceremony-window.ts'
import { ClipboardOnce } from './clipboard-once.ts'
import { denyNavigationEverywhere } from './deny-navigation.ts'
import { canWrap, unwrap, wrap } from './device-secret.ts'
import { FileQuestion } from './file-question.ts'
import { launchOptions } from './launch-options.ts'
import { watchLockTriggers } from './lock-triggers.ts'
import { consoleAddress } from './open-console.ts'
import { openPageSessions } from './page-sessions.ts'
import { SavePlaces } from './save-places.ts'
import { spawnElectronCore } from './spawn-electron-core.ts'
import { serveWindowCalls } from './window-calls.ts'
import { Windows } from './windows.ts'

const options = launchOptions(process.argv.slice(1), process.env)
const dirs = profileDirs(
  options.profile ?? join(app.getPath('appData'), 'Countersign'),
  options.profile === null,
  process.env,
)

// Before anything of Chromium starts: its files beside the vault's, one instance a profile, every renderer sandboxed,
// and no name it could look up (pages are served from inside the app, the core does its own networking).
app.setPath('userData', join(dirs.profileDir, 'chromium'))
// Chromium refuses its sandbox to root, who must have asked for that (development machines and tests).
if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox()
app.commandLine.appendSwitch('host-resolver-rules', 'MAP * ~NOTFOUND')
app.commandLine.appendSwitch('disable-background-networking')
app.commandLine.appendSwitch('disable-component-update')

const run = async (): Promise<void> => {
  denyNavigationEverywhere()
  await app.whenReady()
  if (process.platform === 'darwin')
    Menu.setApplicationMenu(Menu.buildFromTemplate([{ role: 'appMenu' }, { role: 'editMenu' }]))
  else Menu.setApplicationMenu(null)

  const sessions = openPageSessions()
  const windows = new Windows(sessions.app)
  const ceremony = new CeremonyWindow(sessions.ceremony)
  const clipboard = new ClipboardOnce()
  const saving = new SavePlaces()
  const fileQuestion = new FileQuestion()
  const triggers = watchLockTriggers((cause) => void host.lock(cause))

  const host = new CoreHost({
    spawn: spawnElectronCore,
    start: {
      ...dirs,
      authenticator: options.tryOut ? 'software' : 'ceremony',
      tryOut: options.tryOut,
      canWrap: canWrap(),
    },
    services: {
      onEvent: (event) => {
        if (event.type === 'status') triggers.setUnlocked(event.status.phase === 'unlocked')
        windows.broadcast(event)
      },
      onIdleLock: (idleLockMs) => triggers.setIdleLock(idleLockMs),
      openSigning: (request) => void windows.openSigning(request),
      copyToClipboard: (text, clearAfterMs) => clipboard.put(text, clearAfterMs),
      openCeremony: (id, purpose, answer) => void ceremony.open(id, purpose, answer),
      closeCeremony: (id) => ceremony.close(id),
      saveAs: (name) => saving.ask(windows.app, name),
      openFile: () => fileQuestion.ask(windows.app),
      wrap,
      unwrap,
    },
  })
  host.onState(({ state }) => {
    // Whatever ends a core ends what people were doing with it.
    if (state === 'running') {
      void host.call('status.get', {}).then((result) => {
        if (result.ok) windows.broadcast({ type: 'status', status: result.value })
      })
    } else {
      triggers.setUnlocked(false)
      ceremony.cancel()
      windows.closeSigning()
      // Once, where a core that ran has ended: 'starting' follows.
      if (state !== 'starting' && state !== 'stopping' && state !== 'stopped') void windows.forgetApp()
      void clipboard.clear()
      saving.removeUnfinished().catch(() => undefined)
    }
  })

  serveWindowCalls({
    windows: windows.known,
    call: (name, request, caller) => host.call(name, request, caller),
    lock: () => host.lock('lock'),
    openConsole: async (provider) => {
      const address = consoleAddress(provider)
      if (address !== null) await shell.openExternal(address)
    },
  })

  app.on('second-instance', () => {
    // Whatever the other one was started with is not read: it may be a link.
    windows.app?.show()
    windows.app?.focus()
  })
  let stopped = false
  app.on('before-quit', (event) => {
    if (stopped) return
    event.preventDefault()
    void host.stop().then(async () => {
      stopped = true
      await clipboard.clear()
      ceremony.destroy()
      app.quit()
    })
  })

  const window = await windows.openApp()
  window.once('closed', () => app.quit())
  await ceremony.prepare()
}

app.on('open-url', (event) => event.preventDefault())
app.on('open-file', (event) => event.preventDefault())
app.on('window-all-closed', () => app.quit())
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => app.quit())

if (app.requestSingleInstanceLock()) void run()
else app.exit(0)

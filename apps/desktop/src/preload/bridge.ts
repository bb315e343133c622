import { contextBridge, type IpcRendererEvent, ipcRenderer } from 'electron'
import type { Bridge } from '../shared/bridge.ts'
import {
  CALL_CHANNEL,
  CONSOLE_CHANNEL,
  EVENT_CHANNEL,
  LOCK_CHANNEL,
  SETTLED_CHANNEL,
} from '../shared/channels.ts'
import type { CoreEvent } from '../shared/contract.ts'

/** All that the app's and the signing window's pages can reach. Main checks the sender and parses every request. */
const bridge: Bridge = {
  call: (name, request) => ipcRenderer.invoke(CALL_CHANNEL, name, request),
  onEvent: (listener) => {
    const forward = (_event: IpcRendererEvent, event: CoreEvent): void => listener(event)
    ipcRenderer.on(EVENT_CHANNEL, forward)
    return () => {
      ipcRenderer.removeListener(EVENT_CHANNEL, forward)
    }
  },
  lock: () => ipcRenderer.invoke(LOCK_CHANNEL),
  settled: () => ipcRenderer.invoke(SETTLED_CHANNEL),
  openConsole: (provider) => ipcRenderer.invoke(CONSOLE_CHANNEL, provider),
}

contextBridge.exposeInMainWorld('countersign', bridge)

import { ipcRenderer } from 'electron'
import { CEREMONY_CHANNEL } from '../shared/channels.ts'

// The page gets one MessagePort whose other end is the core's; main and this script never see what goes over it.
ipcRenderer.once(CEREMONY_CHANNEL, (event, { purpose }: { purpose: string }) => {
  window.postMessage({ channel: CEREMONY_CHANNEL, purpose }, window.location.origin, [...event.ports])
})

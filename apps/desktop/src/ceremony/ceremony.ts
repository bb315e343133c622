import type { CeremonyOpening, ToCeremony } from '../shared/ceremony-wire.ts'
import { CEREMONY_CHANNEL } from '../shared/channels.ts'
import { runCeremony } from './run-ceremony.ts'

const element = (id: string): HTMLElement => {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`the ceremony page has no #${id}`)
  return found
}

const isOpening = (data: unknown): data is CeremonyOpening =>
  typeof data === 'object' &&
  data !== null &&
  'channel' in data &&
  data.channel === CEREMONY_CHANNEL &&
  'purpose' in data &&
  typeof data.purpose === 'string'

/** One document, one port, one ceremony, one answer. */
const serve = (port: MessagePort): void => {
  const aborted = new AbortController()
  let asked = false
  element('cancel').addEventListener('click', () => {
    aborted.abort()
    if (!asked) port.postMessage({ type: 'failed', code: 'cancelled', detail: 'before the request' })
  })
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') element('cancel').click()
  })
  port.onmessage = ({ data }: MessageEvent<ToCeremony>) => {
    if (data.type === 'cancel') aborted.abort()
    else if (!asked) {
      asked = true
      void runCeremony(data, aborted.signal).then((answer) => port.postMessage(answer))
    }
  }
}

let opened = false
window.addEventListener('message', (event: MessageEvent<unknown>) => {
  const port = event.ports[0]
  if (opened || event.source !== window || port === undefined || !isOpening(event.data)) return
  opened = true
  element('purpose').textContent = event.data.purpose
  serve(port)
})

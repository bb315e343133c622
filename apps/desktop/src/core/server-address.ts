import { type Outcome, ok, refuse } from '@countersign/client/refusal'

/** `https://…` addresses as people type them, with or without the scheme. */
export const serverAddress = (typed: string): Outcome<string> => {
  const text = typed.trim().replace(/\/+$/, '')
  return exactAddress(/^https?:\/\//i.test(text) ? text : `https://${text}`)
}

/**
 * An address that is connected to as it stands, as an invite or a sheet has it. Nothing is added to it first: what is judged must be what
 * is used, and URLs have more spellings than one (`http:/host` is `http://host`).
 */
export const exactAddress = (withScheme: string): Outcome<string> => {
  if (!URL.canParse(withScheme)) {
    return refuse(
      'server.bad_address',
      'This is not the address of a server.',
      'It looks like https://sync.example.com.',
    )
  }
  const url = new URL(withScheme)
  const local = ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname)
  if (url.protocol === 'http:' && !local) {
    return refuse(
      'server.insecure',
      'Only a server on this machine is reached without TLS.',
      'Use an https:// address.',
    )
  }
  return ok(withScheme)
}

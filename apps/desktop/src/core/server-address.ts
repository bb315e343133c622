import { type Outcome, ok, refuse } from '@countersign/client/refusal'

/** `https://…` addresses as people type them, or as an invite or a sheet has them. */
export const serverAddress = (typed: string): Outcome<string> => {
  const text = typed.trim().replace(/\/+$/, '')
  const withScheme = /^https?:\/\//i.test(text) ? text : `https://${text}`
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

import type { ServerResponse } from 'node:http'

/** How long a caller may go on sending what nobody reads any more. */
const LINGER_MS = 1_000

/**
 * Ends an answer that was given before the whole request was read. Closing at once, with bytes of the request still under way, would
 * reset the connection, and the caller would lose the answer that says what was wrong: so the rest is read and dropped, for a moment.
 */
export const endAfterRequest = (res: ServerResponse): void => {
  const { req } = res
  const timer = setTimeout(() => res.end(), LINGER_MS)
  req.once('close', () => clearTimeout(timer))
  req.once('end', () => res.end())
  req.on('error', () => res.destroy())
  req.resume()
}

import type { Connector } from './connector.ts'
import { openSession, SESSION_TIMING, type SessionTiming } from './session.ts'

/** Asks a server for its id, at first contact. Throws ClientError as `openSession` does. */
export const fetchServerId = async (
  connect: Connector,
  url: string,
  timing: SessionTiming = SESSION_TIMING,
): Promise<Uint8Array> => {
  const session = await openSession({
    connect,
    url,
    server: null,
    timing,
    events: { onMessage: () => {}, onClose: () => {} },
  })
  session.close()
  return session.server
}

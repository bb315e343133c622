import type { WebSocket } from 'ws'

/** What a session needs of a WebSocket. */
export interface Socket {
  /** Sends a binary frame; `sent` is called once it left this process. */
  send(frame: Uint8Array, sent?: () => void): void
  /** Bytes accepted by `send` that have not left this process. */
  bufferedBytes(): number
  /** Stops and resumes reading. */
  pause(): void
  resume(): void
  close(code: number): void
}

export const POLICY_VIOLATION = 1008
export const GOING_AWAY = 1001

/** How long a peer may take to answer a close before the connection is cut. */
const CLOSE_TIMEOUT_MS = 2000

export const socketOf = (ws: WebSocket): Socket => ({
  send: (frame, sent) => {
    if (ws.readyState === ws.OPEN) ws.send(frame, { binary: true }, sent)
  },
  bufferedBytes: () => ws.bufferedAmount,
  pause: () => ws.pause(),
  resume: () => ws.resume(),
  close: (code) => {
    // A paused socket would never see the peer's answer.
    ws.resume()
    ws.close(code)
    const timer = setTimeout(() => ws.terminate(), CLOSE_TIMEOUT_MS)
    timer.unref()
    ws.once('close', () => clearTimeout(timer))
  },
})

/** What a connection tells its owner. After `onClose` nothing comes any more. */
export interface ConnectionEvents {
  onFrame(frame: Uint8Array): void
  /** `reason` is for logs: it never carries what a peer sent. */
  onClose(reason: string): void
}

/** An open duplex of binary frames. */
export interface Connection {
  send(frame: Uint8Array): void
  /** Stops and resumes reading from the network: back-pressure while the disk is slower than the server. */
  pause(): void
  resume(): void
  close(): void
}

/** Opens a connection to a server's address (`http:` or `https:`); rejects with ClientError `server.unreachable`. */
export type Connector = (serverUrl: string, events: ConnectionEvents) => Promise<Connection>

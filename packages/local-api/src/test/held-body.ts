import { once } from 'node:events'
import { connect } from 'node:net'
import type { ServedVault } from './served-vault.ts'

/** A `POST /v1/resolve` that was let in and keeps the last byte of its body back. */
export interface HeldBody {
  /** Sends the last byte; resolves with all that was answered. */
  finish(): Promise<string>
}

export const holdBody = async (
  { api, vault }: Pick<ServedVault, 'api' | 'vault'>,
  token: string,
  references: readonly string[],
): Promise<HeldBody> => {
  const body = JSON.stringify({ references })
  const socket = connect(api.port, '127.0.0.1')
  await once(socket, 'connect')
  let got = ''
  socket.setEncoding('utf8').on('data', (text: string) => {
    got += text
  })
  const looked = vault.nextLook()
  socket.write(
    `POST /v1/resolve HTTP/1.1\r\nHost: 127.0.0.1:${api.port}\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, -1)}`,
  )
  await looked
  return {
    finish: async () => {
      const ended = once(socket, 'end')
      socket.write(body.slice(-1))
      await ended
      socket.destroy()
      return got
    },
  }
}

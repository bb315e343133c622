import { connect, type Socket } from 'node:net'

/** Requests per second, and median and 99th percentile of the time to an answer in ms. */
export interface Load {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

const open = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    socket.setNoDelay(true)
    socket.once('error', reject)
    socket.once('connect', () => resolve(socket))
  })

/** The answer to one request, whole, to learn its length: all later ones must have the same. */
export const answerTo = async (port: number, request: string): Promise<string> => {
  const socket = await open(port)
  socket.write(request)
  return await new Promise((resolve, reject) => {
    let text = ''
    socket.setEncoding('latin1')
    socket.on('error', reject)
    socket.on('data', (chunk: string) => {
      text += chunk
      const end = text.indexOf('\r\n\r\n')
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1])
      if (end === -1 || text.length < end + 4 + length) return
      socket.destroy()
      resolve(text)
    })
  })
}

/** `connections` keep-alive connections, each with one request in flight at a time, for `forMs`. */
export const load = async (
  port: number,
  request: string,
  connections: number,
  forMs: number,
): Promise<Load> => {
  const { length } = await answerTo(port, request)
  const bytes = Buffer.from(request)
  const times: number[] = []
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)))
  const startedAt = performance.now()
  const endsAt = startedAt + forMs
  await Promise.all(
    sockets.map(
      (socket) =>
        new Promise<void>((resolve, reject) => {
          let left = length
          let sentAt = performance.now()
          socket.on('error', reject)
          socket.on('data', (chunk: Buffer) => {
            left -= chunk.length
            if (left < 0 || (left > 0 && chunk[9] !== 0x32)) {
              return reject(new Error(`an answer had another length: ${chunk.toString('latin1')}`))
            }
            if (left > 0) return
            if (chunk.length === length && chunk[9] !== 0x32)
              return reject(new Error('a request was refused'))
            const now = performance.now()
            times.push(now - sentAt)
            if (now >= endsAt) return resolve()
            left = length
            sentAt = now
            socket.write(bytes)
          })
          socket.write(bytes)
        }),
    ),
  )
  const seconds = (performance.now() - startedAt) / 1000
  for (const socket of sockets) socket.destroy()
  times.sort((a, b) => a - b)
  const at = (share: number): number => times[Math.floor(times.length * share)] ?? Number.NaN
  return { perSecond: times.length / seconds, p50Ms: at(0.5), p99Ms: at(0.99) }
}

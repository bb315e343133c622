import { request } from 'node:http'
import { expect } from 'vitest'

/** An open stream of `GET /v1/events`: what it has said so far, and whether it ended. Resolves with its first event. */
export const listenTo = async (port: number, token: string) => {
  const stream = { text: '', ended: false, close: () => undefined as unknown }
  await new Promise<void>((resolve, reject) => {
    const req = request(
      { host: '127.0.0.1', port, path: '/v1/events', headers: { Authorization: `Bearer ${token}` } },
      (res) => {
        res.setEncoding('utf8')
        res.on('data', (chunk: string) => {
          stream.text += chunk
          resolve()
        })
        res.on('end', () => {
          stream.ended = true
        })
        res.on('error', () => undefined)
        stream.close = () => res.destroy()
      },
    )
    req.on('error', reject)
    req.end()
  })
  return stream
}

export const until = (condition: () => boolean | Promise<boolean>): Promise<void> =>
  expect.poll(condition, { timeout: 20_000, interval: 10 }).toBe(true)

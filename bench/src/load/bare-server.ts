import { closeSync, fdatasync, mkdtempSync, openSync, rmSync, write } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// The limit: bare node:http that sends a given answer, whatever is asked. Input, one JSON line: { headers, body, syncBytes }: with syncBytes
// above 0, so many bytes are appended to a file and synced before each answer, for each request alone. Ends with its input.

const lines = process.stdin.setEncoding('utf8')[Symbol.asyncIterator]()
const first = await lines.next()
const { headers, body, syncBytes } = JSON.parse(String(first.value))
const folder = mkdtempSync(join(tmpdir(), 'cs-bench-'))
const file = openSync(join(folder, 'floor'), 'w')
const bytes = new Uint8Array(syncBytes).fill(1)
const server = createServer({ keepAliveTimeout: 75_000, noDelay: true }, (_req, res) => {
  const answer = (error: Error | null): void => {
    if (error !== null) throw error
    res.writeHead(200, headers)
    res.end(body)
  }
  if (syncBytes === 0) return answer(null)
  write(file, bytes, 0, bytes.length, null, (error) =>
    error === null ? fdatasync(file, answer) : answer(error),
  )
})
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify(server.address())))
await lines.next()
server.close()
server.closeAllConnections()
closeSync(file)
rmSync(folder, { recursive: true })

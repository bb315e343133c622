import { createServer } from 'node:http'

// The limit: bare node:http that sends a given answer, whatever is asked. Input, one JSON line: { headers, body }. Ends with its input.

const lines = process.stdin.setEncoding('utf8')[Symbol.asyncIterator]()
const first = await lines.next()
const { headers, body } = JSON.parse(String(first.value))
const bytes = Buffer.from(body)
const server = createServer({ keepAliveTimeout: 75_000 }, (_req, res) => {
  res.writeHead(200, headers)
  res.end(bytes)
})
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify(server.address())))
await lines.next()
server.close()
server.closeAllConnections()

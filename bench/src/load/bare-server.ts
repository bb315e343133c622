import { createServer } from 'node:http'

// The limit: bare node:http that sends a given answer, whatever is asked. Input, one JSON line: { headers, body }. Ends with its input.

const lines = process.stdin.setEncoding('utf8')[Symbol.asyncIterator]()
const first = await lines.next()
const { headers, body } = JSON.parse(String(first.value))
const server = createServer({ keepAliveTimeout: 75_000, noDelay: true }, (_req, res) => {
  res.writeHead(200, headers)
  res.end(body)
})
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify(server.address())))
await lines.next()
server.close()
server.closeAllConnections()

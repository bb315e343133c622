import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, copyFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A program of its own with one kept-alive connection to the API. */
export interface Relay {
  readonly pid: number
  /** The body of the answer to an HTTP request, as it is sent. */
  send(request: string): Promise<string>
  /** Becomes another program by exec, keeping process and connection. */
  become(path: string): void
  stop(): Promise<void>
}

/** A copy of bash in `folder`; each name gives another file with other contents. */
export const copyOfBash = async (folder: string, name: string): Promise<string> => {
  const path = join(folder, name)
  await copyFile('/bin/bash', path)
  // What follows an ELF file's contents is never looked at, except by its hash.
  await appendFile(path, name)
  return path
}

export const startRelay = (program: string, port: number): Relay => {
  const child = spawn(program, [join(import.meta.dirname, 'relay.sh'), String(port)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const waiting: ((body: string) => void)[] = []
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (text + chunk).split('\0')
    text = parts.pop() ?? ''
    for (const part of parts) waiting.shift()?.(part)
  })
  return {
    pid: child.pid ?? 0,
    send: (request) =>
      new Promise((resolve) => {
        waiting.push(resolve)
        child.stdin.write(`${request}\0`)
      }),
    become: (path) => {
      child.stdin.write(`become:${path}\0`)
    },
    stop: async () => {
      const exited = once(child, 'exit')
      child.stdin.end()
      await exited
    },
  }
}

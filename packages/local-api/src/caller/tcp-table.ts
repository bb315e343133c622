import { readFile } from 'node:fs/promises'

interface Reading {
  running: Promise<string>
  /** For those who came after `running` began: the next one. */
  next: Promise<string> | undefined
}

const readings = new Map<string, Reading>()

const begin = (file: string): Promise<string> => readFile(`/proc/net/${file}`, 'latin1')

/**
 * /proc/net/tcp or tcp6 as it is at some moment after the call. Linux walks its whole table of connections for each reading, several
 * milliseconds of work, so everybody who asks while one is on its way shares the next.
 */
export const readTcpTable = (file: 'tcp' | 'tcp6'): Promise<string> => {
  const reading = readings.get(file)
  if (reading === undefined) return start(file)
  reading.next ??= reading.running.then(
    () => start(file),
    () => start(file),
  )
  return reading.next
}

const start = (file: string): Promise<string> => {
  const running = begin(file)
  const reading: Reading = { running, next: undefined }
  readings.set(file, reading)
  const done = (): void => {
    if (reading.next === undefined && readings.get(file) === reading) readings.delete(file)
  }
  running.then(done, done)
  return running
}

import { execFile } from 'node:child_process'
import { readlink } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { readTcpTable } from './tcp-table.ts'

/** The peer's own socket as Linux numbers it, and the user who made it where known. */
export interface PeerSocket {
  readonly inode: string
  readonly uid: number | null
}

const SS_TIMEOUT_MS = 500
const TCP_TRIES = 3
/** More than a line of /proc/net/tcp6 has up to the inode. */
const MAX_TCP_LINE = 256

const hexPort = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0')

interface ListedAddress {
  readonly file: 'tcp' | 'tcp6'
  readonly hex: string
}

/**
 * An address as /proc/net/tcp and tcp6 write it: 32-bit words in host byte order (little-endian on all that Node runs on here). A client
 * may speak IPv4 through a socket of either family; the other lists it mapped (RFC 4291, section 2.5.5.2).
 */
const listedAddresses = (address: string): ListedAddress[] => {
  if (address === '::1') return [{ file: 'tcp6', hex: `${'0'.repeat(24)}01000000` }]
  const v4 = address
    .replace(/^::ffff:/, '')
    .split('.')
    .reverse()
    .map((part) => Number(part).toString(16).toUpperCase().padStart(2, '0'))
    .join('')
  return [
    { file: 'tcp', hex: v4 },
    { file: 'tcp6', hex: `${'0'.repeat(16)}FFFF0000${v4}` },
  ]
}

/** The client's line in /proc/net/tcp: its local end is our remote end. */
export const findTcpPeer = (table: string, local: string, remote: string): PeerSocket | null => {
  const pair = `: ${local} ${remote} `
  for (let at = table.indexOf(pair); at !== -1; at = table.indexOf(pair, at + 1)) {
    const [, , , , , , uid, , inode] = table.slice(at + 2, at + MAX_TCP_LINE).split(/\s+/)
    if (inode !== undefined && inode !== '0') return { inode, uid: Number(uid) }
  }
  return null
}

const tcpPeer = async (connection: Socket): Promise<PeerSocket | null> => {
  const { remoteAddress, remotePort, localAddress, localPort } = connection
  if (!remoteAddress || !remotePort || !localAddress || !localPort) return null
  const locals = listedAddresses(localAddress)
  // Again where it is not found: while connections come and go a reading of the table may pass one over.
  for (let tries = 0; tries < TCP_TRIES && !connection.destroyed; tries++)
    for (const [at, remote] of listedAddresses(remoteAddress).entries()) {
      const local = locals[at]
      if (local === undefined) continue
      const table = await readTcpTable(remote.file)
      const from = `${remote.hex}:${hexPort(remotePort)}`
      const found = findTcpPeer(table, from, `${local.hex}:${hexPort(localPort)}`)
      if (found !== null) return found
    }
  return null
}

/** Our own inode → the peer's, from `ss -xH`: each line ends in local path, local inode, peer path, peer inode. */
export const findUnixPeer = (listing: string, ownInode: string): PeerSocket | null => {
  for (const line of listing.split('\n')) {
    const columns = line.trim().split(/\s+/)
    const peer = columns.at(-1)
    if (columns.at(-3) === ownInode && peer !== undefined && /^[1-9]\d*$/.test(peer)) {
      return { inode: peer, uid: null }
    }
  }
  return null
}

/** Node has no SO_PEERCRED; the kernel tells the peer's inode only over netlink, which `ss` speaks. */
const unixPeer = async (connection: Socket): Promise<PeerSocket | null> => {
  const handle: unknown = Reflect.get(connection, '_handle')
  const fd: unknown = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined
  if (typeof fd !== 'number' || fd < 0) return null
  const own = /^socket:\[(\d+)\]$/.exec(await readlink(`/proc/self/fd/${fd}`))?.[1]
  if (own === undefined) return null
  const listing = await new Promise<string>((resolve, reject) => {
    execFile(
      'ss',
      ['-xH', 'state', 'established'],
      { timeout: SS_TIMEOUT_MS, maxBuffer: 8 * 1024 * 1024, env: { PATH: '/usr/sbin:/sbin:/usr/bin:/bin' } },
      (error, stdout) => (error === null ? resolve(stdout) : reject(error)),
    )
  })
  return findUnixPeer(listing, own)
}

/** The socket at the other end of a connection; null where the system does not tell. */
export const peerSocket = async (connection: Socket): Promise<PeerSocket | null> => {
  try {
    return connection.remoteAddress === undefined ? await unixPeer(connection) : await tcpPeer(connection)
  } catch {
    return null
  }
}

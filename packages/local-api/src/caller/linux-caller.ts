import { readFile, readlink } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { userInfo } from 'node:os'
import type { Caller } from '@countersign/schema/request'
import type { CallerFinder, OpenSocket, SeenCaller, SeenExecutable } from './caller-finder.ts'
import { type PeerSocket, peerSocket } from './peer-inode.ts'
import {
  executableOfProcess,
  findSocketHolders,
  holdsSocket,
  isProcessAlive,
  readStat,
  runsSameFile,
  userOfProcess,
} from './process-files.ts'

const BUDGET_MS = 3000
const MAX_PARENTS = 8
const MAX_PATH = 4096

const clip = (text: string, length: number): string => (text.length > length ? text.slice(0, length) : text)

const linkOf = async (path: string): Promise<string | null> => {
  try {
    return clip(await readlink(path), MAX_PATH)
  } catch {
    return null
  }
}

const parentsOf = async (pid: number): Promise<string[]> => {
  const parents: string[] = []
  for (let at = (await readStat(pid))?.parent ?? 0; at > 0 && parents.length < MAX_PARENTS; ) {
    const path = await linkOf(`/proc/${at}/exe`)
    if (path !== null) parents.push(path)
    at = (await readStat(at))?.parent ?? 0
  }
  return parents
}

/** The container's id, as the control group's path of the usual runtimes has it; null outside one. */
export const containerIn = (cgroup: string): string | null =>
  /(?:docker|containerd|crio|libpod|kubepods)[^\n]*?([0-9a-f]{64})/.exec(cgroup)?.[1] ?? null

const containerOf = async (pid: number): Promise<string | null> => {
  try {
    return containerIn(await readFile(`/proc/${pid}/cgroup`, 'latin1'))
  } catch {
    return null
  }
}

const nameOfUser = (uid: number | null): string => {
  if (uid === null) return 'unknown'
  const own = userInfo()
  return uid === own.uid ? own.username : `uid ${uid}`
}

/** Resolves to `fallback` if the work takes longer than the budget; what it was doing is dropped. */
const within = async <T>(work: Promise<T>, fallback: T): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(fallback), BUDGET_MS)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Linux: the peer's socket by its port or over netlink, its process by the open file, the rest from /proc. */
export const linuxCallerFinder = (): CallerFinder => {
  /** A connection's other end is the same socket as long as the connection lasts; who has it open may change. */
  const peers = new WeakMap<Socket, Promise<PeerSocket | null>>()

  const peerOf = (connection: Socket): Promise<PeerSocket | null> => {
    const known = peers.get(connection)
    if (known !== undefined) return known
    const peer = peerSocket(connection)
    peers.set(connection, peer)
    peer.then((found) => found ?? peers.delete(connection))
    return peer
  }

  const holdersOf = async (peer: PeerSocket | null): Promise<readonly OpenSocket[]> =>
    peer === null ? [] : ((await findSocketHolders(peer.inode, Date.now() + BUDGET_MS)) ?? [])

  const userOfFirst = async ([holder]: readonly OpenSocket[]): Promise<number | null> =>
    holder === undefined ? null : userOfProcess(holder.pid)

  /** As the system says of the socket itself, else of who holds it. */
  const userOf = async (connection: Socket): Promise<number | null> => {
    const peer = await peerOf(connection)
    return peer?.uid ?? userOfFirst(await holdersOf(peer))
  }

  /**
   * The program at the other end. Null also where several programs have the connection open: whoever lends theirs to a trusted program
   * would otherwise pass for it. Processes that run the same file count as one.
   */
  const programOf = async (holders: readonly OpenSocket[]): Promise<SeenExecutable | null> => {
    const seen = await Promise.all(
      holders.map(async (holder) => ({ holder, program: await executableOfProcess(holder) })),
    )
    // One that is gone by now speaks no more; one that cannot be read may be anything.
    const there = seen.filter(({ holder, program }) => program !== null || holdsSocket(holder))
    const program = there[0]?.program ?? null
    return there.every((each) => each.program !== null && each.program.file === program?.file)
      ? program
      : null
  }

  const executableOf = async (connection: Socket) => programOf(await holdersOf(await peerOf(connection)))

  const describe = async (connection: Socket): Promise<SeenCaller> => {
    const peer = await peerOf(connection)
    const holders = await holdersOf(peer)
    const seen = await programOf(holders)
    const pid = seen?.process.pid ?? null
    const via = connection.remoteAddress === undefined ? 'socket' : 'tcp'
    const uid = peer?.uid ?? (await userOfFirst(holders))
    const caller: Caller = {
      executable: seen === null ? null : clip(seen.path, MAX_PATH),
      executableHash: seen?.hash ?? null,
      pid,
      parents: pid === null ? [] : await parentsOf(pid),
      workingDirectory: pid === null ? null : await linkOf(`/proc/${pid}/cwd`),
      container: pid === null ? null : await containerOf(pid),
      user: clip(nameOfUser(uid), 200),
      via,
    }
    return { caller, process: seen?.process ?? null }
  }

  return {
    tellsUsers: true,
    userOf: (connection) => within(userOf(connection), null),
    describe: (connection) => within(describe(connection), unseen(connection)),
    executableOf: (connection) => within(executableOf(connection), null),
    holdsSocket,
    runsSameFile,
    isAlive: isProcessAlive,
  }
}

const unseen = (connection: Socket): SeenCaller => ({
  caller: {
    executable: null,
    executableHash: null,
    pid: null,
    parents: [],
    workingDirectory: null,
    container: null,
    user: 'unknown',
    via: connection.remoteAddress === undefined ? 'socket' : 'tcp',
  },
  process: null,
})

/** Where no way to look is known yet: nothing is seen, and people are shown that. */
export const blindCallerFinder = (): CallerFinder => ({
  tellsUsers: false,
  userOf: async () => null,
  describe: async (connection) => unseen(connection),
  executableOf: async () => null,
  holdsSocket: () => false,
  runsSameFile: () => false,
  isAlive: (each) => {
    try {
      return process.kill(each.pid, 0)
    } catch {
      return false
    }
  },
})

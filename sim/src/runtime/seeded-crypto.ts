import nodeCrypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { p256 } from '@noble/curves/nist.js'
import type { SeededRandom } from './seeded-random.ts'

let source: SeededRandom | null = null

const random = (): SeededRandom => {
  if (source === null) throw new Error('random bytes were asked for outside a simulated world')
  return source
}

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

/** A P-256 key pair whose scalar comes from the seeded stream; everything else is Node's. */
const seededKeyPair = (): { privateKey: nodeCrypto.KeyObject; publicKey: nodeCrypto.KeyObject } => {
  const d = random().fill(new Uint8Array(32))
  d[0] = 0x11
  const point = p256.getPublicKey(d, false)
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map(base64url)
  if (x === undefined || y === undefined) throw new Error('a point has two coordinates')
  const jwk = { kty: 'EC', crv: 'P-256', d: base64url(d), x, y }
  const privateKey = nodeCrypto.createPrivateKey({ key: jwk, format: 'jwk' })
  return { privateKey, publicKey: nodeCrypto.createPublicKey(privateKey) }
}

/** ES256 as in RFC 6979: the one signature that Node makes with randomness of its own that cannot be seeded. */
const deterministicEs256 = (message: Uint8Array, key: nodeCrypto.KeyObject): Buffer => {
  const { d = '' } = key.export({ format: 'jwk' })
  const signature = p256.sign(message, new Uint8Array(Buffer.from(d, 'base64url')), {
    format: 'der',
    lowS: false,
  })
  return Buffer.from(signature)
}

const randomInt = (first: number, second?: number): number =>
  second === undefined ? random().int(0, first) : random().int(first, second)

const signAs = (algorithm: string, data: Uint8Array, options: { key: nodeCrypto.KeyObject }): Buffer => {
  if (algorithm !== 'sha256' || options.key.asymmetricKeyType !== 'ec') {
    throw new Error(`no deterministic ${algorithm} with ${options.key.asymmetricKeyType ?? 'such a key'}`)
  }
  return deterministicEs256(data, options.key)
}

/** Keys and verdicts of this process, by what was asked: the same question has the same answer, and restarts ask it again and again. */
const memory = { keys: new Map<string, nodeCrypto.KeyObject>(), verdicts: new Map<string, boolean>() }

const remembering = (): void => {
  const { createPublicKey, verify } = nodeCrypto
  const names = new WeakMap<nodeCrypto.KeyObject, string>()
  const publicKey = (input: Parameters<typeof createPublicKey>[0]): nodeCrypto.KeyObject => {
    if (typeof input !== 'object' || !('format' in input) || input.format !== 'jwk')
      return createPublicKey(input)
    const name = JSON.stringify(input.key)
    const key = memory.keys.get(name) ?? createPublicKey(input)
    memory.keys.set(name, key)
    names.set(key, name)
    return key
  }
  const answer = (
    algorithm: string | null,
    data: Uint8Array,
    key: nodeCrypto.VerifyKeyObjectInput | nodeCrypto.KeyObject,
    signature: Uint8Array,
  ): boolean => {
    const name = key instanceof nodeCrypto.KeyObject ? undefined : names.get(key.key)
    if (name === undefined || key instanceof nodeCrypto.KeyObject) {
      return verify(algorithm, data, key, signature)
    }
    const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
    const question = `${algorithm} ${key.dsaEncoding} ${name} ${text(signature)} ${text(data)}`
    const verdict = memory.verdicts.get(question) ?? verify(algorithm, data, key, signature)
    if (memory.verdicts.size > 5_000) memory.verdicts.clear()
    memory.verdicts.set(question, verdict)
    return verdict
  }
  /** What is asked for on another thread is answered here, a turn of virtual time later: real threads know no seed. */
  const verifyAs = (
    ...[algorithm, data, key, signature, done]: [
      ...Parameters<typeof answer>,
      done?: (error: Error | null, accepted: boolean) => void,
    ]
  ): boolean | undefined => {
    const verdict = answer(algorithm, data, key, signature)
    if (done === undefined) return verdict
    setImmediate(() => done(null, verdict))
    return undefined
  }
  Object.assign(nodeCrypto, { createPublicKey: publicKey, verify: verifyAs })
}

/**
 * Every source of randomness that the shipped code reaches, in this process, now draws from the seeded stream: `node:crypto`, the Web
 * Crypto object, libsodium (which asks those two) and Math.random. The algorithms are the real ones.
 */
export const installSeededCrypto = (): void => {
  Object.assign(nodeCrypto, {
    randomFillSync: (view: ArrayBufferView) => random().fill(view),
    randomBytes: (length: number) => Buffer.from(random().fill(new Uint8Array(length))),
    randomUUID: () => {
      throw new Error('no seeded UUID: the shipped code makes none')
    },
    randomInt,
    generateKeyPairSync: seededKeyPair,
    sign: signAs,
  })
  remembering()
  syncBuiltinESMExports()
  Object.defineProperty(globalThis.crypto, 'getRandomValues', {
    value: <T extends ArrayBufferView>(view: T): T => random().fill(view),
  })
  Math.random = () => random().fraction()
}

export const enterRandomness = (next: SeededRandom | null): void => {
  source = next
}

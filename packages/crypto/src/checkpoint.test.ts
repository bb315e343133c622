import { createPublicKey, verify } from 'node:crypto'
import { fromHex, toHex } from '@countersign/schema/hex'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  checkpointText,
  cosign,
  cosignatureLine,
  cosignedCheckpoint,
  noteKeyId,
  verifyCosignature,
} from './checkpoint.ts'
import { sha256 } from './hash.ts'
import { cryptoReady } from './ready.ts'
import { Secret } from './secret.ts'
import { sign, signKeypair } from './sign.ts'
import { verifySignature } from './verify-signature.ts'

beforeAll(cryptoReady)

const keys = () => signKeypair(Secret.take(new Uint8Array(32).fill(7)))
/** The example of c2sp.org/tlog-cosignature, whose message and line its text shows. */
const example = {
  origin: 'example.com/behind-the-sofa',
  size: 20852163,
  root: Uint8Array.from(Buffer.from('CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=', 'base64')),
}
const EXAMPLE_TIME = 1679315147

describe('checkpoints and cosignatures', () => {
  it('C22 writes the text of the specification’s example', () => {
    expect(checkpointText(example)).toBe(
      'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n',
    )
  })

  it('C22 signs exactly the message of the specification’s example', () => {
    const { publicKey, secretKey } = keys()
    const { signature } = cosign(secretKey, example, EXAMPLE_TIME)
    const message = [
      'cosignature/v1',
      'time 1679315147',
      'example.com/behind-the-sofa',
      '20852163',
      'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=',
      '',
    ].join('\n')
    const x = Buffer.from(publicKey).toString('base64url')
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
    expect(verify(null, Buffer.from(message), key, signature)).toBe(true)
  })

  it('C22 computes the published key ids of known note keys, of both signature types', () => {
    // From the documentation of Go's note package, and a verifier key of a public witness.
    const known = [
      'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
      'remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2',
    ]
    for (const verifierKey of known) {
      const [name = '', id, ...encoded] = verifierKey.split('+')
      const [type = 0, ...publicKey] = Buffer.from(encoded.join('+'), 'base64')
      expect(toHex(noteKeyId(name, type, Uint8Array.from(publicKey)))).toBe(id)
    }
  })

  it('C22 frames a line as the specification’s example does: key id, big-endian time, signature', () => {
    const line =
      'jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA=='
    const published = Buffer.from(line, 'base64')
    const { publicKey } = keys()
    const signature = Uint8Array.from(published.subarray(12))
    const ours = cosignatureLine(
      { name: 'witness.example.com/w1', publicKey },
      { time: EXAMPLE_TIME, signature },
    )
    expect(ours.startsWith('— witness.example.com/w1 ')).toBe(true)
    const blob = Buffer.from(ours.trimEnd().split(' ')[2] ?? '', 'base64')
    expect(blob.subarray(4).equals(published.subarray(4))).toBe(true)
    expect(toHex(Uint8Array.from(blob.subarray(0, 4)))).toBe(
      toHex(
        sha256(Uint8Array.from([...Buffer.from('witness.example.com/w1\n'), 4, ...publicKey])).subarray(0, 4),
      ),
    )
  })

  it('C22 verifies what it signed, and nothing else: another size, root, origin, time or key', () => {
    const { publicKey, secretKey } = keys()
    const signed = cosign(secretKey, example, EXAMPLE_TIME)
    expect(verifyCosignature(publicKey, example, signed)).toBe(true)
    for (const other of [{ size: 20852164 }, { origin: 'example.com/other' }, { root: new Uint8Array(32) }]) {
      expect(verifyCosignature(publicKey, { ...example, ...other }, signed)).toBe(false)
    }
    expect(verifyCosignature(publicKey, example, { ...signed, time: EXAMPLE_TIME + 1 })).toBe(false)
    const stranger = signKeypair(Secret.take(new Uint8Array(32).fill(8))).publicKey
    expect(verifyCosignature(stranger, example, signed)).toBe(false)
  })

  it('C22 passes for no signature of this product, nor the other way round', () => {
    const { publicKey, secretKey } = keys()
    const text = new TextEncoder().encode(`time ${EXAMPLE_TIME}\n${checkpointText(example)}`)
    const signature = sign(secretKey, 'entry', text)
    expect(verifyCosignature(publicKey, example, { time: EXAMPLE_TIME, signature })).toBe(false)
    const cosigned = cosign(secretKey, example, EXAMPLE_TIME)
    expect(verifySignature(publicKey, 'entry', text, cosigned.signature)).toBe(false)
  })

  it('C22 refuses what would break the note into other lines', () => {
    const { publicKey, secretKey } = keys()
    expect(() => checkpointText({ ...example, origin: 'a\nb' })).toThrow('not a tree head')
    expect(() => checkpointText({ ...example, size: -1 })).toThrow('not a tree head')
    expect(() => cosign(secretKey, example, 1.5)).toThrow('not a time')
    const signed = cosign(secretKey, example, 1)
    expect(() => cosignatureLine({ name: 'a b', publicKey }, signed)).toThrow('not a name')
  })

  it('C22 the frozen note', () => {
    const { publicKey, secretKey } = keys()
    const head = {
      origin: 'countersign.invalid/00112233445566778899aabbccddeeff/ledger',
      size: 8,
      root: fromHex('5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'),
    }
    const by = {
      name: 'countersign.invalid/00112233445566778899aabbccddeeff/device/ffeeddccbbaa99887766554433221100',
      publicKey,
    }
    expect(cosignedCheckpoint(head, [[by, cosign(secretKey, head, 1800000000)]])).toMatchInlineSnapshot(`
      "countersign.invalid/00112233445566778899aabbccddeeff/ledger
      8
      XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=

      — countersign.invalid/00112233445566778899aabbccddeeff/device/ffeeddccbbaa99887766554433221100 k0EKhwAAAABrSdIA/7inagP2HhfbVsggBGpe5xj3VgbqfyhLFUWYcxbOwJsOiE3ZbITONk6ROICcMYT1iO+55sHilktNYotSouvMCA==
      "
    `)
  })
})

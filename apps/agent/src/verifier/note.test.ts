import { describe, expect, it } from 'vitest'
import { FormatError } from './format-error.ts'
import { hex } from './hashes.ts'
import { cosigned, parseCheckpoint } from './note.ts'

const TEAM = '00112233445566778899aabbccddeeff'
const DEVICE = 'ffeeddccbbaa99887766554433221100'
/** The frozen note of the format: tree of eight leaves, cosigned by the Ed25519 key of a seed of 32 sevens. */
const NOTE = `countersign.invalid/${TEAM}/ledger
8
XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=

— countersign.invalid/${TEAM}/device/${DEVICE} k0EKhwAAAABrSdIA/7inagP2HhfbVsggBGpe5xj3VgbqfyhLFUWYcxbOwJsOiE3ZbITONk6ROICcMYT1iO+55sHilktNYotSouvMCA==
`
const KEY = Uint8Array.from(
  Buffer.from('ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c', 'hex'),
)

describe('checkpoints', () => {
  it('V4 reads and verifies the frozen note', () => {
    const checkpoint = parseCheckpoint(NOTE)
    expect(checkpoint).toMatchObject({ team: TEAM, stream: 'ledger', size: 8 })
    expect(hex(checkpoint.root)).toBe('5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328')
    expect(checkpoint.lines).toHaveLength(1)
    expect(checkpoint.lines[0]).toMatchObject({ device: DEVICE, time: 1_800_000_000n })
    expect(cosigned(checkpoint, checkpoint.lines[0]!, KEY)).toBe(true)
  })

  it('V4 no bit of it can be another: it is then no note of ours, or not signed', () => {
    const bytes = Buffer.from(NOTE)
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      let good: boolean
      try {
        const checkpoint = parseCheckpoint(flipped.toString())
        // Another device’s name is another device’s key.
        good = checkpoint.lines.every((line) => line.device === DEVICE && cosigned(checkpoint, line, KEY))
      } catch (error) {
        if (!(error instanceof FormatError)) throw error
        good = false
      }
      expect(good, `bit ${bit}`).toBe(false)
    }
  })

  it('V4 refuses what the formats do not allow', () => {
    const refused = [
      NOTE.slice(0, -1),
      NOTE.replace('\n\n', '\n'),
      NOTE.replace('\n8\n', '\n08\n'),
      NOTE.replace('\n8\n', '\n-8\n'),
      NOTE.replace('Qyg=\n', 'Qyg=\nextension\n'),
      NOTE.replace('Qyg=', 'Qyh='),
      NOTE.replace('— ', '- '),
      NOTE.replace('/ledger', '/elsewhere'),
      NOTE.replace('countersign.invalid/', 'example.com/'),
      NOTE.replace('CA==', 'CA='),
    ]
    for (const note of refused) expect(() => parseCheckpoint(note), note).toThrow(FormatError)
  })
})
